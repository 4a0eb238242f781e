// SPDX-License-Identifier: MIT
// Names, colours and identifiers for visitors who bring none.
#pragma once

#include <string>

#include "roomkey/token/random.hpp"

namespace roomkey {

// `adjective_noun`, in lower case: one of 64 times 64.
[[nodiscard]] std::string guest_name(RandomSource& random);

// `#rrggbb`, one of 64 hues. The relative luminance (WCAG 2.1) lies between 0.175 and 0.183, so
// that the contrast is at least 4.5:1 both on white and on black.
[[nodiscard]] std::string guest_color(RandomSource& random);

// A version 4 UUID in lower case (RFC 9562 5.4).
[[nodiscard]] std::string uuid(RandomSource& random);

}  // namespace roomkey
