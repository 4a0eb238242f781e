// SPDX-License-Identifier: MIT
// The names in the environment of a CGI program that are not its own.
#pragma once

#include <string_view>

namespace roomkey {

// Whether a web server that starts roomkey as a CGI program fills the variable from the request:
// RFC 3875 4.1, what nginx and Apache and modules for logins add to it, and what is meant for
// `server.`.
[[nodiscard]] bool is_meta_variable(std::string_view name);

}  // namespace roomkey
