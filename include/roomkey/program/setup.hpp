// SPDX-License-Identifier: MIT
// Reads policies and secrets into handlers: at the start, and again on a reload.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "roomkey/auth/auth_handlers.hpp"
#include "roomkey/policy/policy.hpp"
#include "roomkey/program/options.hpp"
#include "roomkey/request/http.hpp"

namespace roomkey {

struct Setup {
    AuthHandlers handlers;
    // Their names, in order.
    std::vector<std::string> policies;
    std::vector<std::string> warnings;
    // What `check` tries out, of each policy.
    std::vector<PermissionRules> permissions;
};

// All policies, with their secrets. Throws ConfigError with everything that is wrong at once.
[[nodiscard]] Setup load_setup(const Options& options, const Parameters& environment);

// The policy of that name, with its secret; an empty name stands for the default, and of the others
// nothing is read. Throws ConfigError, UnknownPolicy.
[[nodiscard]] Setup load_setup(std::string_view name, const Options& options,
                               const Parameters& environment);

// The same without a secret.
[[nodiscard]] Policy load_policy(std::string_view name, const Options& options,
                                 const Parameters& environment);

}  // namespace roomkey
