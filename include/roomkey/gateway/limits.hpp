// SPDX-License-Identifier: MIT
// What peers may take of a process: connections, memory and time.
#pragma once

#include <chrono>
#include <cstddef>

#include "roomkey/request/http.hpp"

namespace roomkey {

// The same for all workers of a process together.
inline constexpr std::size_t k_max_buffered = std::size_t{32} * 1024 * 1024;

struct Limits {
    // Connections of one worker at once; above it the one that is missed least is closed: one that
    // is done for, idle, silent, or arriving, in this order, and of these the oldest.
    std::size_t connections = 1024;
    // Bytes that the half-sent requests of one worker may hold; above it the one that has waited
    // longest is closed.
    std::size_t buffered = k_max_buffered;
    // How long a request may take to arrive, from its first byte; and how long a new connection may
    // be silent, and a refused one be read away.
    std::chrono::milliseconds request_time{5000};
    // How long a connection may say nothing at all before a stop closes it.
    std::chrono::milliseconds silent_stop_time{250};
    // How long unfinished requests may hold up a stop.
    std::chrono::milliseconds stop_time{2500};
    // How long accepting is put off when it fails, for want of descriptors say.
    std::chrono::milliseconds accept_pause{100};
};

// The limits in force. They are no settings: a test that cannot wait for seconds shortens the times
// by ROOMKEY_TEST_LIMITS, as in `request_time=300,stop_time=200` (milliseconds), and each process
// that finds it says so in its log. Throws ConfigError for a value of another form.
[[nodiscard]] Limits limits_from_environment(const Parameters& environment);

}  // namespace roomkey
