// SPDX-License-Identifier: MIT
#include "roomkey/text/base64url.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

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

// Two digits for each 12 bits: half the look-ups of one digit for each 6.
using Pair = std::array<char, 2>;
constexpr std::array<Pair, 4096> k_pairs = [] {
    std::array<Pair, 4096> pairs{};
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        pairs[i] = {k_alphabet[i >> 6], k_alphabet[i & 63]};
    }
    return pairs;
}();

// Writes the digits of the lowest twelve bits, and returns where the next ones go.
char* put_pair(char* to, std::uint64_t bits) {
    return std::copy_n(k_pairs[bits & 4095].data(), 2, to);
}

// Eight bytes as one number, the first one highest.
std::uint64_t big_endian(const unsigned char* from) {
    std::uint64_t number = 0;
    std::memcpy(&number, from, sizeof(number));
    return std::endian::native == std::endian::little ? __builtin_bswap64(number) : number;
}

}  // namespace

void append(std::string& out, std::span<const unsigned char> bytes) {
    const std::size_t start = out.size();
    out.resize(start + encoded_size(bytes.size()));
    char* to = out.data() + start;
    const unsigned char* from = bytes.data();
    const unsigned char* const end = from + bytes.size();
    // Six bytes a round, of the eight that are read.
    for (; end - from >= 8; from += 6) {
        const std::uint64_t group = big_endian(from);
        to = put_pair(to, group >> 52);
        to = put_pair(to, group >> 40);
        to = put_pair(to, group >> 28);
        to = put_pair(to, group >> 16);
    }
    // What is left, with zeros behind it.
    std::array<unsigned char, 8> rest{};
    std::copy(from, end, rest.begin());
    const std::uint64_t group = big_endian(rest.data());
    char* const stop = out.data() + out.size();
    for (int shift = 58; to != stop; shift -= 6) {
        *to++ = k_alphabet[group >> shift & 63];
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
