// SPDX-License-Identifier: MIT
// The plain CGI gateway (RFC 3875): one request from the environment and stdin, one answer on
// stdout.
#pragma once

#include "roomkey/gateway/shared_handlers.hpp"
#include "roomkey/request/http.hpp"

namespace roomkey {

// Whether a web server runs this process as a CGI program.
[[nodiscard]] bool is_cgi(const Parameters& environment);

// Answers the request and returns the exit status; a wrong configuration is answered with 500.
// Reads no more of stdin than CONTENT_LENGTH, as web servers leave it open, and waits at most five
// seconds for it.
[[nodiscard]] int run_cgi(const Parameters& environment, const LoadHandlers& load);

}  // namespace roomkey
