// SPDX-License-Identifier: MIT
// Second parsers for the fuzzers to compare with: slow, obvious, and written without a look at the
// first ones. They give what is accepted, or nothing; why it is refused is not their business.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace roomkey::reference {

using Fields = std::vector<std::pair<std::string, std::string>>;
// The names of the fields that are read, each with the most bytes that it may have.
using Names = std::vector<std::pair<std::string, std::size_t>>;

inline std::vector<std::string> split(const std::string& text, const std::string& separator) {
    std::vector<std::string> parts(1);
    for (std::size_t i = 0; i < text.size();) {
        if (text.compare(i, separator.size(), separator) == 0) {
            parts.emplace_back();
            i += separator.size();
        } else {
            parts.back() += text[i++];
        }
    }
    return parts;
}

inline std::string stripped(std::string text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_space(text.back())) {
        text.pop_back();
    }
    while (!text.empty() && is_space(text.front())) {
        text.erase(0, 1);
    }
    return text;
}

inline std::string lower(std::string text) {
    for (char& c : text) {
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    return text;
}

inline const std::string* find(const Fields& fields, const std::string& name) {
    for (const auto& [known, value] : fields) {
        if (known == name) {
            return &value;
        }
    }
    return nullptr;
}

// The code points of UTF-8 text.
inline std::optional<std::vector<std::uint32_t>> code_points(const std::string& text) {
    constexpr std::array<std::uint32_t, 5> k_smallest{0, 0, 0x80, 0x800, 0x10000};
    std::vector<std::uint32_t> points;
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t size = lead < 0x80               ? 1
                                 : (lead & 0xE0U) == 0xC0U ? 2
                                 : (lead & 0xF0U) == 0xE0U ? 3
                                 : (lead & 0xF8U) == 0xF0U ? 4
                                                           : 0;
        if (size == 0 || i + size > text.size()) {
            return std::nullopt;
        }
        std::uint32_t point = size == 1 ? lead : lead & (0xFFU >> (size + 1));
        for (std::size_t k = 1; k < size; ++k) {
            const auto byte = static_cast<unsigned char>(text[i + k]);
            if ((byte & 0xC0U) != 0x80U) {
                return std::nullopt;
            }
            point = point * 64 + (byte & 0x3FU);
        }
        if (point < k_smallest.at(size) || point > 0x10FFFF ||
            (point >= 0xD800 && point <= 0xDFFF)) {
            return std::nullopt;
        }
        points.push_back(point);
        i += size;
    }
    return points;
}

// Text without controls: C0, DEL and C1.
inline bool is_clean(const std::string& text) {
    const auto points = code_points(text);
    return points && std::all_of(points->begin(), points->end(), [](std::uint32_t point) {
               return point >= 0x20 && (point < 0x7F || point > 0x9F);
           });
}

// The most bytes that a field may have, or nothing if it is not read.
inline std::optional<std::size_t> limit_of(const Names& names, const std::string& name) {
    const auto found = std::find_if(names.begin(), names.end(),
                                    [&name](const auto& each) { return each.first == name; });
    return found == names.end() ? std::nullopt : std::optional(found->second);
}

// The fields that are read, if they are within the limits. `parts` counts what is no field, too.
inline std::optional<Fields> within_limits(const Fields& all, std::size_t parts,
                                           const Names& read) {
    Fields fields;
    std::copy_if(all.begin(), all.end(), std::back_inserter(fields),
                 [&read](const auto& field) { return limit_of(read, field.first).has_value(); });
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].second.size() > limit_of(read, fields[i].first) ||
            !is_clean(fields[i].second)) {
            return std::nullopt;
        }
        for (std::size_t k = 0; k < i; ++k) {
            if (fields[k].first == fields[i].first) {
                return std::nullopt;
            }
        }
    }
    return parts <= 16 ? std::optional(std::move(fields)) : std::nullopt;
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

inline std::optional<Fields> urlencoded(const std::string& text, const Names& read) {
    Fields fields;
    for (const std::string& pair : split(text, "&")) {
        if (pair.empty()) {
            continue;
        }
        const std::size_t equals = pair.find('=');
        const auto name = percent_decoded(pair.substr(0, equals));
        const auto value =
            percent_decoded(equals == std::string::npos ? "" : pair.substr(equals + 1));
        if (!name || !value || fields.size() > 16) {
            return std::nullopt;
        }
        fields.emplace_back(*name, *value);
    }
    return within_limits(fields, fields.size(), read);
}

