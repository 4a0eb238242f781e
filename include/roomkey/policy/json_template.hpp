// SPDX-License-Identifier: MIT
// Compiles a tree of claims to a template.
#pragma once

#include "roomkey/policy/claims_tree.hpp"
#include "roomkey/token/template.hpp"

namespace roomkey {

[[nodiscard]] Template compile_json(const Node& node);

}  // namespace roomkey
