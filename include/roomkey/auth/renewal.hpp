// SPDX-License-Identifier: MIT
// Renewal: what a token proves that a request had before.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "roomkey/policy/policy.hpp"
#include "roomkey/token/jwt.hpp"
#include "roomkey/token/previous_claims.hpp"

namespace roomkey {

// The longest previous token that is read, in bytes.
inline constexpr std::size_t k_max_previous_bytes = 8192;

// The claims that `policy` takes from `token`, if this policy could have made it with this signer:
// its header is the policy's byte for byte, its signature is right, its constant claims are equal,
// and its `exp` is an integer that passed no longer ago than the policy's `renewal` allows. Nothing
// for any other text, and under a policy without renewal. It proves that whoever sends it holds
// what was given out before, not who that is. Costs one HMAC, and a parse if that is right.
[[nodiscard]] std::optional<PreviousClaims> read_previous(std::string_view token,
                                                          const Policy& policy, Hs256Signer& signer,
                                                          std::chrono::sys_seconds now);

// Whether a token of `other` would count as a previous one of `policy`, were both signed with one
// secret: no claim that is constant in both tells them apart.
[[nodiscard]] bool takes_tokens_of(const Policy& policy, const Policy& other);

}  // namespace roomkey
