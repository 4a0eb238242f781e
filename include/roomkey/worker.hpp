// SPDX-License-Identifier: MIT
// One thread of the FastCGI server: accepts connections, waits until a whole request is there,
// and only then spends time on it. A connection that is idle, silent or slow costs a descriptor
// and no thread.
#pragma once

#include <memory>

#include "roomkey/counts.hpp"
#include "roomkey/limits.hpp"
#include "roomkey/shared_handler.hpp"

namespace roomkey {

class Worker {
public:
    // `listener` is a non-blocking listening socket that other workers and processes may share.
    Worker(int listener, SharedHandler& handlers, const Limits& limits);
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
