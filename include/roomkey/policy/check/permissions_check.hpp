// SPDX-License-Identifier: MIT
// Looks at the permissions that a policy grants, as Scaledrone reads them: patterns to rights.
#pragma once

#include <vector>

#include "roomkey/policy/claims_tree.hpp"
#include "roomkey/policy/policy.hpp"
#include "roomkey/text/diagnostics.hpp"

namespace roomkey {

// The entries of the claim `permissions`; null for another claim, and one of another shape.
[[nodiscard]] const Object* permissions_of(const Member& claim);

// Errors: an expression that is none, or too long, a right that is none, a value of the request
// that could mean more than itself in a pattern. Warnings: a pattern that is not anchored, and one
// that engines read differently.
void check_permissions(const Object& claims, Diagnostics& diagnostics);

// The same, as they may be tried out.
[[nodiscard]] std::vector<PermissionRule> permission_rules(const Object& claims);

}  // namespace roomkey