// A header value with parameters, whose names are in lower case.
struct Header {
    std::string value;
    Fields parameters;
};

// Whether text has, at `at`, a backslash that is there for the character behind it.
inline bool is_escape(const std::string& text, std::size_t at) {
    return text[at] == '\\' && at + 1 < text.size();
}

// The text between semicolons. One in a quoted string, which begins right after the first `=`, does
// not count. Nothing if a quoted string does not end.
inline std::optional<std::vector<std::string>> header_pieces(const std::string& text,
                                                             bool escapes) {
    std::vector<std::string> pieces(1);
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string& piece = pieces.back();
        if (quoted && escapes && is_escape(text, i)) {
            piece += text[i++];
        } else if (quoted) {
            quoted = text[i] != '"';
        } else if (text[i] == ';') {
            pieces.emplace_back();
            continue;
        } else {
            quoted = text[i] == '"' && pieces.size() > 1 && piece.find('=') == piece.size() - 1;
        }
        piece += text[i];
    }
    return quoted ? std::nullopt : std::optional(pieces);
}

inline std::optional<std::string> parameter_value(const std::string& written, bool escapes) {
    if (written.empty() || written.front() != '"') {
        return stripped(written);
    }
    std::string value;
    for (std::size_t i = 1; i < written.size(); ++i) {
        if (escapes && is_escape(written, i)) {
            ++i;
        } else if (written[i] == '"') {
            return i + 1 == written.size() ? std::optional(value) : std::nullopt;
        }
        value += written[i];
    }
    return std::nullopt;
}

inline std::optional<Header> header_with(const std::string& text, bool escapes) {
    const auto pieces = header_pieces(text, escapes);
    if (!pieces || stripped(pieces->front()).empty()) {
        return std::nullopt;
    }
    Header parsed{stripped(pieces->front()), {}};
    for (std::size_t i = 1; i < pieces->size(); ++i) {
        const std::string piece = stripped((*pieces)[i]);
        if (piece.empty()) {
            continue;
        }
        const std::string name = lower(piece.substr(0, piece.find('=')));
        const bool is_token = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                   std::string("!#$%&'*+-.^_`|~").find(c) != std::string::npos;
        });
        constexpr std::size_t k_most = 8;
        if (!is_token || name.size() == piece.size() || parsed.parameters.size() == k_most ||
            find(parsed.parameters, name) != nullptr) {
            return std::nullopt;
        }
        const auto value = parameter_value(piece.substr(name.size() + 1), escapes);
        if (!value) {
            return std::nullopt;
        }
        parsed.parameters.emplace_back(name, *value);
    }
    return parsed;
}

// With escapes; and where that makes no sense, without.
inline std::optional<Header> header(const std::string& text) {
    const auto parsed = header_with(text, true);
    return parsed ? parsed : header_with(text, false);
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
    i += closes ? 2U : 0U;
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

enum class Part { field, other, malformed };

// What a part is, and the field if it is one.
inline Part read_part(const std::string& part, Fields& fields) {
    if (part.compare(0, 2, "\r\n") == 0) {
        return Part::other;  // it has no headers
    }
    const std::size_t end = part.find("\r\n\r\n");
    if (end == std::string::npos) {
        return Part::malformed;
    }
    std::optional<Header> disposition;
    for (const std::string& line : split(part.substr(0, end), "\r\n")) {
        const std::string name = lower(line.substr(0, line.find(':')));
        if (name.empty() || name.size() == line.size() || name[0] == ' ' || name[0] == '\t' ||
            line.find('\r') != std::string::npos || line.find('\n') != std::string::npos) {
            return Part::malformed;
        }
        if (name == "content-disposition") {
            const auto parsed = header(line.substr(name.size() + 1));
            if (!parsed || disposition) {
                return Part::malformed;
            }
            disposition = parsed;
        }
    }
    if (!disposition || lower(disposition->value) != "form-data" ||
        find(disposition->parameters, "filename") != nullptr ||
        find(disposition->parameters, "filename*") != nullptr ||
        find(disposition->parameters, "name") == nullptr) {
        return Part::other;
    }
    fields.emplace_back(*find(disposition->parameters, "name"), part.substr(end + 4));
    return Part::field;
}

inline bool is_boundary(const std::string& text) {
    return !text.empty() && text.size() <= 70 && text.back() != ' ' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                      std::string("'()+_,-./:=? ").find(c) != std::string::npos;
           });
}

