// SPDX-License-Identifier: MIT
// Web origins as browsers send them in the header Origin.
#pragma once

#include <string_view>

namespace roomkey {

// Whether a browser may send exactly this (RFC 6454 6.2, as the URL standard serialises hosts):
// http or https, a host in its canonical form, and a port unless it is the scheme's own.
[[nodiscard]] bool is_origin(std::string_view text);

}  // namespace roomkey
