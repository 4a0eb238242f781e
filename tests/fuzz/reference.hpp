// SPDX-License-Identifier: MIT
// Second parsers for the fuzzers to compare with: slow, obvious, and written without a look at the
// first ones. They say what the fields are, or that the input is malformed; limits are not theirs.
#pragma once

#include <cctype>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace roomkey::reference {

using Fields = std::vector<std::pair<std::string, std::string>>;

inline std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts(1);
    for (const char c : text) {
        if (c == separator) {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    return parts;
}

inline std::optional<std::string> percent_decoded(const std::string& text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            decoded += ' ';
        } else if (text[i] == '%') {
            const std::string digits = text.substr(i + 1, 2);
            if (digits.size() != 2 || std::isxdigit(static_cast<unsigned char>(digits[0])) == 0 ||
                std::isxdigit(static_cast<unsigned char>(digits[1])) == 0) {
                return std::nullopt;
            }
            decoded += static_cast<char>(std::stoi(digits, nullptr, 16));
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

inline std::optional<Fields> urlencoded(const std::string& text) {
    Fields fields;
    for (const std::string& pair : split(text, '&')) {
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = pair.find('=');
        const auto name = percent_decoded(pair.substr(0, equals));
        const auto value =
            percent_decoded(equals == std::string::npos ? "" : pair.substr(equals + 1));
        if (!name || !value) {
            return std::nullopt;
        }
        fields.emplace_back(*name, *value);
    }
    return fields;
}

// A delimiter line of a multipart body: where it begins and ends, and whether it is the last one.
struct Delimiter {
    std::size_t begin;
    std::size_t end;
    bool closes;
};

// The delimiter at `at`, if there is one. The line end before it belongs to it.
inline std::optional<Delimiter> delimiter_at(const std::string& body, const std::string& boundary,
                                             std::size_t at) {
    std::size_t i = at;
    if (body.compare(i, 2, "\r\n") == 0) {
        i += 2;
    } else if (at != 0) {
        return std::nullopt;
    }
    if (body.compare(i, 2 + boundary.size(), "--" + boundary) != 0) {
        return std::nullopt;
    }
    i += 2 + boundary.size();
    const bool closes = body.compare(i, 2, "--") == 0;
    i += closes ? 2 : 0;
    while (i < body.size() && (body[i] == ' ' || body[i] == '\t')) {
        ++i;
    }
    if (body.compare(i, 2, "\r\n") == 0) {
        return Delimiter{at, i + 2, closes};
    }
    if (closes && i == body.size()) {
        return Delimiter{at, i, closes};
    }
    return std::nullopt;
}

// The contents between the delimiters of a multipart body, headers and all.
inline std::optional<std::vector<std::string>> multipart_parts(const std::string& body,
                                                               const std::string& boundary) {
    std::vector<std::string> parts;
    std::optional<Delimiter> previous;
    for (std::size_t at = 0; at <= body.size(); ++at) {
        // A delimiter begins at the end of the one before, at the earliest.
        if (previous && at < previous->end) {
            continue;
        }
        const auto found = delimiter_at(body, boundary, at);
        // Without the line end before it, a delimiter stands at the very start only.
        if (!found || (found->begin == 0 && previous)) {
            continue;
        }
        if (previous) {
            parts.push_back(body.substr(previous->end, found->begin - previous->end));
        }
        if (found->closes) {
            return parts;
        }
        previous = found;
    }
    return std::nullopt;
}

}  // namespace roomkey::reference
