// SPDX-License-Identifier: MIT
// Compiles a parsed JSON value to a template.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "roomkey/findings.hpp"
#include "roomkey/http.hpp"
#include "roomkey/template.hpp"

namespace roomkey {

// Placeholders are found in strings and in keys. What is wrong with them, and nesting deeper than
// 32 levels, is added to `findings` with a JSON Pointer that starts with `at`; the template is of
// use only if nothing was added.
[[nodiscard]] Template compile_json(const nlohmann::json& value, std::string_view at,
                                    const Parameters& environment, Findings& findings);

}  // namespace roomkey
