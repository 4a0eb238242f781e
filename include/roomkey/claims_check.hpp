// SPDX-License-Identifier: MIT
// Looks at a policy's claims for what would make every token wrong, or say more than is meant.
// Their permissions have a check of their own.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "roomkey/findings.hpp"
#include "roomkey/http.hpp"

namespace roomkey {

// Errors: claims whose name a request would choose, since it could choose any.
void check_names(const nlohmann::json& claims, const Parameters& environment, Findings& findings);

// Errors: strings that are JSON themselves, as some services want it, and in which a value of the
// request could be more than one string.
void check_json_text(const nlohmann::json& claims, const Parameters& environment,
                     Findings& findings);

// Warns of keys within the claims, and within JSON in their strings, that a request chooses as it
// likes: where keys are rights or the names of rooms, it could take any.
void check_keys(const nlohmann::json& claims, const Parameters& environment, Findings& findings);

// Warns of claims that say who someone is, but are taken from what the visitor sends.
void check_identity(const nlohmann::json& claims, const Parameters& environment,
                    Findings& findings);

}  // namespace roomkey
