// SPDX-License-Identifier: MIT
// The arguments of a request, whatever their encoding: strings by name.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "roomkey/request/http.hpp"
#include "roomkey/request/refusal.hpp"

namespace roomkey {

// Limits on the arguments of a body, and on those of a query string; the size of each is limited to
// k_max_body (http.hpp).
inline constexpr std::size_t k_max_fields = 16;
inline constexpr std::size_t k_max_field_bytes = 128;

// The fields that are read, by name, and how many bytes the value of each may have.
using FieldLimits = std::map<std::string, std::size_t, std::less<>>;

struct Field {
    std::string name;
    std::string value;
};

// The fields that were read. Each is within its limit, UTF-8, without control characters, and there
// once. So whoever uses a value later need not ask whether it was checked.
class Form {
public:
    // The value of `name`, or null when it is absent.
    [[nodiscard]] const std::string* find(std::string_view name) const;

    // Adds a field, or says what forbids it.
    [[nodiscard]] Outcome<std::monostate> add(Field field,
                                              std::size_t max_bytes = k_max_field_bytes);

    // Takes over the fields of `other` whose names are not here yet: the body wins over the query.
    void merge(Form other);

private:
    std::vector<Field> m_fields;
};

// Makes a form of what one body or one query string holds. Fields that nobody reads are counted and
// passed over: whatever is in them, they refuse nobody.
class FormBuilder {
public:
    // The limits must outlive the builder.
    explicit FormBuilder(const FieldLimits& limits) : m_limits(limits) {}

    // Whether a field of that name is read.
    [[nodiscard]] bool reads(std::string_view name) const { return m_limits.contains(name); }

    // Counts a field, and keeps it if it is read. Refused: one more than k_max_fields, and a field
    // that is read but not fit for a form.
    [[nodiscard]] Outcome<std::monostate> add(std::string_view name, std::string_view value);

    // Counts what is no field, such as an uploaded file.
    [[nodiscard]] Outcome<std::monostate> pass_over();

    [[nodiscard]] Form take() && { return std::move(m_form); }

private:
    const FieldLimits& m_limits;
    Form m_form;
    std::size_t m_count = 0;
};

// The fields of a request that `limits` names, from its body, of the given content type, and its
// query string. An empty body needs no content type. A body or a query string that can't be taken
// apart is refused, whichever field it is about. Time is linear in the input.
[[nodiscard]] Outcome<Form> parse_form(std::string_view content_type, std::string_view body,
                                       std::string_view query, const FieldLimits& limits);

// application/x-www-form-urlencoded (WHATWG URL 5.1), stricter: a bad percent escape is refused.
[[nodiscard]] Outcome<Form> parse_urlencoded(std::string_view text, const FieldLimits& limits);

// multipart/form-data (RFC 7578, RFC 2046 5.1.1). Strict: CRLF line ends, a closing delimiter.
// A part with a filename is an upload, no field, and passed over.
[[nodiscard]] Outcome<Form> parse_multipart(std::string_view body, std::string_view boundary,
                                            const FieldLimits& limits);

// application/json (RFC 8259): one object, in which the values that are read are strings.
[[nodiscard]] Outcome<Form> parse_json_form(std::string_view text, const FieldLimits& limits);

}  // namespace roomkey
