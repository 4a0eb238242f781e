// SPDX-License-Identifier: MIT
// Looks at a policy's claims for what would make every token wrong, or grant more than is meant.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "roomkey/findings.hpp"
#include "roomkey/http.hpp"

namespace roomkey {

// Checks /claims/permissions, if it is an object, as Scaledrone reads it: patterns to rights.
// Errors: an expression that is none, a right of the wrong type, an unknown right, a value of the
// request that could widen a pattern. Warnings: a pattern that is not anchored, and two that
// disagree on a room.
void check_permissions(const nlohmann::json& claims, const Parameters& environment,
                       Findings& findings);

// Errors: claims whose name a request would choose, since it could choose any.
void check_names(const nlohmann::json& claims, const Parameters& environment, Findings& findings);

// Warns of claims that say who someone is, but are taken from what the visitor sends.
void check_identity(const nlohmann::json& claims, const Parameters& environment,
                    Findings& findings);

}  // namespace roomkey
