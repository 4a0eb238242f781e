// SPDX-License-Identifier: MIT
// One thread of the FastCGI server: accepts connections, waits until a whole request is there,
// and only then spends time on it. A connection that is idle, silent or slow costs a descriptor
// and no thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "roomkey/counts.hpp"
#include "roomkey/shared_handler.hpp"

namespace roomkey {

struct WorkerLimits {
    // Connections at once; above it the one that has been idle longest is closed.
    std::size_t connections = 1024;
    // How long a request may take to arrive, from its first byte.
    std::chrono::milliseconds request_time{5000};
    // How long a connection may say nothing at all before a stop closes it.
    std::chrono::milliseconds silent_stop_time{250};
    // How long unfinished requests may hold up a stop.
    std::chrono::milliseconds stop_time{2500};
    // How long accepting is put off when it fails, for want of descriptors say.
    std::chrono::milliseconds accept_pause{100};
};

class Worker {
public:
    // `listener` is a non-blocking listening socket that other workers and processes may share.
    Worker(int listener, SharedHandler& handlers, const WorkerLimits& limits);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Serves until stop() is called; then finishes what was accepted, and returns.
    void run();

    // Any thread may call it.
    void stop();

    // Waits, after stop(), until the listener is not used any more.
    void wait_until_accepting_ended();

    // To be asked for when run() has returned.
    [[nodiscard]] Counts counts() const;

private:
    class Loop;
    std::unique_ptr<Loop> m_loop;
};

}  // namespace roomkey
