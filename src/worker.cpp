// SPDX-License-Identifier: MIT
#include "roomkey/worker.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <latch>
#include <list>
#include <optional>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "roomkey/connection_handler.hpp"
#include "roomkey/connections.hpp"
#include "roomkey/descriptor.hpp"
#include "roomkey/log.hpp"
#include "roomkey/system.hpp"

namespace roomkey {

namespace {

// The states that a connection may be in for a limited time only.
constexpr std::array k_timed_states{State::silent, State::arriving, State::draining};

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

Descriptor require(int fd, const char* what) {
    if (fd < 0) {
        fail(what);
    }
    return Descriptor(fd);
}

}  // namespace

class Worker::Loop {
public:
    Loop(int listener, SharedHandler& handlers, const Limits& limits)
        : m_listener(listener),
          m_limits(limits),
          m_handler(m_connections, handlers, limits.connections),
          m_epoll(require(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
          m_stop(require(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
        watch(m_stop.get(), EPOLLIN);
        watch_listener();
    }

    void run() {
        std::array<epoll_event, 64> events{};
        while (!m_stop_by || !finished()) {
            const int count = ::epoll_wait(m_epoll.get(), events.data(),
                                           static_cast<int>(events.size()), milliseconds_to_wait());
            if (count < 0 && errno != EINTR) {
                fail("epoll_wait");
            }
            handle_all(std::span(events).first(static_cast<std::size_t>(std::max(count, 0))));
            sweep();
        }
    }

    void wait_until_accepting_ended() { m_accepting_ended.wait(); }

    [[nodiscard]] const Counts& counts() const { return m_handler.counts(); }

    void stop() {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(m_stop.get(), &one, sizeof(one));
    }

private:
    void watch(int fd, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.fd = fd;
        if (::epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
            fail("epoll_ctl");
        }
    }

    void ignore(int fd) { (void)::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, fd, nullptr); }

    void handle_all(std::span<const epoll_event> events) {
        // New connections come last: they may get descriptors that earlier events mean.
        bool accepts = false;
        bool stops = false;
        const std::vector<int> unfinished = std::exchange(m_unfinished, {});
        for (const epoll_event& event : events) {
            const int fd = event.data.fd;
            accepts = accepts || fd == m_listener;
            stops = stops || fd == m_stop.get();
            handle_connection(fd, event.events);
        }
        for (const int fd : unfinished) {
            handle_connection(fd, 0);
        }
        if (stops) {
            begin_stop();
        } else if (accepts) {
            accept_some();
        }
    }

    // What fails for one connection (no memory, say) must not end the others.
    void handle_connection(int fd, std::uint32_t events) {
        if (!m_connections.state_of(fd)) {
            return;
        }
        try {
            if (!m_handler.handle_input(fd)) {
                m_unfinished.push_back(fd);
            } else if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
                close_given_up(fd);
            }
        } catch (const std::exception& error) {
            log(Severity::error, error.what());
            if (m_connections.state_of(fd)) {
                m_connections.close(fd);
            }
        }
    }

    // Nothing more can come when the sender has closed.
    void close_given_up(int fd) {
        const auto state = m_connections.state_of(fd);
        if (state == State::arriving || state == State::idle) {
            m_connections.close(fd);
        }
    }

    // Each process and thread that shares the listener is woken alone (EPOLLEXCLUSIVE).
    void watch_listener() { watch(m_listener, EPOLLIN | EPOLLEXCLUSIVE); }

    void resume_accepting() {
        m_accept_again.reset();
        try {
            watch_listener();
        } catch (const std::system_error& error) {
            log(Severity::error, error.what());
            put_off_accepting();
        }
    }

    void end_accepting() { ignore(m_listener); }

    void put_off_accepting() {
        end_accepting();
        m_accept_again = SteadyClock::now() + m_limits.accept_pause;
    }

    // Takes a bounded number of connections, so that those that are open get their turn.
    void accept_some() {
        constexpr int k_most_at_once = 16;
        for (int i = 0; i < k_most_at_once && accept_one(); ++i) {
        }
    }

    // True if there may be another one.
    bool accept_one() {
        Descriptor socket(::accept4(m_listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) {
            return accept_failed();
        }
        if (m_connections.size() >= m_limits.connections) {
            close_oldest();
        }
        const int fd = socket.get();
        try {
            m_connections.add(std::move(socket));
            // Often the request is there already; and what is answered and closed at once need not
            // be watched.
            handle_connection(fd, 0);
            if (m_connections.state_of(fd)) {
                // Edge-triggered: a request that arrives byte by byte wakes us at each byte, and
                // one that waits in the input does not wake us over and over.
                watch(fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
            }
        } catch (const std::exception& error) {
            log(Severity::error, error.what());
            if (m_connections.state_of(fd)) {
                m_connections.close(fd);
            }
            put_off_accepting();
            return false;
        }
        return true;
    }

    // True if it makes sense to try again at once.
    bool accept_failed() {
        if (errno == EAGAIN) {
            return false;
        }
        if (errno == EINTR || errno == ECONNABORTED) {
            return true;
        }
        const bool lacks_room =
            errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        if (lacks_room && close_oldest()) {
            return true;
        }
        // Whatever else it is, the listener would wake us over and over.
        log(Severity::warning, with_errno("accepting is put off"));
        put_off_accepting();
        return false;
    }

    // Makes room by the connection that is missed least.
    bool close_oldest() {
        for (const State state : {State::draining, State::idle, State::silent, State::arriving}) {
            if (const auto oldest = m_connections.oldest(state)) {
                m_connections.close(oldest->fd);
                return true;
            }
        }
        return false;
    }

    // When the oldest connection of a state must go; idle ones may stay.
    [[nodiscard]] std::optional<SteadyClock::time_point> deadline(State state) const {
        const auto oldest = m_connections.oldest(state);
        if (!oldest) {
            return std::nullopt;
        }
        return oldest->since + (state == State::silent && m_stop_by ? m_limits.silent_stop_time
                                                                    : m_limits.request_time);
    }

    // Closes what has been in a state for too long.
    void sweep() {
        const auto now = SteadyClock::now();
        for (const State state : k_timed_states) {
            while (deadline(state).value_or(SteadyClock::time_point::max()) <= now) {
                m_connections.close(m_connections.oldest(state)->fd);
            }
        }
        if (m_accept_again && *m_accept_again <= now && !m_stop_by) {
            resume_accepting();
        }
    }

    // Until the next thing that is to be done though nothing happens; -1 for never.
    [[nodiscard]] int milliseconds_to_wait() const {
        if (!m_unfinished.empty()) {
            return 0;
        }
        constexpr auto k_never = SteadyClock::time_point::max();
        auto next = std::min(m_accept_again.value_or(k_never), m_stop_by.value_or(k_never));
        for (const State state : k_timed_states) {
            next = std::min(next, deadline(state).value_or(k_never));
        }
        if (next == k_never) {
            return -1;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - SteadyClock::now());
        return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
    }

    // What has reached us is finished: connections in the backlog, and requests on kept ones.
    void begin_stop() {
        m_stop_by = SteadyClock::now() + m_limits.stop_time;
        ignore(m_stop.get());  // else it would wake us over and over
        m_handler.keep_none();
        // Bounded, since others may go on connecting to a socket that is shared.
        constexpr int k_longest_backlog = 4096;
        for (int i = 0; i < k_longest_backlog && accept_one(); ++i) {
        }
        end_accepting();
        m_accept_again.reset();
        m_accepting_ended.count_down();
        // Not the list itself: handling a connection may move or close it.
        for (const int fd : std::vector<int>(m_connections.in(State::idle).begin(),
                                             m_connections.in(State::idle).end())) {
            handle_connection(fd, 0);
            if (m_connections.state_of(fd) == State::idle) {
                m_connections.close(fd);
            }
        }
    }

    [[nodiscard]] bool finished() const {
        return m_connections.size() == 0 || SteadyClock::now() >= *m_stop_by;
    }

    int m_listener;
    Limits m_limits;
    Connections m_connections;
    ConnectionHandler m_handler;
    Descriptor m_epoll;
    Descriptor m_stop;
    std::latch m_accepting_ended{1};
    // Connections whose input was not handled to its end.
    std::vector<int> m_unfinished;
    std::optional<SteadyClock::time_point> m_accept_again;
    std::optional<SteadyClock::time_point> m_stop_by;
};

Worker::Worker(int listener, SharedHandler& handlers, const Limits& limits)
    : m_loop(std::make_unique<Loop>(listener, handlers, limits)) {}

Worker::~Worker() = default;

void Worker::run() {
    m_loop->run();
}

void Worker::stop() {
    m_loop->stop();
}

void Worker::wait_until_accepting_ended() {
    m_loop->wait_until_accepting_ended();
}

Counts Worker::counts() const {
    return m_loop->counts();
}

}  // namespace roomkey
