// SPDX-License-Identifier: MIT
// The FastCGI server as a whole: threads, signals, reload.
#pragma once

#include <functional>

#include "roomkey/gateway/limits.hpp"
#include "roomkey/gateway/listener.hpp"
#include "roomkey/gateway/shared_handlers.hpp"

namespace roomkey {

// Gives the socket to serve on.
using OpenListener = std::function<Listener()>;

// Serves with so many threads, which share `limits`, until SIGTERM, SIGINT or SIGUSR1; then
// finishes what was accepted and returns the exit status. SIGHUP loads again; when that throws, the
// reason is logged, and the old handlers stay in force. What `open` throws, and loading at the
// start, it throws.
[[nodiscard]] int serve(const OpenListener& open, unsigned thread_count, const Limits& limits,
                        const LoadHandlers& load);

}  // namespace roomkey
