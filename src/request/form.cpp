// SPDX-License-Identifier: MIT
#include "roomkey/request/form.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "roomkey/request/media_type.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

constexpr std::monostate k_ok;

int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        if (text.size() - i < 3 || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0) {
            return std::nullopt;
        }
        decoded += static_cast<char>(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
        i += 2;
    }
    return decoded;
}

// What a body of UTF-8 may be called. Many clients write a name that was never chosen: Apache's
// HttpClient says ISO-8859-1. Whatever it says, what is read must be UTF-8.
bool is_known_charset(std::string_view charset) {
    constexpr std::array<std::string_view, 4> k_known{"utf-8", "utf8", "us-ascii", "iso-8859-1"};
    return std::any_of(k_known.begin(), k_known.end(), [charset](std::string_view known) {
        return equals_ignoring_case(known, charset);
    });
}

Outcome<Form> parse_body(std::string_view content_type, std::string_view body,
                         const FieldLimits& limits) {
    const auto type = ParameterizedValue::parse(content_type);
    // Of two boundaries, or of one among parameters that can't be read, none counts.
    if (!type && equals_ignoring_case(trim(content_type.substr(0, content_type.find(';'))),
                                      "multipart/form-data")) {
        return parse_multipart(body, {}, limits);
    }
    if (!type || !is_known_charset(type->find("charset").value_or("utf-8"))) {
        return Refusal{Reason::unsupported_media_type};
    }
    if (equals_ignoring_case(type->value(), "application/x-www-form-urlencoded")) {
        return parse_urlencoded(body, limits);
    }
    if (equals_ignoring_case(type->value(), "application/json")) {
        return parse_json_form(body, limits);
    }
    if (equals_ignoring_case(type->value(), "multipart/form-data")) {
        return parse_multipart(body, type->find("boundary").value_or(std::string_view{}), limits);
    }
    return Refusal{Reason::unsupported_media_type};
}

}  // namespace

const std::string* Form::find(std::string_view name) const {
    const auto field =
        std::find_if(m_fields.begin(), m_fields.end(),
                     [name](const Field& candidate) { return candidate.name == name; });
    return field == m_fields.end() ? nullptr : &field->value;
}

Outcome<std::monostate> Form::add(Field field, std::size_t max_bytes) {
    if (find(field.name) != nullptr) {
        return Refusal{Reason::duplicate_field, std::move(field.name)};
    }
    if (field.value.size() > max_bytes) {
        return Refusal{Reason::field_too_long, std::move(field.name), {}, max_bytes};
    }
    if (!is_printable_ascii(field.value)) {
        if (!is_utf8(field.value)) {
            return Refusal{Reason::field_not_utf8, std::move(field.name)};
        }
        if (has_control_character(field.value)) {
            return Refusal{Reason::field_has_control_characters, std::move(field.name)};
        }
    }
    m_fields.push_back(std::move(field));
    return k_ok;
}

void Form::merge(Form other) {
    for (Field& field : other.m_fields) {
        if (find(field.name) == nullptr) {
            m_fields.push_back(std::move(field));
        }
    }
}

Outcome<std::monostate> FormBuilder::add(std::string_view name, std::string_view value) {
    if (auto counted = pass_over(); !counted) {
        return counted;
    }
    const auto limit = m_limits.find(name);
    if (limit == m_limits.end()) {
        return k_ok;
    }
    return m_form.add({std::string(name), std::string(value)}, limit->second);
}

Outcome<std::monostate> FormBuilder::pass_over() {
    if (m_count == k_max_fields) {
        return Refusal{Reason::too_many_fields, {}, {}, k_max_fields};
    }
    ++m_count;
    return k_ok;
}

Outcome<Form> parse_form(std::string_view content_type, std::string_view body,
                         std::string_view query, const FieldLimits& limits) {
    if (query.size() > k_max_body) {
        return Refusal{Reason::body_too_large, {}, {}, k_max_body};
    }
    Form form;
    if (!body.empty()) {
        Outcome<Form> parsed = parse_body(content_type, body, limits);
        if (!parsed) {
            return parsed;
        }
        form = std::move(*parsed);
    }
    if (query.empty()) {
        return form;
    }
    Outcome<Form> asked = parse_urlencoded(query, limits);
    if (!asked) {
        return asked;
    }
    form.merge(std::move(*asked));
    return form;
}

Outcome<Form> parse_urlencoded(std::string_view text, const FieldLimits& limits) {
    FormBuilder form(limits);
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const auto name = percent_decode(pair.substr(0, equals));
        const auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
        if (!name || !value) {
            return Refusal{Reason::bad_percent_escape};
        }
        if (auto added = form.add(*name, *value); !added) {
            return added.error();
        }
    }
    return std::move(form).take();
}

}  // namespace roomkey
