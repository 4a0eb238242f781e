// SPDX-License-Identifier: MIT
// base64url without padding (RFC 4648 5, RFC 7515 2).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace roomkey::base64url {

// The length of the encoding of so many bytes.
[[nodiscard]] constexpr std::size_t encoded_size(std::size_t bytes) {
    return (bytes * 4 + 2) / 3;
}

// Appends the encoding of `bytes` to `out`. Costs at most one growth of `out`.
void append(std::string& out, std::span<const unsigned char> bytes);
void append(std::string& out, std::string_view bytes);

// The bytes that `text` stands for. Refused: padding, any other character, a length that no
// encoding has, and unused bits that are not zero, so that each value has one spelling only.
[[nodiscard]] std::optional<std::string> decode(std::string_view text);

}  // namespace roomkey::base64url
