// SPDX-License-Identifier: MIT
#include "roomkey/gateway/worker.hpp"

#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>
#include <vector>

#include "roomkey/gateway/log.hpp"
#include "roomkey/gateway/system.hpp"

namespace roomkey {

namespace {

constexpr auto k_never = SteadyClock::time_point::max();

// The states that a connection may be in for a limited time only.
constexpr std::array k_timed_states{ConnectionState::silent, ConnectionState::arriving,
                                    ConnectionState::draining};

// Edge-triggered: a request that arrives byte by byte wakes us at each byte, and one that waits in
// the input does not wake us over and over.
constexpr std::uint32_t k_connection_events = EPOLLIN | EPOLLRDHUP | EPOLLET;

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

Worker::Worker(int listener, SharedHandlers& handlers, const Limits& limits)
    : m_listener(listener),
      m_limits(limits),
      m_handler(m_connections, handlers, limits),
      m_epoll(require(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      m_stop(require(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
    control(EPOLL_CTL_ADD, m_stop.get(), EPOLLIN);
    watch_listener();
}

void Worker::run() {
    while (!m_stop_by || !finished()) {
        wait_and_handle();
        sweep();
    }
}

void Worker::stop() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(m_stop.get(), &one, sizeof(one));
}

void Worker::control(int operation, int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(m_epoll.get(), operation, fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

void Worker::ignore(int fd) noexcept {
    (void)::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void Worker::wait_and_handle() {
    std::array<epoll_event, 64> events;  // NOLINT(*-member-init): the kernel fills it
    const int count = ::epoll_wait(m_epoll.get(), events.data(), static_cast<int>(events.size()),
                                   milliseconds_to_wait());
    if (count < 0 && errno != EINTR) {
        fail("epoll_wait");
    }
    bool accepts = false;
    bool stops = false;
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events.at(static_cast<std::size_t>(i));
        accepts = accepts || event.data.fd == m_listener;
        stops = stops || event.data.fd == m_stop.get();
        handle_connection(event.data.fd, event.events);
    }
    // New connections come last: they may get descriptors that these events mean.
    if (stops) {
        begin_stop();
    } else if (accepts) {
        // Not all of them, so that those that are open get their turn.
        accept_some(16);
    }
}

// What fails for one connection (no memory, say) must not end the others. One that is not watched
// yet has no events.
void Worker::handle_connection(int fd, std::uint32_t events) {
    if (!m_connections.state_of(fd)) {
        return;
    }
    try {
        const bool may_have_more = !m_handler.handle_input(fd);
        if (may_have_more && events != 0) {
            // Set again, it tells again that there is something to read.
            control(EPOLL_CTL_MOD, fd, k_connection_events);
        } else if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
            close(fd);  // nothing more can come when the sender has closed
        }
    } catch (const std::exception& error) {
        log(Severity::error, error.what());
        close(fd);
    }
}

// One that may be closed already.
void Worker::close(int fd) {
    if (m_connections.state_of(fd)) {
        m_connections.close(fd);
    }
}

// Each process and thread that shares the listener is woken alone (EPOLLEXCLUSIVE).
void Worker::watch_listener() {
    control(EPOLL_CTL_ADD, m_listener, EPOLLIN | EPOLLEXCLUSIVE);
}

void Worker::resume_accepting() {
    m_accept_again.reset();
    try {
        watch_listener();
    } catch (const std::system_error& error) {
        log(Severity::error, error.what());
        put_off_accepting();
    }
}

void Worker::put_off_accepting() {
    ignore(m_listener);
    m_accept_again = SteadyClock::now() + m_limits.accept_pause;
}

void Worker::accept_some(int most) {
    for (int i = 0; i < most && accept_one(); ++i) {
    }
}

// True if there may be another one.
bool Worker::accept_one() {
    Descriptor socket(::accept4(m_listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
        return accept_failed();
    }
    if (m_connections.size() >= m_limits.connections) {
        (void)close_oldest();
    }
    const int fd = socket.get();
    try {
        m_connections.add(std::move(socket));
        // Often the request is there already; and what is answered and closed at once need not be
        // watched.
        handle_connection(fd, 0);
        if (m_connections.state_of(fd)) {
            control(EPOLL_CTL_ADD, fd, k_connection_events);
        }
    } catch (const std::exception& error) {
        log(Severity::error, error.what());
        close(fd);
        put_off_accepting();
        return false;
    }
    return true;
}

// True if it makes sense to try again at once.
bool Worker::accept_failed() {
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
bool Worker::close_oldest() {
    for (const ConnectionState state : {ConnectionState::draining, ConnectionState::idle,
                                        ConnectionState::silent, ConnectionState::arriving}) {
        if (const auto oldest = m_connections.oldest(state)) {
            m_connections.close(oldest->fd);
            return true;
        }
    }
    return false;
}

// When the oldest connection of a state must go; idle ones may stay.
SteadyClock::time_point Worker::deadline(ConnectionState state) const {
    const auto oldest = m_connections.oldest(state);
    if (!oldest) {
        return k_never;
    }
    return oldest->since + (state == ConnectionState::silent && m_stop_by
                                ? m_limits.silent_stop_time
                                : m_limits.request_time);
}

// Until the next thing that is to be done though nothing happens; -1 for ever.
int Worker::milliseconds_to_wait() const {
    auto next = std::min(m_accept_again.value_or(k_never), m_stop_by.value_or(k_never));
    for (const ConnectionState state : k_timed_states) {
        next = std::min(next, deadline(state));
    }
    if (next == k_never) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - SteadyClock::now());
    return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
}

// Closes what has been in a state for too long.
void Worker::sweep() {
    const auto now = SteadyClock::now();
    for (const ConnectionState state : k_timed_states) {
        while (deadline(state) <= now) {
            m_connections.close(m_connections.oldest(state)->fd);
        }
    }
    if (m_accept_again && *m_accept_again <= now && !m_stop_by) {
        resume_accepting();
    }
    give_memory_back();
}

// What half-sent requests held goes back to the system when most of it is free; the allocator would
// keep it.
void Worker::give_memory_back() {
    constexpr std::size_t k_worth_it = std::size_t{1024} * 1024;
    const std::size_t buffered = m_connections.buffered();
    m_most_buffered = std::max(m_most_buffered, buffered);
    if (m_most_buffered >= k_worth_it && buffered < m_most_buffered / 4) {
        ::malloc_trim(0);
        m_most_buffered = buffered;
    }
}

// What has reached us is finished: connections in the backlog, and requests on kept ones.
void Worker::begin_stop() {
    m_stop_by = SteadyClock::now() + m_limits.stop_time;
    ignore(m_stop.get());  // else it would wake us over and over
    m_handler.stop_keeping();
    // Bounded, since others may go on connecting to a socket that is shared.
    accept_some(4096);
    ignore(m_listener);
    m_accept_again.reset();
    m_accepting_ended.count_down();
    // Not the list itself: handling a connection may move or close it.
    const std::vector<int> idle(m_connections.in(ConnectionState::idle).begin(),
                                m_connections.in(ConnectionState::idle).end());
    for (const int fd : idle) {
        handle_connection(fd, EPOLLIN);
        if (m_connections.state_of(fd) == ConnectionState::idle) {
            m_connections.close(fd);
        }
    }
}

bool Worker::finished() const {
    return m_connections.size() == 0 || SteadyClock::now() >= *m_stop_by;
}

}  // namespace roomkey
