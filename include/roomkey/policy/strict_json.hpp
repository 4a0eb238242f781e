// SPDX-License-Identifier: MIT
// Reads the JSON of a configuration file, and lets nothing pass in silence.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "roomkey/text/diagnostics.hpp"

namespace roomkey {

// Bounds the time that a check takes, and is far beyond what a policy has to say.
inline constexpr std::size_t k_max_json_bytes = 65'536;

// The value; comments are allowed. Keys that stand twice in one object are added to `diagnostics`.
// Throws ConfigError with all of them for text that is none, too large, or far too deep.
[[nodiscard]] nlohmann::json parse_strict_json(std::string_view text, Diagnostics& diagnostics);

}  // namespace roomkey
