// SPDX-License-Identifier: MIT
// The commands for people: what they print goes to stdout, and their exit status is of sysexits.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "roomkey/auth/auth_handler.hpp"
#include "roomkey/program/options.hpp"
#include "roomkey/request/form.hpp"
#include "roomkey/request/http.hpp"
#include "roomkey/token/previous_claims.hpp"

namespace roomkey {

// Says that the configuration is valid, with its warnings; the exit status is 0.
// Throws ConfigError with all errors otherwise, unless JSON is asked for: then the exit status is
// that of the error, and the errors are part of the output.
[[nodiscard]] int run_check(const Options& options, const Parameters& environment);

// Prints the token for the given fields, or its header and claims; 65 if the policy refuses it.
// Throws ConfigError.
[[nodiscard]] int run_mint(const Options& options, const Parameters& environment);

// Prints what the token for the given fields allows in each of the given rooms, and by which rules;
// 65 if the policy refuses it. Needs no secret, unless a previous token is given. Throws
// ConfigError, UsageError.
[[nodiscard]] int run_explain(const Options& options, const Parameters& environment);

// Says why there is no token, and which option would help; the exit status.
[[nodiscard]] int report_refusal(const Refusal& refusal);

// The fields that --form gives, under the same limits as those of a request.
[[nodiscard]] Outcome<Form> form_of(const std::vector<std::string>& pairs,
                                    const FieldLimits& limits);

// What the token of --previous proves to this handler; nothing without that option. A token that
// proves nothing is passed over with a warning, as it is in a request. Throws ConfigError.
[[nodiscard]] std::optional<PreviousClaims> previous_of(const Options& options,
                                                        AuthHandler& handler);

// What --server gives, in the shape of a request's parameters; valid as long as `pairs` is.
[[nodiscard]] std::vector<const char*> parameters_of(const std::vector<std::string>& pairs);

}  // namespace roomkey
