// SPDX-License-Identifier: MIT
#include "roomkey/media_type.hpp"

#include <algorithm>

#include "roomkey/text.hpp"

namespace roomkey {

namespace {

// RFC 9110 5.6.2.
bool is_token(std::string_view text) {
    return !text.empty() && text.find_first_not_of(
                                "!#$%&'*+-.^_`|~0123456789"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz") == std::string_view::npos;
}

// Reads a quoted string (RFC 9110 5.6.4) from the front of `rest`, which starts with its quote.
std::optional<std::string> take_quoted(std::string_view& rest) {
    std::string value;
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] == '"') {
            rest.remove_prefix(i + 1);
            return value;
        }
        if (rest[i] == '\\' && ++i == rest.size()) {
            break;
        }
        value += rest[i];
    }
    return std::nullopt;
}

// Reads an unquoted value: all up to the next semicolon. It need not be a token, since a boundary
// such as `----WebKitFormBoundary/7` is sent unquoted by some clients.
std::string take_unquoted(std::string_view& rest) {
    const std::string_view value = trim(rest.substr(0, rest.find(';')));
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
    return std::string(value);
}

}  // namespace

std::optional<ParameterizedValue> ParameterizedValue::parse(std::string_view header) {
    ParameterizedValue parsed;
    std::string_view rest = header.substr(std::min(header.find(';'), header.size()));
    parsed.m_value = trim(header.substr(0, header.size() - rest.size()));
    if (parsed.m_value.empty()) {
        return std::nullopt;
    }
    while (!rest.empty()) {
        if (rest.front() != ';') {
            return std::nullopt;
        }
        rest = trim(rest.substr(1));
        if (rest.empty()) {
            break;  // a trailing semicolon is common and harmless
        }
        const std::size_t equals = rest.find('=');
        if (equals == std::string_view::npos || !is_token(rest.substr(0, equals))) {
            return std::nullopt;
        }
        const std::string_view name = rest.substr(0, equals);
        rest.remove_prefix(equals + 1);
        std::optional<std::string> value =
            rest.starts_with('"') ? take_quoted(rest) : std::optional(take_unquoted(rest));
        if (!value || parsed.find(name) != nullptr) {
            return std::nullopt;
        }
        parsed.m_entries.push_back({name, std::move(*value)});
        rest = trim(rest);
    }
    return parsed;
}

const std::string* ParameterizedValue::find(std::string_view name) const {
    const auto entry = std::find_if(
        m_entries.begin(), m_entries.end(),
        [name](const Entry& candidate) { return equals_ignoring_case(candidate.name, name); });
    return entry == m_entries.end() ? nullptr : &entry->value;
}

}  // namespace roomkey
