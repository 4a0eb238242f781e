// SPDX-License-Identifier: MIT
#include "roomkey/text/escape.hpp"

#include "roomkey/text/char_set.hpp"

namespace roomkey {

namespace {

using namespace std::string_view_literals;

constexpr CharSet k_unreserved(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

// Appends `text` by runs of what stays as it is, which mostly is all of it; what is special is left
// to `escape`.
template <class Escape>
void append_escaped(std::string& out, std::string_view text, const CharSet& special,
                    Escape escape) {
    std::size_t run = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (special.has(text[i])) {
            out.append(text, run, i - run);
            escape(text[i]);
            run = i + 1;
        }
    }
    out.append(text, run);
}

void append_hex(std::string& out, char c, std::string_view digits) {
    const auto byte = static_cast<unsigned char>(c);
    out.append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
}

}  // namespace

std::string quote_regex(std::string_view text) {
    static constexpr CharSet k_special("^$\\.*+?()[]{}|/");
    std::string quoted;
    append_escaped(quoted, text, k_special,
                   [&quoted](char c) { quoted.append(1, '\\').append(1, c); });
    return quoted;
}

std::string percent_encode(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        if (k_unreserved.has(c)) {
            encoded += c;
        } else {
            encoded += '%';
            append_hex(encoded, c, "0123456789ABCDEF");  // RFC 3986 2.1
        }
    }
    return encoded;
}

bool is_unreserved(std::string_view character) {
    return k_unreserved.has_all(character);
}

void append_json_escaped(std::string& out, std::string_view text) {
    static constexpr CharSet k_special(
        "\"\\"
        "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F"
        "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F"sv);
    append_escaped(out, text, k_special, [&out](char c) {
        if (c == '"' || c == '\\') {
            out.append(1, '\\').append(1, c);
        } else {
            append_hex(out.append("\\u00"), c, "0123456789abcdef");
        }
    });
}

}  // namespace roomkey
