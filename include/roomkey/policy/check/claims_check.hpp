// SPDX-License-Identifier: MIT
// Looks at a policy's claims for what would make every token wrong, or say more than is meant. Each
// check is one function over the tree. Their permissions have a check of their own.
#pragma once

#include "roomkey/policy/claims_tree.hpp"
#include "roomkey/text/diagnostics.hpp"

namespace roomkey {

// Errors: claims whose name a request would choose; two values in one text that can't be told
// apart; claims of the token before with a visitor's choice to fall back on. Warnings: keys and
// identities that a request chooses, also by way of the token before, and |regex where nothing
// checks what surrounds it.
void check_claims(const Object& claims, bool has_renewal, Diagnostics& diagnostics);

}  // namespace roomkey
