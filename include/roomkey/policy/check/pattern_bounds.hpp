// SPDX-License-Identifier: MIT
// Whether the values in a room pattern keep their place.
#pragma once

#include <optional>

#include "roomkey/policy/check/pattern_syntax.hpp"

namespace roomkey {

// A value must not run into anything variable: between it and the next value or variable part of
// the path through the pattern stands an end of the room's name, or a character that the value
// can't have. On one side all must be fixed up to the end, or a value could hide in the variable
// part; and alternatives with values must be told apart by their fixed text. Then no room that is
// made from one value is one of another value's. The first place where it could be, if there is.
[[nodiscard]] std::optional<Mismatch> find_unbounded(const PatternSyntax& pattern);

}  // namespace roomkey
