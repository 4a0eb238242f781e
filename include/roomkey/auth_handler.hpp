// SPDX-License-Identifier: MIT
// Turns one request into one answer: the whole of what roomkey does, without any I/O.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "roomkey/http.hpp"
#include "roomkey/jwt.hpp"
#include "roomkey/policy.hpp"
#include "roomkey/random.hpp"
#include "roomkey/refusal.hpp"

namespace roomkey {

// The policy is shared; the signer is its own. So each thread works with its own copy.
class AuthHandler {
public:
    AuthHandler(std::shared_ptr<const Policy> policy, Hs256Signer signer)
        : m_policy(std::move(policy)), m_signer(std::move(signer)) {}

    // The answer to `request`: a token (200), a preflight's answer (204), or a refusal.
    // Throws what signing, randomness or memory throws, and TokenTooLong: then there is no answer.
    [[nodiscard]] Response answer(const Request& request, std::chrono::sys_seconds now,
                                  RandomSource& random);

    // The token alone, for fields that are known already. Throws as above.
    [[nodiscard]] Outcome<std::string> token(const RenderInput& input);

private:
    [[nodiscard]] std::optional<Refusal> grant(const Request& request, std::chrono::sys_seconds now,
                                               RandomSource& random, Response& response);

    std::shared_ptr<const Policy> m_policy;
    Hs256Signer m_signer;
    Template::Buffer m_claims;
};

}  // namespace roomkey
