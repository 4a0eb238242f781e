// SPDX-License-Identifier: MIT
// A header value with parameters, `value; name=token; name="quoted"`: the shape that Content-Type
// (RFC 9110 8.3) and Content-Disposition (RFC 6266 4.1, RFC 7578 4.2) share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roomkey {

class ParameterizedValue {
public:
    // Refused (nothing is returned): an empty value, a parameter without name or `=`, an
    // unterminated quoted string, text after a value, a parameter named twice.
    [[nodiscard]] static std::optional<ParameterizedValue> parse(std::string_view header);

    // What stands before the first semicolon, in the sender's case.
    [[nodiscard]] std::string_view value() const { return m_value; }

    // The parameter of that name, compared without case, unquoted; null when absent.
    [[nodiscard]] const std::string* find(std::string_view name) const;

private:
    struct Entry {
        std::string_view name;
        std::string value;
    };
    std::string_view m_value;
    std::vector<Entry> m_entries;
};

}  // namespace roomkey
