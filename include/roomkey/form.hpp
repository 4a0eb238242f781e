// SPDX-License-Identifier: MIT
// The arguments of a request, whatever their encoding: strings by name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "roomkey/http.hpp"
#include "roomkey/refusal.hpp"

namespace roomkey {

// Limits on the arguments of one request; the size of the body is limited in http.hpp.
inline constexpr std::size_t k_max_fields = 16;
inline constexpr std::size_t k_max_field_bytes = 128;

struct Field {
    std::string name;
    std::string value;
};

// The fields of one body or one query string. Each field, asked for or not, obeys the limits:
// at most k_max_field_bytes, UTF-8, no control characters, no name twice. So whoever reads a
// value later need not ask whether it was checked.
class Form {
public:
    // The value of `name`, or null when it is absent.
    [[nodiscard]] const std::string* find(std::string_view name) const;

    // Adds a field, or tells which limit forbids it.
    [[nodiscard]] Outcome<std::monostate> add(Field field);

    // Counts a part that is no field (an uploaded file), so that those are limited too.
    [[nodiscard]] Outcome<std::monostate> skip_part();

    // Takes over the fields of `other` whose names are not here yet: the body wins over the query.
    void merge(Form other);

private:
    std::vector<Field> m_fields;
    std::size_t m_parts = 0;
};

// The arguments of a request from its body, of the given content type, and its query string.
// An empty body needs no content type. Time is linear in the input.
[[nodiscard]] Outcome<Form> parse_form(std::string_view content_type, std::string_view body,
                                       std::string_view query);

// application/x-www-form-urlencoded (WHATWG URL 5.1), stricter: a bad percent escape is refused.
[[nodiscard]] Outcome<Form> parse_urlencoded(std::string_view text);

// multipart/form-data (RFC 7578, RFC 2046 5.1.1). Strict: CRLF line ends, a closing delimiter.
// A part with a filename is an upload, no field, and left out.
[[nodiscard]] Outcome<Form> parse_multipart(std::string_view body, std::string_view boundary);

// application/json (RFC 8259): one object whose values are all strings.
[[nodiscard]] Outcome<Form> parse_json_form(std::string_view text);

}  // namespace roomkey