inline std::optional<Fields> multipart(const std::string& body, const std::string& boundary,
                                       const Names& read) {
    if (!is_boundary(boundary)) {
        return std::nullopt;
    }
    const auto parts = multipart_parts(body, boundary);
    if (!parts) {
        return std::nullopt;
    }
    Fields fields;
    for (const std::string& part : *parts) {
        if (read_part(part, fields) == Part::malformed) {
            return std::nullopt;
        }
    }
    return within_limits(fields, parts->size(), read);
}

// A JSON object, read a character at a time: its members that are strings.
class JsonObject {
public:
    JsonObject(const std::string& text, const Names& read) : m_text(text), m_read(read) {}

    std::optional<Fields> read() {
        if (m_text.compare(0, 3, "\xEF\xBB\xBF") == 0) {
            m_at = 3;  // a byte order mark may be there (RFC 8259 8.1)
        }
        Fields fields;
        std::size_t count = 0;
        if (!take('{')) {
            return std::nullopt;
        }
        if (!take('}')) {
            do {
                const auto name = string();
                if (!name || !take(':')) {
                    return std::nullopt;
                }
                if (const auto value = string()) {
                    fields.emplace_back(*name, *value);
                } else if (limit_of(m_read, *name) || !pass_over_value()) {
                    return std::nullopt;
                }
                ++count;
            } while (take(','));
            if (!take('}')) {
                return std::nullopt;
            }
        }
        skip_space();
        return m_at == m_text.size() ? within_limits(fields, count, m_read) : std::nullopt;
    }

private:
    void skip_space() {
        while (m_at < m_text.size() &&
               std::string(" \t\r\n").find(m_text[m_at]) != std::string::npos) {
            ++m_at;
        }
    }

    bool take(char c) {
        skip_space();
        const bool found = m_at < m_text.size() && m_text[m_at] == c;
        m_at += found ? 1U : 0U;
        return found;
    }

    bool take_word(const std::string& word) {
        skip_space();
        const bool found = m_text.compare(m_at, word.size(), word) == 0;
        m_at += found ? word.size() : 0U;
        return found;
    }

    std::size_t take_digits() {
        const std::size_t begin = m_at;
        while (m_at < m_text.size() && m_text[m_at] >= '0' && m_text[m_at] <= '9') {
            ++m_at;
        }
        return m_at - begin;
    }

    // RFC 8259 6, and within what a double can hold.
    bool pass_over_number() {
        skip_space();
        const std::size_t begin = m_at;
        const auto next_is = [this](const char* any) {
            return m_at < m_text.size() && std::string(any).find(m_text[m_at]) != std::string::npos;
        };
        m_at += next_is("-") ? 1U : 0U;
        if (next_is("0")) {
            ++m_at;
        } else if (take_digits() == 0) {
            return false;
        }
        if (next_is(".")) {
            ++m_at;
            if (take_digits() == 0) {
                return false;
            }
        }
        if (next_is("eE")) {
            ++m_at;
            m_at += next_is("+-") ? 1U : 0U;
            if (take_digits() == 0) {
                return false;
            }
        }
        constexpr double k_largest = 1.7976931348623157e308;
        const double number = std::strtod(m_text.substr(begin, m_at - begin).c_str(), nullptr);
        return number >= -k_largest && number <= k_largest;
    }

    bool pass_over_name() { return string() && take(':'); }

    // A value of any type, without recursion, as it may be deep.
    bool pass_over_value() {
        std::string closing;
        for (;;) {
            if (take('{')) {
                closing += '}';
                if (!take('}')) {
                    if (!pass_over_name()) {
                        return false;
                    }
                    continue;
                }
                closing.pop_back();
            } else if (take('[')) {
                closing += ']';
                if (!take(']')) {
                    continue;
                }
                closing.pop_back();
            } else if (!string() && !take_word("true") && !take_word("false") &&
                       !take_word("null") && !pass_over_number()) {
                return false;
            }
            while (!closing.empty() && !take(',')) {
                if (!take(closing.back())) {
                    return false;
                }
                closing.pop_back();
            }
            if (closing.empty()) {
                return true;
            }
            if (closing.back() == '}' && !pass_over_name()) {
                return false;
            }
        }
    }

    // Where there is none, nothing is taken.
    std::optional<std::string> string() {
        const std::size_t begin = m_at;
        const auto value = whole_string();
        m_at = value ? m_at : begin;
        return value;
    }

