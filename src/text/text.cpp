// SPDX-License-Identifier: MIT
#include "roomkey/text/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>

#include "roomkey/text/char_set.hpp"

namespace roomkey {

namespace {

unsigned char byte_at(std::string_view text, std::size_t index) {
    return static_cast<unsigned char>(text[index]);
}

// The length of the well-formed sequence that starts at `at`, or 0.
std::size_t sequence_length(std::string_view text, std::size_t at) {
    const unsigned char lead = byte_at(text, at);
    if (lead < 0x80) {
        return 1;
    }
    std::size_t length = 0;
    // The second byte's range is what rules out overlong forms, surrogates and too large values.
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        low = lead == 0xE0 ? 0xA0 : low;
        high = lead == 0xED ? 0x9F : high;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        low = lead == 0xF0 ? 0x90 : low;
        high = lead == 0xF4 ? 0x8F : high;
    } else {
        return 0;
    }
    if (text.size() - at < length || byte_at(text, at + 1) < low || byte_at(text, at + 1) > high) {
        return 0;
    }
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte_at(text, at + i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = sequence_length(text, at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

bool has_control_character(std::string_view text) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const unsigned char c = byte_at(text, at);
        // U+0080 to U+009F are C2 80 to C2 9F.
        const bool c1 = c == 0xC2 && at + 1 < text.size() && byte_at(text, at + 1) < 0xA0;
        if (c < 0x20 || c == 0x7F || c1) {
            return true;
        }
    }
    return false;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    // Nearly everybody writes names in one and the same way.
    return a == b || std::equal(a.begin(), a.end(), b.begin(), b.end(),
                                [](char x, char y) { return lower(x) == lower(y); });
}

bool is_printable_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_plain_name(std::string_view text) {
    constexpr std::size_t k_max_size = 64;
    static constexpr CharSet k_plain(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        "0123456789_.-");
    return !text.empty() && text.size() <= k_max_size && k_plain.has_all(text);
}

bool is_file_stem(std::string_view text) {
    static constexpr CharSet k_stem("abcdefghijklmnopqrstuvwxyz0123456789_-");
    return is_plain_name(text) && k_stem.has_all(text) && text.front() != '-' &&
           text.front() != '_';
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) {
        text.remove_prefix(1);
    }
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

long long parse_decimal(std::string_view digits) {
    long long number = -1;
    if (digits.empty() || digits.front() == '-') {
        return -1;
    }
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc{} && end == digits.data() + digits.size() ? number : -1;
}

}  // namespace roomkey
