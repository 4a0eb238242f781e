// SPDX-License-Identifier: MIT
// The edge of the core: an answer as the bytes of a CGI response, also when something breaks.
#pragma once

#include <chrono>
#include <string>

#include "roomkey/auth/auth_handlers.hpp"
#include "roomkey/request/http.hpp"
#include "roomkey/request/refusal.hpp"
#include "roomkey/token/random.hpp"

namespace roomkey {

struct Answer {
    int status;
    // The CGI response (RFC 3875 6.2): header fields, an empty line, the body.
    std::string bytes;
    // For the log, when status is 500: what went wrong. Never part of `bytes`.
    std::string failure;
};

// The answer to a request that nobody may look into.
[[nodiscard]] Answer refuse(const Refusal& refusal);

// The answer when no token can be made, which tells nothing of `failure`.
[[nodiscard]] Answer fail(const Parameters& parameters, std::string failure);

// Lets the handler answer that the web server has picked; whatever is thrown becomes one fixed 500,
// and no token.
[[nodiscard]] Answer respond(AuthHandlers& handlers, const Request& request,
                             std::chrono::sys_seconds now, RandomSource& random);

}  // namespace roomkey
