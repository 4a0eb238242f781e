// SPDX-License-Identifier: MIT
#include "roomkey/text/base64url.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace roomkey::base64url {

namespace {

constexpr std::string_view k_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr unsigned char k_no_digit = 0xFF;

constexpr std::array<unsigned char, 256> make_digits() {
    std::array<unsigned char, 256> digits{};
    digits.fill(k_no_digit);
    for (std::size_t i = 0; i < k_alphabet.size(); ++i) {
        digits[static_cast<unsigned char>(k_alphabet[i])] = static_cast<unsigned char>(i);
    }
    return digits;
}

constexpr auto k_digits = make_digits();

// Two digits for each 12 bits: half the look-ups of one digit for each 6, and less than half the
// time.
using Pair = std::array<char, 2>;

constexpr std::array<Pair, 4096> make_pairs() {
    std::array<Pair, 4096> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i] = {k_alphabet[i >> 6U], k_alphabet[i & 63U]};
    }
    return pairs;
}

constexpr auto k_pairs = make_pairs();

// Three bytes as one number, the first one highest.
std::uint32_t group_of(std::uint32_t first, std::uint32_t second, std::uint32_t third) {
    return first << 16U | second << 8U | third;
}

}  // namespace

void append(std::string& out, std::span<const unsigned char> bytes) {
    const std::size_t start = out.size();
    out.resize(start + encoded_size(bytes.size()));
    char* to = out.data() + start;
    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t group = group_of(bytes[i], bytes[i + 1], bytes[i + 2]);
        to = std::copy_n(k_pairs[group >> 12U].data(), 2, to);
        to = std::copy_n(k_pairs[group & 4095U].data(), 2, to);
    }
    // One byte leaves two digits, and two leave three.
    if (const std::size_t left = bytes.size() - i; left > 0) {
        const std::uint32_t group = group_of(bytes[i], left == 2 ? bytes[i + 1] : 0U, 0U);
        to = std::copy_n(k_pairs[group >> 12U].data(), 2, to);
        if (left == 2) {
            *to = k_alphabet[group >> 6U & 63U];
        }
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
