// SPDX-License-Identifier: MIT
// The FastCGI server as a whole: threads, signals, reload.
#pragma once

#include "roomkey/gateway/listener.hpp"
#include "roomkey/program/options.hpp"
#include "roomkey/request/http.hpp"

namespace roomkey {

// Serves on `listener` until SIGTERM, SIGINT or SIGUSR1, then finishes what was accepted and
// returns the exit status. SIGHUP reads policy and secret again; what is wrong with them is
// logged, and then the old ones stay in force. Throws ConfigError for a bad configuration at
// the start.
[[nodiscard]] int serve(const Options& options, const Parameters& environment, Listener listener);

}  // namespace roomkey
