// SPDX-License-Identifier: MIT
#include "roomkey/gateway/worker.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "failing_calls.hpp"
#include "gateway.hpp"
#include "roomkey/gateway/listener.hpp"
#include "temporary.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(worker)

using Clock = std::chrono::steady_clock;

// The web server's side; nothing on it waits for longer than a few seconds.
class Client {
public:
    explicit Client(const std::string& path)
        : m_socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(static_cast<void*>(address.sun_path), path.data(), path.size());
        const timeval patience{3, 0};
        ::setsockopt(m_socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        m_connected = ::connect(m_socket.get(), reinterpret_cast<const sockaddr*>(&address),
                                sizeof(address)) == 0;
    }

    [[nodiscard]] bool connected() const { return m_connected; }

    void send(const std::string& bytes) const {
        (void)::send(m_socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    // What comes until the end of one request, or of the connection.
    [[nodiscard]] std::string answer() {
        std::string bytes;
        while (bytes.find(record(k_end, k_completed)) == std::string::npos && receive(bytes)) {
        }
        return bytes;
    }

    // Whether the other side has ended the connection, now or within our patience.
    [[nodiscard]] bool is_ended() {
        std::string ignored;
        while (receive(ignored)) {
        }
        return m_ended;
    }

    // Whether nothing is there to read, not even an end.
    [[nodiscard]] bool is_open() const {
        char byte = 0;
        return ::recv(m_socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
    }

private:
    bool receive(std::string& bytes) {
        char buffer[4096];
        const ssize_t size = ::recv(m_socket.get(), buffer, sizeof(buffer), 0);
        m_ended = size == 0 || (size < 0 && errno != EAGAIN);
        bytes.append(buffer, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        return size > 0;
    }

    Descriptor m_socket;
    bool m_connected = false;
    bool m_ended = false;
};

bool is_token(const std::string& answer) {
    return answer.find("Status: 200 OK\r\n") != std::string::npos;
}

const std::string k_request = post("clientID=x", 1);
const std::string k_half = k_request.substr(0, k_request.size() / 2);
const std::string k_rest = k_request.substr(k_request.size() / 2);

// A worker in a thread of its own, on a socket in a directory of its own.
class Serving {
public:
    explicit Serving(const Limits& limits = {})
        : m_path(m_directory.path("socket")),
          m_listener(Listener::open("unix:" + m_path)),
          m_worker(m_listener.fd(), m_handlers, limits) {}
    ~Serving() { stop(); }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

    Serving& start() {
        m_thread = std::thread([this] {
            try {
                m_worker.run();
            } catch (const std::exception& error) {
                m_failure = error.what();
            }
        });
        return *this;
    }

    // Gives how long it took.
    std::chrono::milliseconds stop() {
        const auto start = Clock::now();
        m_worker.stop();
        if (m_thread.joinable()) {
            m_thread.join();
        }
        return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
    }

    void begin_stop() {
        m_worker.stop();
        m_worker.wait_until_accepting_ended();
    }

    // What run() threw. After stop().
    [[nodiscard]] const std::string& failure() const { return m_failure; }
    [[nodiscard]] Counts counts() const { return m_worker.counts(); }
    [[nodiscard]] const std::string& path() const { return m_path; }
    [[nodiscard]] Client connect() const { return Client(m_path); }

    // A connection that has had an answer, and is kept.
    [[nodiscard]] Client connect_idle() const {
        Client client = connect();
        client.send(k_request);
        BOOST_REQUIRE(is_token(client.answer()));
        return client;
    }

    // One request on a connection of its own.
    [[nodiscard]] std::string ask(const std::string& request = k_request) const {
        Client client = connect();
        client.send(request);
        return client.answer();
    }

private:
    TemporaryDirectory m_directory;
    std::string m_path;
    Listener m_listener;
    SharedHandlers m_handlers{builtin_handler()};
    Worker m_worker;
    std::thread m_thread;
    std::string m_failure;
};

// Whether a worker that has waited so often in that time did not rest between; one that spins waits
// many times in each millisecond.
bool spins(int waits, Clock::duration time) {
    return waits > 100 + time / 1ms;
}

// Whether it becomes true within a few seconds.
bool soon(const std::function<bool()>& condition) {
    for (const auto deadline = Clock::now() + 3s; Clock::now() < deadline;) {
        if (condition()) {
            return true;
        }
        std::this_thread::sleep_for(5ms);
    }
    return false;
}

Limits quick() {
    Limits limits;
    limits.request_time = 300ms;
    limits.silent_stop_time = 50ms;
    limits.stop_time = 200ms;
    return limits;
}

// Requests have their time, but neither a stop nor a failure does.
Limits quick_to_recover() {
    Limits limits;
    limits.stop_time = 100ms;
    limits.accept_pause = 20ms;
    return limits;
}

BOOST_AUTO_TEST_CASE(serves_many_connections_at_once) {
    Serving server;
    server.start();
    std::vector<Client> clients;
    for (int i = 0; i < 50; ++i) {
        clients.push_back(server.connect());
        clients.back().send(k_half);
    }
    for (Client& client : clients) {
        client.send(k_rest);
        BOOST_TEST(is_token(client.answer()));
    }
    for (Client& client : clients) {
        client.send(k_request);
        BOOST_TEST(is_token(client.answer()));
    }
    server.stop();
    BOOST_TEST(server.counts().answered == 100U);
}

BOOST_AUTO_TEST_CASE(
    closes_what_is_silent_incomplete_or_refused_for_too_long_and_keeps_what_is_idle) {
    Serving server(quick());
    server.start();
    Client idle = server.connect_idle();
    Client silent = server.connect();
    Client incomplete = server.connect();
    incomplete.send(k_half);
    Client refused = server.connect();
    refused.send("POST /auth HTTP/1.1\r\n\r\n");
    for (Client* client : {&silent, &incomplete, &refused}) {
        BOOST_TEST(client->is_ended());
    }
    BOOST_TEST(idle.is_open());
    idle.send(k_request);
    BOOST_TEST(is_token(idle.answer()));
}

BOOST_AUTO_TEST_CASE(gives_up_a_request_that_comes_too_slowly_byte_by_byte) {
    Serving server(quick());
    server.start();
    Client slow = server.connect();
    std::size_t sent = 0;
    for (; slow.is_open() && sent < k_request.size(); ++sent) {
        slow.send(k_request.substr(sent, 1));
        std::this_thread::sleep_for(10ms);
    }
    BOOST_TEST(slow.is_ended());
    BOOST_TEST(sent < k_request.size());
}

// More than is read in one turn: nothing further comes that would wake the worker again.
BOOST_AUTO_TEST_CASE(comes_back_to_a_connection_with_more_than_a_turns_work) {
    Serving server;
    server.start();
    Client client = server.connect();
    std::string records;
    for (int i = 0; i < 100; ++i) {
        records += record(standard_input, std::string(1000, 'x'));
    }
    client.send(records + k_request);
    BOOST_TEST(is_token(client.answer()));
}

BOOST_AUTO_TEST_CASE(reads_a_flood_away_that_it_has_refused) {
    Serving server;
    server.start();
    Client refused = server.connect();
    // Without a reader it would wait for ever.
    refused.send("POST /auth HTTP/1.1\r\n\r\n" + std::string(4'000'000, 'x'));
    BOOST_TEST(is_token(server.ask()));
}

BOOST_AUTO_TEST_CASE(closes_the_oldest_idle_connection_for_a_newcomer) {
    Limits limits;
    limits.connections = 3;
    Serving server(limits);
    server.start();
    std::vector<Client> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(server.connect());
        clients.back().send(k_request);
        BOOST_TEST(is_token(clients.back().answer()));
    }
    // It is used again, and so not the oldest any more.
    clients[0].send(k_request);
    BOOST_TEST(is_token(clients[0].answer()));
    BOOST_TEST(is_token(server.ask()));
    BOOST_TEST(clients[1].is_ended());
    BOOST_TEST(clients[0].is_open());
    BOOST_TEST(clients[2].is_open());
}

BOOST_AUTO_TEST_CASE(stops_at_once_when_all_are_idle) {
    Serving server;
    server.start();
    Client idle = server.connect_idle();
    BOOST_TEST((server.stop() < 2s));
    BOOST_TEST(idle.is_ended());
}

BOOST_AUTO_TEST_CASE(finishes_what_waits_in_the_backlog_and_what_was_begun) {
    Serving server;
    Client begun = server.connect();
    begun.send(k_half);
    Client waiting = server.connect();
    waiting.send(k_request);
    server.start();
    server.begin_stop();
    BOOST_TEST(is_token(waiting.answer()));
    begun.send(k_rest);
    BOOST_TEST(is_token(begun.answer()));
    BOOST_TEST(begun.is_ended());
    BOOST_TEST((server.stop() < 2s));
}

BOOST_AUTO_TEST_CASE(answers_what_comes_on_a_kept_connection_while_it_lets_the_last_in) {
    Serving server;
    server.start();
    Client kept = server.connect_idle();
    {
        const BeforeCall comes(Call::accept4, [&kept] { kept.send(k_request); });
        server.stop();
    }
    BOOST_TEST(is_token(kept.answer()));
}

BOOST_AUTO_TEST_CASE(waits_for_an_unfinished_request_only_so_long) {
    Serving server(quick_to_recover());
    server.start();
    Client half = server.connect();
    half.send(k_half);
    BOOST_TEST(is_token(server.ask()));
    const auto took = server.stop();
    BOOST_TEST((took >= 100ms));
    BOOST_TEST((took < 2s));
}

BOOST_AUTO_TEST_CASE(is_told_to_stop_before_it_runs) {
    Serving server;
    Client waiting = server.connect();
    waiting.send(k_request);
    server.stop();
    server.start();
    BOOST_TEST(is_token(waiting.answer()));
    BOOST_TEST((server.stop() < 2s));
}

// One call that fails, the first or a later one of a request, or several in a row.
struct Fault : Case {
    Call call;
    int error;
};

const Fault k_faults[] = {
    {{"accept: interrupted"}, Call::accept4, EINTR},
    {{"accept: the peer has gone"}, Call::accept4, ECONNABORTED},
    {{"accept: no descriptor"}, Call::accept4, EMFILE},
    {{"accept: no file"}, Call::accept4, ENFILE},
    {{"accept: no buffer"}, Call::accept4, ENOBUFS},
    {{"accept: no memory"}, Call::accept4, ENOMEM},
    {{"accept: another thread was quicker"}, Call::accept4, EAGAIN},
    {{"accept: a network's error"}, Call::accept4, EPROTO},
    {{"accept: what nobody expects"}, Call::accept4, EINVAL},
    {{"epoll_wait: interrupted"}, Call::epoll_wait, EINTR},
    {{"epoll_ctl: no memory"}, Call::epoll_ctl, ENOMEM},
    {{"epoll_ctl: too many"}, Call::epoll_ctl, ENOSPC},
    {{"recv: interrupted"}, Call::recv, EINTR},
    {{"recv: reset"}, Call::recv, ECONNRESET},
    {{"recv: no memory"}, Call::recv, ENOMEM},
    {{"send: interrupted"}, Call::send, EINTR},
    {{"send: full"}, Call::send, EAGAIN},
    {{"send: the peer has gone"}, Call::send, EPIPE},
    {{"read: interrupted"}, Call::read, EINTR},
    {{"read: nothing there"}, Call::read, EAGAIN},
    {{"read: broken"}, Call::read, EIO},
    {{"write: interrupted"}, Call::write, EINTR},
    {{"write: full"}, Call::write, EAGAIN},
    {{"write: the peer has gone"}, Call::write, EPIPE},
    {{"write: broken"}, Call::write, EIO},
    {{"clock_gettime: no clock"}, Call::clock_gettime, EINVAL},
};

// A whole request, one in two pieces, and one behind a management record: between them they come
// by every call.
void try_all_ways(const Serving& server, const Fault& fault) {
    for (const int way : {0, 1, 2}) {
        Client client = server.connect();
        if (way == 1) {
            client.send(k_half);
            std::this_thread::sleep_for(2ms);
        }
        client.send(way == 2 ? record(get_values, {}, 0) : "");
        client.send(way == 1 ? k_rest : k_request);
        const std::string answer = client.answer();
        // A broken read is the one after which there might be a token that nobody has asked for.
        if (fault.call == Call::read && is_token(answer)) {
            BOOST_TEST(answer.find(record(k_end, k_completed)) != std::string::npos);
        }
    }
}

BOOST_DATA_TEST_CASE(goes_on_after_a_call_that_fails, k_faults, fault) {
    Serving server(quick_to_recover());
    server.start();
    BOOST_TEST(is_token(server.ask()));
    for (const int first : {1, 2, 3}) {
        for (const int times : {1, 5}) {
            const int waits = times_called(Call::epoll_wait);
            const auto start = Clock::now();
            {
                const FailingCall failing(fault.call, fault.error, first, times);
                for (int i = 0; i < 3; ++i) {
                    try_all_ways(server, fault);
                }
                // On a busy machine two pieces may come as one, which needs fewer calls.
                BOOST_TEST(soon([&] {
                    if (!failing.happened()) {
                        try_all_ways(server, fault);
                    }
                    return failing.happened();
                }));
            }
            BOOST_TEST(soon([&server] { return is_token(server.ask()); }));
            BOOST_TEST(!spins(times_called(Call::epoll_wait) - waits, Clock::now() - start));
        }
    }
    server.stop();
    BOOST_TEST(server.failure() == "");
}

// libfcgi's own calls apart, which must give no token then.
BOOST_DATA_TEST_CASE(loses_nothing_by_an_interruption, boost::unit_test::data::make({0, 1, 2}),
                     which) {
    const Call call =
        std::array{Call::accept4, Call::epoll_wait, Call::recv}.at(static_cast<std::size_t>(which));
    Serving server;
    server.start();
    const FailingCall failing(call, EINTR, 1, 5);
    // On a busy machine several are accepted after one wait.
    BOOST_TEST(soon([&] {
        for (int i = 0; i < 5; ++i) {
            BOOST_TEST(is_token(server.ask()));
        }
        return failing.happened();
    }));
}

BOOST_DATA_TEST_CASE(signs_nothing_that_it_could_not_read,
                     boost::unit_test::data::make({EINTR, EAGAIN, EIO}), error) {
    Serving server;
    server.start();
    // libfcgi reads 8 KiB at a time: the second time in the body, or in the parameters.
    const std::string large(9000, 'x');
    for (const std::string& request :
         {post("clientID=x&pad=" + large, 1), post("clientID=x", 1, 1, pair("PAD", large))}) {
        for (const int first : {1, 2}) {
            const FailingCall failing(Call::read, error, first, INT_MAX);
            BOOST_TEST(!is_token(server.ask(request)));
            BOOST_TEST(failing.happened());
        }
    }
    BOOST_TEST(is_token(server.ask()));
}

// A request that fails between its reading and its answer must leave nothing of itself to the next.
BOOST_AUTO_TEST_CASE(answers_the_next_request_alone_after_one_that_failed_half_way) {
    Serving server;
    server.start();
    {
        const FailingCall failing(Call::clock_gettime, EINVAL);
        BOOST_TEST(server.ask(post("clientID=first", 1, 1)) == "");
        BOOST_TEST(failing.happened());
    }
    const std::string answer = server.ask(post("clientID=second", 1, 2));
    BOOST_TEST(content_of(answer, k_stdout, 2).starts_with("Status: 200 OK\r\n"));
    BOOST_TEST(content_of(answer, k_end, 2) == k_completed);
}

BOOST_DATA_TEST_CASE(does_not_spin_while_calls_go_on_failing, k_faults, fault) {
    Serving server(quick_to_recover());
    server.start();
    // Among them one that is idle and one that is unfinished, which might be closed to make room.
    Client idle = server.connect_idle();
    Client half = server.connect();
    half.send(k_half);
    BOOST_TEST(is_token(server.ask()));
    if (fault.error == EINTR || fault.error == ECONNABORTED || fault.error == EAGAIN) {
        return;  // no faults that last: each of them has taken something off the queue
    }
    const int waits = times_called(Call::epoll_wait);
    const auto start = Clock::now();
    {
        const FailingCall failing(fault.call, fault.error, 1, INT_MAX);
        std::vector<Client> waiting;
        for (int i = 0; i < 3; ++i) {
            waiting.push_back(server.connect());
            waiting.back().send(k_request);
        }
        std::this_thread::sleep_for(300ms);
        // A pause is 20 ms, and each connection brings a few wake-ups.
        BOOST_TEST(!spins(times_called(Call::epoll_wait) - waits, Clock::now() - start));
    }
    BOOST_TEST(soon([&server] { return is_token(server.ask()); }));
    server.stop();
    BOOST_TEST(server.failure() == "");
}

BOOST_AUTO_TEST_CASE(makes_room_when_there_is_no_descriptor_left) {
    Serving server;
    server.start();
    Client idle = server.connect_idle();
    const FailingCall failing(Call::accept4, EMFILE, 1, 1);
    BOOST_TEST(is_token(server.ask()));
    BOOST_TEST(failing.happened());
    BOOST_TEST(idle.is_ended());
}

// Whoever runs it must hear of it, since nobody is served any more.
BOOST_AUTO_TEST_CASE(ends_with_an_error_when_it_can_not_wait) {
    Serving server;
    server.start();
    BOOST_TEST(is_token(server.ask()));
    const FailingCall failing(Call::epoll_wait, EBADF, 1, INT_MAX);
    // It waits already; what ends that wait is no reason to stop, so it waits again.
    Client half = server.connect();
    half.send(k_half);
    BOOST_TEST(soon([&failing] { return failing.happened(); }));
    server.stop();
    BOOST_TEST(server.failure().find("epoll_wait") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
