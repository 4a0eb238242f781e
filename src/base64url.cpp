// SPDX-License-Identifier: MIT
#include "roomkey/base64url.hpp"

#include <array>
#include <cstdint>

namespace roomkey::base64url {

namespace {

constexpr std::string_view k_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr unsigned char k_no_digit = 0xFF;

constexpr std::array<unsigned char, 256> k_digits = [] {
    std::array<unsigned char, 256> digits{};
    digits.fill(k_no_digit);
    for (std::size_t i = 0; i < k_alphabet.size(); ++i) {
        digits[static_cast<unsigned char>(k_alphabet[i])] = static_cast<unsigned char>(i);
    }
    return digits;
}();

}  // namespace

void append(std::string& out, std::span<const unsigned char> bytes) {
    const std::size_t start = out.size();
    out.resize(start + (bytes.size() * 4 + 2) / 3);
    char* to = out.data() + start;
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 16 |
                                    static_cast<std::uint32_t>(bytes[i + 1]) << 8 | bytes[i + 2];
        *to++ = k_alphabet[group >> 18];
        *to++ = k_alphabet[group >> 12 & 63];
        *to++ = k_alphabet[group >> 6 & 63];
        *to++ = k_alphabet[group & 63];
    }
    if (bytes.size() - i == 1) {
        const std::uint32_t group = bytes[i];
        *to++ = k_alphabet[group >> 2];
        *to++ = k_alphabet[group << 4 & 63];
    } else if (bytes.size() - i == 2) {
        const std::uint32_t group = static_cast<std::uint32_t>(bytes[i]) << 8 | bytes[i + 1];
        *to++ = k_alphabet[group >> 10];
        *to++ = k_alphabet[group >> 4 & 63];
        *to++ = k_alphabet[group << 2 & 63];
    }
}

void append(std::string& out, std::string_view bytes) {
    append(out, std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

std::optional<std::string> decode(std::string_view text) {
    if (text.size() % 4 == 1) {
        return std::nullopt;
    }
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t pending = 0;
    int bits = 0;
    for (const char c : text) {
        const unsigned char digit = k_digits[static_cast<unsigned char>(c)];
        if (digit == k_no_digit) {
            return std::nullopt;
        }
        pending = pending << 6 | digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(pending >> bits);
            pending &= (1U << bits) - 1;
        }
    }
    if (pending != 0) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace roomkey::base64url
