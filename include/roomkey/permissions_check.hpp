// SPDX-License-Identifier: MIT
// Looks at the permissions that a policy grants, as Scaledrone reads them: patterns to rights.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "roomkey/findings.hpp"
#include "roomkey/http.hpp"

namespace roomkey {

// Checks the claim `permissions`, if it is an object. Errors: an expression that is none, or too
// long to be tried out in bounded time, a right of the wrong type, an unknown right, a value of the
// request that could widen a pattern. Warnings: a pattern that is not anchored, one that engines
// read differently, one with two values in a row, and two that disagree on a room.
void check_permissions(const nlohmann::json& claims, const Parameters& environment,
                       Findings& findings);

}  // namespace roomkey
