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
#include <unordered_map>
#include <utility>
#include <vector>

#include "roomkey/descriptor.hpp"
#include "roomkey/fastcgi.hpp"
#include "roomkey/fastcgi_record.hpp"
#include "roomkey/log.hpp"
#include "roomkey/system.hpp"

namespace roomkey {

namespace {

using Clock = std::chrono::steady_clock;

// The largest request that is looked at: the largest body, and as much again, twice, for its
// parameters. It must fit a socket's receive buffer.
constexpr std::size_t k_peek_size = 3 * k_max_body;

// Accepting is put off this long when there are no descriptors left.
constexpr std::chrono::milliseconds k_accept_pause{100};

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

Descriptor require(int fd, const char* what) {
    if (fd < 0) {
        fail(what);
    }
    return Descriptor(fd);
}

// What a connection is doing; each state has a list, ordered by since when.
enum State : std::size_t {
    idle,      // nothing has arrived since the last answer
    arriving,  // a request is on its way, or should be
    draining,  // answered for the last time; what still comes is thrown away
};
constexpr std::size_t k_states = 3;

struct Connection {
    Descriptor socket;
    State state = arriving;
    Clock::time_point since;
    std::list<int>::iterator place;
};

// All connections of one worker, findable by descriptor and by who has been in a state longest.
class Connections {
public:
    [[nodiscard]] std::size_t size() const { return m_by_fd.size(); }
    [[nodiscard]] bool empty(State state) const { return m_lists[state].empty(); }
    [[nodiscard]] const std::list<int>& in(State state) const { return m_lists[state]; }

    Connection* find(int fd) {
        const auto found = m_by_fd.find(fd);
        return found == m_by_fd.end() ? nullptr : &found->second;
    }

    void add(Descriptor socket) {
        const int fd = socket.get();
        m_lists[arriving].push_back(fd);
        m_by_fd.emplace(fd, Connection{std::move(socket), arriving, Clock::now(),
                                       std::prev(m_lists[arriving].end())});
    }

    // A connection that enters a state, or starts over in it, goes to the end of the state's list.
    void move(Connection& connection, State state) {
        m_lists[state].splice(m_lists[state].end(), m_lists[connection.state], connection.place);
        connection.state = state;
        connection.since = Clock::now();
    }

    void close(int fd) {
        Connection& connection = m_by_fd.at(fd);
        m_lists[connection.state].erase(connection.place);
        m_by_fd.erase(fd);
    }

    // For a descriptor that is closed already.
    void forget(int fd) {
        m_by_fd.at(fd).socket.release();
        close(fd);
    }

private:
    std::unordered_map<int, Connection> m_by_fd;
    std::array<std::list<int>, k_states> m_lists;
};

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
                handle(events[static_cast<std::size_t>(i)]);
            }
            sweep();
        }
    }

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

    void handle(const epoll_event& event) {
        const int fd = event.data.fd;
        if (fd == m_stop.get()) {
            begin_stop();
        } else if (fd == m_listener) {
            accept_some();
        } else if (m_connections.find(fd) != nullptr) {
            handle_input(fd);
        }
    }

    // Each process and thread that shares the listener is woken alone (EPOLLEXCLUSIVE).
    void resume_accepting() {
        watch(m_listener, EPOLLIN | EPOLLEXCLUSIVE);
        m_accept_again.reset();
    }

    void pause_accepting() { (void)::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, m_listener, nullptr); }

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
            pause_accepting();
            m_accept_again = Clock::now() + k_accept_pause;
        }
        return false;
    }

    // Makes room by the connection that is missed least.
    bool close_oldest() {
        for (const State state : {draining, idle, arriving}) {
            if (!m_connections.empty(state)) {
                m_connections.close(m_connections.in(state).front());
                return true;
            }
        }
        return false;
    }

    // Looks at the input without taking it, and acts on what it finds.
    void handle_input(int fd) {
        if (m_connections.find(fd)->state == draining) {
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
        Connection& connection = *m_connections.find(fd);
        if (connection.state == idle) {
            m_connections.move(connection, arriving);
        }
    }

    void serve(int fd, const fastcgi::Scan& scan, std::size_t available) {
        switch (m_exchange.serve(fd, scan, m_handler.get(), m_random)) {
            case fastcgi::After::closed: m_connections.forget(fd); return;
            case fastcgi::After::drain: start_draining(fd); return;
            case fastcgi::After::keep: break;
        }
        // libfcgi reads ahead, and what it read of a next request is lost with its buffer; so such
        // a request is not begun. We announce FCGI_MPXS_CONNS=0, and web servers don't pipeline.
        if (m_stop_by || available > scan.size) {
            m_connections.close(fd);
            return;
        }
        m_connections.move(*m_connections.find(fd), idle);
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
        m_connections.move(*m_connections.find(fd), draining);
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

    // Closes what has been arriving or draining for too long.
    void sweep() {
        const auto now = Clock::now();
        for (const State state : {arriving, draining}) {
            while (!m_connections.empty(state)) {
                const int fd = m_connections.in(state).front();
                if (m_connections.find(fd)->since + m_limits.request_time > now) {
                    break;
                }
                m_connections.close(fd);
            }
        }
        if (m_accept_again && *m_accept_again <= now && !m_stop_by) {
            resume_accepting();
        }
    }

    // Until the next thing that is to be done though nothing happens; -1 for never.
    [[nodiscard]] int milliseconds_to_wait() {
        std::optional<Clock::time_point> next = m_accept_again;
        const auto sooner = [&next](Clock::time_point at) {
            next = std::min(next.value_or(at), at);
        };
        for (const State state : {arriving, draining}) {
            if (!m_connections.empty(state)) {
                const Connection& oldest = *m_connections.find(m_connections.in(state).front());
                sooner(oldest.since + m_limits.request_time);
            }
        }
        if (m_stop_by) {
            sooner(*m_stop_by);
        }
        if (!next) {
            return -1;
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(*next - Clock::now());
        return static_cast<int>(std::max<std::chrono::milliseconds::rep>(left.count(), 0));
    }

    // What has reached us is finished: connections in the backlog, and requests on kept ones.
    void begin_stop() {
        if (m_stop_by) {
            return;
        }
        m_stop_by = Clock::now() + m_limits.stop_time;
        while (accept_one()) {
        }
        pause_accepting();
        m_accept_again.reset();
        const std::list<int> kept = m_connections.in(idle);
        for (const int fd : kept) {
            if (m_connections.find(fd) != nullptr) {
                handle_input(fd);
            }
            if (const Connection* left = m_connections.find(fd); left && left->state == idle) {
                m_connections.close(fd);
            }
        }
    }

    [[nodiscard]] bool finished() const {
        return (m_connections.empty(arriving) && m_connections.empty(draining)) ||
               Clock::now() >= *m_stop_by;
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
    std::optional<Clock::time_point> m_accept_again;
    std::optional<Clock::time_point> m_stop_by;
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

}  // namespace roomkey
