// SPDX-License-Identifier: MIT
// Tries out the patterns that a policy grants rights by. The rest of a policy is checked without a
// regex engine, when it is compiled.
#pragma once

#include <string>
#include <vector>

#include "roomkey/policy/policy.hpp"

namespace roomkey {

// Adds to `warnings`: two patterns that disagree on a room, and one that takes too long to find
// out. Throws ConfigError with those that PCRE2 refuses.
void check_patterns(const PermissionRules& permissions, std::vector<std::string>& warnings);

}  // namespace roomkey
