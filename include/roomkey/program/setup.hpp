// SPDX-License-Identifier: MIT
// Reads policy and secret into a handler: at the start, and again on a reload.
#pragma once

#include <string>
#include <vector>

#include "roomkey/auth/auth_handler.hpp"
#include "roomkey/policy/policy.hpp"
#include "roomkey/program/options.hpp"
#include "roomkey/request/http.hpp"

namespace roomkey {

struct Setup {
    AuthHandler handler;
    std::vector<std::string> warnings;
    // What `check` tries out.
    PermissionRules permissions;
};

// The policy alone. Throws ConfigError.
[[nodiscard]] Policy load_policy(const Options& options, const Parameters& environment);

// Throws ConfigError with everything that is wrong with policy and secret at once.
[[nodiscard]] Setup load_setup(const Options& options, const Parameters& environment);

}  // namespace roomkey
