// SPDX-License-Identifier: MIT
// A header value with parameters, `value; name=token; name="quoted"`: the shape that Content-Type
// (RFC 9110 8.3) and Content-Disposition (RFC 6266 4.1, RFC 7578 4.2) share.
#pragma once

#include <array>
#include <cstddef>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>

namespace roomkey {

// A view of the header, which must outlive it.
class ParameterizedValue {
public:
    ParameterizedValue() = default;
    // A copy's views would be of the original.
    ParameterizedValue(const ParameterizedValue&) = delete;
    ParameterizedValue& operator=(const ParameterizedValue&) = delete;
    ParameterizedValue(ParameterizedValue&&) = default;
    ParameterizedValue& operator=(ParameterizedValue&&) = default;
    ~ParameterizedValue() = default;

    // More parameters than any sender has use for, and few enough to search one by one.
    static constexpr std::size_t k_max_parameters = 8;

    // In a quoted string a backslash escapes what follows (RFC 9110 5.6.4), as Go writes quotes.
    // Browsers and undici escape nothing, and write a quote as `%22`; so where the header can't be
    // read with escapes (`filename="C:\"`), each backslash is a backslash.
    //
    // Refused (nothing is returned): an empty value, a parameter without name or `=`, an
    // unterminated quoted string, text after a value, a parameter named twice, more than
    // k_max_parameters. Time is linear.
    [[nodiscard]] static std::optional<ParameterizedValue> parse(std::string_view header);

    // What stands before the first semicolon, in the sender's case.
    [[nodiscard]] std::string_view value() const { return m_value; }

    // The parameter of that name, compared without case, unquoted; nothing when absent.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

private:
    struct Entry {
        std::string_view name;
        std::string_view value;
    };

    enum class Backslash { escape, plain };

    [[nodiscard]] static std::optional<ParameterizedValue> parse(std::string_view header,
                                                                 Backslash backslash);
    [[nodiscard]] bool add(std::string_view name, std::string_view value);
    [[nodiscard]] std::optional<std::string_view> take_quoted(std::string_view& rest,
                                                              Backslash backslash);

    std::string_view m_value;
    std::array<Entry, k_max_parameters> m_entries{};
    std::size_t m_size = 0;
    // Values that had escapes. In a list they stay where they are, however this is moved.
    std::forward_list<std::string> m_unescaped;
};

}  // namespace roomkey
