// SPDX-License-Identifier: MIT
// The commands for people: what they print goes to stdout, and their exit status is of sysexits.h.
#pragma once

#include "roomkey/http.hpp"
#include "roomkey/options.hpp"

namespace roomkey {

// Prints the token for the given fields, or its header and claims; 65 if the policy refuses it.
// Throws ConfigError.
[[nodiscard]] int run_mint(const Options& options, const Parameters& environment);

}  // namespace roomkey
