// SPDX-License-Identifier: MIT
// Turns one request into one answer: the whole of what roomkey does, without any I/O.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "roomkey/policy/policy.hpp"
#include "roomkey/request/form.hpp"
#include "roomkey/request/http.hpp"
#include "roomkey/request/refusal.hpp"
#include "roomkey/token/jwt.hpp"
#include "roomkey/token/previous_claims.hpp"
#include "roomkey/token/random.hpp"

namespace roomkey {

// The fields of a request that tokens of this policy are made from, and that of the previous token.
// No other one is read.
[[nodiscard]] FieldLimits fields_read_by(const Policy& policy);

// Each thread needs a copy of its own: the policy is shared, the signer is not.
class AuthHandler {
public:
    AuthHandler(std::shared_ptr<const Policy> policy, Hs256Signer signer)
        : m_policy(std::move(policy)),
          m_fields(fields_read_by(*m_policy)),
          m_signer(std::move(signer)) {}

    // The answer to `request`: a token (200), a preflight's answer (204), or a refusal.
    // Throws what signing, randomness or memory throws, and TokenTooLong: then there is no answer.
    [[nodiscard]] Response answer(const Request& request, std::chrono::sys_seconds now,
                                  RandomSource& random);

    // The token alone, for fields that are known already. Throws as above.
    [[nodiscard]] Outcome<std::string> token(const RenderInput& input);

    // What `token` proves as the previous token of a request; nothing if it is none of the
    // policy's, or over for too long. Throws what signing throws.
    [[nodiscard]] std::optional<PreviousClaims> previous_claims(std::string_view token,
                                                                std::chrono::sys_seconds now);

    // The fields of a request that are read.
    [[nodiscard]] const FieldLimits& fields() const { return m_fields; }

private:
    [[nodiscard]] Response issue_token(const Request& request, std::chrono::sys_seconds now,
                                       RandomSource& random);

    std::shared_ptr<const Policy> m_policy;
    FieldLimits m_fields;
    Hs256Signer m_signer;
    Template::Buffer m_claims;
};

}  // namespace roomkey
