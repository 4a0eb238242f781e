// SPDX-License-Identifier: MIT
#include "roomkey/request/media_type.hpp"

#include <algorithm>
#include <span>

#include "roomkey/text/char_set.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

// RFC 9110 5.6.2.
bool is_token(std::string_view text) {
    static constexpr CharSet k_token_characters(
        "!#$%&'*+-.^_`|~0123456789"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz");
    return !text.empty() && k_token_characters.has_all(text);
}

// The length of the text in front of the quote that ends it, or npos if none does.
std::size_t escaped_length(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"') {
            return i;
        }
        if (text[i] == '\\') {
            ++i;
        }
    }
    return std::string_view::npos;
}

std::string unescape(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') {
            ++i;
        }
        plain += text[i];
    }
    return plain;
}

// Reads an unquoted value: all up to the next semicolon. It need not be a token, since a boundary
// such as `----WebKitFormBoundary/7` is sent unquoted by some clients.
std::string_view take_unquoted(std::string_view& rest) {
    const std::string_view value = rest.substr(0, rest.find(';'));
    rest.remove_prefix(value.size());
    return trim(value);
}

}  // namespace

std::optional<ParameterizedValue> ParameterizedValue::parse(std::string_view header) {
    auto parsed = parse(header, Backslash::escape);
    if (!parsed && header.find('\\') != std::string_view::npos) {
        parsed = parse(header, Backslash::plain);
    }
    return parsed;
}

std::optional<ParameterizedValue> ParameterizedValue::parse(std::string_view header,
                                                            Backslash backslash) {
    std::optional<ParameterizedValue> parsed(std::in_place);
    std::string_view rest = header;
    parsed->m_value = take_unquoted(rest);
    if (parsed->m_value.empty()) {
        return std::nullopt;
    }
    while (!rest.empty()) {
        if (rest.front() != ';') {
            return std::nullopt;
        }
        rest = trim(rest.substr(1));
        if (rest.empty() || rest.front() == ';') {
            continue;  // an empty parameter is allowed (RFC 9110 5.6.6)
        }
        const std::string_view name = rest.substr(0, rest.find('='));
        if (name.size() == rest.size() || !is_token(name)) {
            return std::nullopt;
        }
        rest.remove_prefix(name.size() + 1);
        const auto value = rest.starts_with('"') ? parsed->take_quoted(rest, backslash)
                                                 : std::optional(take_unquoted(rest));
        if (!value || !parsed->add(name, *value)) {
            return std::nullopt;
        }
        rest = trim(rest);
    }
    return parsed;
}

std::optional<std::string_view> ParameterizedValue::find(std::string_view name) const {
    for (const Entry& entry : std::span(m_entries).first(m_size)) {
        if (equals_ignoring_case(entry.name, name)) {
            return entry.value;
        }
    }
    return std::nullopt;
}

bool ParameterizedValue::add(std::string_view name, std::string_view value) {
    if (m_size == k_max_parameters || find(name)) {
        return false;
    }
    m_entries[m_size++] = {name, value};
    return true;
}

// Reads a quoted string (RFC 9110 5.6.4) from the front of `rest`, which starts with its quote.
std::optional<std::string_view> ParameterizedValue::take_quoted(std::string_view& rest,
                                                                Backslash backslash) {
    rest.remove_prefix(1);
    const bool has_escapes = backslash == Backslash::escape;
    const std::size_t length = has_escapes ? escaped_length(rest) : rest.find('"');
    if (length == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view quoted = rest.substr(0, length);
    rest.remove_prefix(length + 1);
    if (!has_escapes || quoted.find('\\') == std::string_view::npos) {
        return quoted;
    }
    return m_unescaped.emplace_front(unescape(quoted));
}

}  // namespace roomkey
