// SPDX-License-Identifier: MIT
// One thread of the FastCGI server: accepts connections, hands their input on as it comes, and
// gives up on who is late. A connection that is idle, silent or slow costs a descriptor and no
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <latch>
#include <optional>

#include "roomkey/gateway/connection_handler.hpp"
#include "roomkey/gateway/connections.hpp"
#include "roomkey/gateway/counts.hpp"
#include "roomkey/gateway/descriptor.hpp"
#include "roomkey/gateway/limits.hpp"
#include "roomkey/gateway/shared_handlers.hpp"

namespace roomkey {

class Worker {
public:
    // `listener` is a non-blocking listening socket that other workers and processes may share.
    // Throws std::system_error for want of descriptors.
    Worker(int listener, SharedHandlers& handlers, const Limits& limits);

    // Serves until stop() is called; then finishes what was accepted, and returns. Throws
    // std::system_error when nobody can be served any more.
    void run();

    // Any thread may call it.
    void stop();

    // Waits, after stop(), until the listener is not used any more.
    void wait_until_accepting_ended() { m_accepting_ended.wait(); }

    // To be asked for when run() has returned.
    [[nodiscard]] const Counts& counts() const { return m_handler.counts(); }

private:
    void control(int operation, int fd, std::uint32_t events);
    void ignore(int fd) noexcept;
    void wait_and_handle();
    void handle_connection(int fd, std::uint32_t events);
    void close(int fd);

    void watch_listener();
    void resume_accepting();
    void put_off_accepting();
    void accept_some(int most);
    [[nodiscard]] bool accept_one();
    [[nodiscard]] bool accept_failed();
    [[nodiscard]] bool close_oldest();

    [[nodiscard]] SteadyClock::time_point deadline(ConnectionState state) const;
    [[nodiscard]] int milliseconds_to_wait() const;
    void sweep();
    void give_memory_back();
    void begin_stop();
    [[nodiscard]] bool finished() const;

    int m_listener;
    Limits m_limits;
    Connections m_connections;
    ConnectionHandler m_handler;
    Descriptor m_epoll;
    Descriptor m_stop;
    std::latch m_accepting_ended{1};
    // What the readers held at most since memory was given back.
    std::size_t m_most_buffered = 0;
    std::optional<SteadyClock::time_point> m_accept_again;
    std::optional<SteadyClock::time_point> m_stop_by;
};

}  // namespace roomkey