    std::optional<std::string> whole_string() {
        if (!take('"')) {
            return std::nullopt;
        }
        std::string value;
        while (m_at < m_text.size()) {
            const char c = m_text[m_at++];
            if (c == '"') {
                return code_points(value) ? std::optional(value) : std::nullopt;
            }
            if (static_cast<unsigned char>(c) < 0x20) {
                return std::nullopt;
            }
            if (c != '\\') {
                value += c;
            } else if (!escape(value)) {
                return std::nullopt;
            }
        }
        return std::nullopt;
    }

    bool escape(std::string& value) {
        const std::string letters = "\"\\/bfnrt";
        const std::string meanings = "\"\\/\b\f\n\r\t";
        const char c = m_at < m_text.size() ? m_text[m_at++] : '\0';
        if (c != '\0' && letters.find(c) != std::string::npos) {
            value += meanings[letters.find(c)];
            return true;
        }
        auto point = c == 'u' ? four_digits() : std::nullopt;
        if (point && *point >= 0xD800 && *point <= 0xDBFF) {
            const bool pair = m_text.compare(m_at, 2, "\\u") == 0;
            m_at += pair ? 2U : 0U;
            const auto low = pair ? four_digits() : std::nullopt;
            if (!low || *low < 0xDC00 || *low > 0xDFFF) {
                return false;
            }
            point = 0x10000 + (*point - 0xD800) * 0x400 + (*low - 0xDC00);
        } else if (point && *point >= 0xDC00 && *point <= 0xDFFF) {
            return false;
        }
        if (point) {
            append_utf8(value, *point);
        }
        return point.has_value();
    }

    std::optional<std::uint32_t> four_digits() {
        const std::string digits = m_text.substr(m_at, 4);
        if (digits.size() != 4 || !std::all_of(digits.begin(), digits.end(), [](unsigned char c) {
                return std::isxdigit(c) != 0;
            })) {
            return std::nullopt;
        }
        m_at += 4;
        return static_cast<std::uint32_t>(std::stoul(digits, nullptr, 16));
    }

    static void append_utf8(std::string& value, std::uint32_t point) {
        const auto byte = [&value](std::uint32_t bits) { value += static_cast<char>(bits); };
        if (point < 0x80) {
            byte(point);
        } else if (point < 0x800) {
            byte(0xC0 + point / 64);
            byte(0x80 + point % 64);
        } else if (point < 0x10000) {
            byte(0xE0 + point / 4096);
            byte(0x80 + point / 64 % 64);
            byte(0x80 + point % 64);
        } else {
            byte(0xF0 + point / 262144);
            byte(0x80 + point / 4096 % 64);
            byte(0x80 + point / 64 % 64);
            byte(0x80 + point % 64);
        }
    }

    const std::string& m_text;
    const Names& m_read;
    std::size_t m_at = 0;
};

inline std::optional<Fields> json(const std::string& text, const Names& read) {
    return JsonObject(text, read).read();
}

inline std::optional<Fields> body_fields(const std::string& content_type, const std::string& body,
                                         const Names& read) {
    const auto type = header(content_type);
    if (!type) {
        return std::nullopt;
    }
    const std::string* charset = find(type->parameters, "charset");
    if (charset != nullptr && lower(*charset) != "utf-8" && lower(*charset) != "utf8" &&
        lower(*charset) != "us-ascii" && lower(*charset) != "iso-8859-1") {
        return std::nullopt;
    }
    const std::string kind = lower(type->value);
    if (kind == "application/x-www-form-urlencoded") {
        return urlencoded(body, read);
    }
    if (kind == "application/json") {
        return json(body, read);
    }
    const std::string* boundary = find(type->parameters, "boundary");
    if (kind == "multipart/form-data" && boundary != nullptr) {
        return multipart(body, *boundary, read);
    }
    return std::nullopt;
}

// The arguments of a request. What the body says comes first, so it is what is found.
inline std::optional<Fields> arguments(const std::string& content_type, const std::string& body,
                                       const std::string& query, const Names& read) {
    auto fields = body.empty() ? Fields{} : body_fields(content_type, body, read);
    const auto asked = urlencoded(query, read);
    if (!fields || !asked || query.size() > 16384) {
        return std::nullopt;
    }
    fields->insert(fields->end(), asked->begin(), asked->end());
    return fields;
}

}  // namespace roomkey::reference
