// SPDX-License-Identifier: MIT
// Compiles a tree of claims to a template.
#pragma once

#include "roomkey/claims_tree.hpp"
#include "roomkey/template.hpp"

namespace roomkey {

[[nodiscard]] Template compile_json(const Node& node);

}  // namespace roomkey
