// SPDX-License-Identifier: MIT
#include "roomkey/worker.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <list>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "roomkey/connections.hpp"
#include "roomkey/descriptor.hpp"
#include "roomkey/fastcgi.hpp"
#include "roomkey/fastcgi_record.hpp"
#include "roomkey/log.hpp"
#include "roomkey/system.hpp"

namespace roomkey {

namespace {

// The largest request that is looked at: the largest body, and as much again, twice, for its
// parameters. It must fit a socket's receive buffer.
constexpr std::size_t k_peek_size = 3 * k_max_body;

// Accepting is put off this long when there are no descriptors left.
constexpr std::chrono::milliseconds k_accept_pause{100};

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
    Loop(int listener, SharedHandler& handlers, const WorkerLimits& limits)
        : m_listener(listener),
          m_limits(limits),
          m_handler(handlers),
          m_epoll(require(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
          m_stop(require(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
          m_buffer(k_peek_size) {
        watch(m_stop.get(), EPOLLIN);
        resume_accepting();
    }

    void run() {
        std::array<epoll_event, 64> events{};
        while (!m_stop_by || !finished()) {
            const int count = ::epoll_wait(m_epoll.get(), events.data(),
                                           static_cast<int>(events.size()), milliseconds_to_wait());
            if (count < 0 && errno != EINTR) {
                fail("epoll_wait");
            }
            for (int i = 0; i < count; ++i) {
                handle_safely(events[static_cast<std::size_t>(i)]);
            }
            sweep();
        }
    }

    [[nodiscard]] const WorkerCounts& counts() const { return m_counts; }

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

    // What fails for one connection (no memory, say) must not end the others.
    void handle_safely(const epoll_event& event) {
        const int fd = event.data.fd;
        try {
            handle(event);
        } catch (const std::exception& error) {
            log(Severity::error, error.what());
            if (fd == m_listener) {
                put_off_accepting();
            } else if (m_connections.state_of(fd)) {
                m_connections.close(fd);
            }
        }
    }

    void handle(const epoll_event& event) {
        const int fd = event.data.fd;
        if (fd == m_stop.get()) {
            begin_stop();
        } else if (fd == m_listener) {
            accept_some();
        } else if (m_connections.state_of(fd)) {
            handle_input(fd);
            close_if_given_up(fd, event.events);
        }
    }

    // The rest of a request can't come any more when its sender has closed.
    void close_if_given_up(int fd, std::uint32_t events) {
        if (m_connections.state_of(fd) == State::arriving &&
            (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
            m_connections.close(fd);
        }
    }

    // Each process and thread that shares the listener is woken alone (EPOLLEXCLUSIVE).
    void resume_accepting() {
        watch(m_listener, EPOLLIN | EPOLLEXCLUSIVE);
        m_accept_again.reset();
    }

    void end_accepting() { (void)::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, m_listener, nullptr); }

    void put_off_accepting() {
        end_accepting();
        m_accept_again = SteadyClock::now() + k_accept_pause;
    }

    // Takes a bounded number of connections, so that those that are open get their turn.
    void accept_some() {
        constexpr int k_most_at_once = 16;
        for (int i = 0; i < k_most_at_once && accept_one(); ++i) {
        }
    }

    bool accept_one() {
        if (m_connections.size() >= m_limits.connections) {
            close_oldest();
        }
        Descriptor socket(::accept4(m_listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!socket) {
            return accept_failed();
        }
        const int fd = socket.get();
        // Edge-triggered: a request that arrives byte by byte wakes us at each byte, and one that
        // waits in the input does not wake us over and over.
        watch(fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
        m_connections.add(std::move(socket));
        return true;
    }

    // True if it makes sense to try again at once.
    bool accept_failed() {
        if (errno == EINTR || errno == ECONNABORTED) {
            return true;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            if (close_oldest()) {
                return true;
            }
            log(Severity::warning, with_errno("accepting is put off"));
            put_off_accepting();
        }
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

    // Looks at the input without taking it, and acts on what it finds.
    void handle_input(int fd) {
        if (m_connections.state_of(fd) == State::draining) {
            drain(fd);
            return;
        }
        bool more = true;
        while (more) {
            const ssize_t size =
                ::recv(fd, m_buffer.data(), m_buffer.size(), MSG_PEEK | MSG_DONTWAIT);
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
                return;
            }
            if (size <= 0) {
                m_connections.close(fd);
                return;
            }
            more = act_on(fd, std::span(m_buffer).first(static_cast<std::size_t>(size)));
        }
    }

    // True if the input may hold more to act on.
    bool act_on(int fd, std::span<const unsigned char> input) {
        const fastcgi::Scan scan =
            fastcgi::scan(input, input.size() == m_buffer.size(), m_limits.connections);
        switch (scan.verdict) {
            case fastcgi::Verdict::incomplete: wait_for_rest(fd); return false;
            case fastcgi::Verdict::request:
            case fastcgi::Verdict::oversized: serve(fd, scan, input.size()); return false;
            case fastcgi::Verdict::answer: return take(fd, scan.size) && send(fd, scan.reply);
            case fastcgi::Verdict::answer_and_close:
                if (send(fd, scan.reply)) {
                    start_draining(fd);
                }
                return false;
        }
        return false;
    }

    void wait_for_rest(int fd) {
        if (m_connections.state_of(fd) != State::arriving) {
            m_connections.move(fd, State::arriving);
        }
    }

    void serve(int fd, const fastcgi::Scan& scan, std::size_t available) {
        const fastcgi::After after = m_exchange.serve(fd, scan, m_handler.get(), m_random);
        if (after == fastcgi::After::gone) {
            m_connections.forget(fd);
            return;
        }
        ++(after == fastcgi::After::lost ? m_counts.lost : m_counts.answered);
        if (after == fastcgi::After::drain) {
            start_draining(fd);
        } else if (after == fastcgi::After::keep && !m_stop_by && available == scan.size) {
            m_connections.move(fd, State::idle);
        } else {
            // Also when more than one request was there: libfcgi reads ahead, and what it has read
            // of the next one went with its buffer. We announce FCGI_MPXS_CONNS=0, and web servers
            // wait for an answer before they send again.
            m_connections.close(fd);
        }
    }

    // Takes `size` bytes, which are known to be there, off the input.
    bool take(int fd, std::size_t size) {
        if (::recv(fd, m_buffer.data(), size, MSG_DONTWAIT) == static_cast<ssize_t>(size)) {
            return true;
        }
        m_connections.close(fd);
        return false;
    }

    bool send(int fd, const std::string& bytes) {
        if (bytes.empty() || ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
                                 static_cast<ssize_t>(bytes.size())) {
            return true;
        }
        m_connections.close(fd);
        return false;
    }

    // Closing while input is unread would reset the connection, and the peer might lose the
    // answer; so only our side ends, and the rest is thrown away for a while.
    void start_draining(int fd) {
        (void)::shutdown(fd, SHUT_WR);
        m_connections.move(fd, State::draining);
        drain(fd);
    }

    void drain(int fd) {
        constexpr int k_most_reads = 8;
        for (int i = 0; i < k_most_reads; ++i) {
            const ssize_t size = ::recv(fd, m_buffer.data(), m_buffer.size(), MSG_DONTWAIT);
            if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
                return;
            }
            if (size <= 0) {
                break;
            }
        }
        m_connections.close(fd);
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
        if (m_stop_by) {
            return;
        }
        m_stop_by = SteadyClock::now() + m_limits.stop_time;
        // Bounded, since others may go on connecting to a socket that is shared.
        constexpr int k_longest_backlog = 4096;
        for (int i = 0; i < k_longest_backlog && accept_one(); ++i) {
        }
        end_accepting();
        m_accept_again.reset();
        const std::list<int> kept = m_connections.in(State::idle);
        for (const int fd : kept) {
            handle_input(fd);
            if (m_connections.state_of(fd) == State::idle) {
                m_connections.close(fd);
            }
        }
    }

    [[nodiscard]] bool finished() const {
        return m_connections.size() == 0 || SteadyClock::now() >= *m_stop_by;
    }

    int m_listener;
    WorkerLimits m_limits;
    SharedHandler::Copy m_handler;
    Descriptor m_epoll;
    Descriptor m_stop;
    SystemRandom m_random;
    fastcgi::Exchange m_exchange;
    std::vector<unsigned char> m_buffer;
    Connections m_connections;
    WorkerCounts m_counts;
    std::optional<SteadyClock::time_point> m_accept_again;
    std::optional<SteadyClock::time_point> m_stop_by;
};

Worker::Worker(int listener, SharedHandler& handlers, const WorkerLimits& limits)
    : m_loop(std::make_unique<Loop>(listener, handlers, limits)) {}

Worker::~Worker() = default;

void Worker::run() {
    m_loop->run();
}

void Worker::stop() {
    m_loop->stop();
}

WorkerCounts Worker::counts() const {
    return m_loop->counts();
}

}  // namespace roomkey
