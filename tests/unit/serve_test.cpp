// SPDX-License-Identifier: MIT
// The server as a whole, as far as it can be had in a thread. What its process does is in
// tests/process/05-signals.test.js and 09-restart-and-reload.test.js.
#include "roomkey/gateway/serve.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <optional>
#include <string>
#include <thread>

#include "gateway.hpp"
#include "roomkey/text/errors.hpp"
#include "temporary.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;

BOOST_AUTO_TEST_SUITE(serve)

// serve() in a thread of its own, to which signals are sent: those of the process stay blocked
// meanwhile, as nothing else here waits for them.
class Serving {
public:
    Serving() {
        sigset_t signals;
        ::sigfillset(&signals);
        ::pthread_sigmask(SIG_BLOCK, &signals, &m_before);
        m_thread = std::thread([this] {
            constexpr unsigned k_threads = 3;
            m_status = roomkey::serve(
                [this] { return Listener::open("unix:" + path()); }, k_threads, Limits{},
                [this] {
                    return m_is_good ? builtin_handler() : throw ConfigError({"bad on purpose"});
                });
        });
    }
    ~Serving() {
        if (m_thread.joinable()) {
            stop(SIGTERM);
        }
        ::pthread_sigmask(SIG_SETMASK, &m_before, nullptr);
    }
    Serving(const Serving&) = delete;
    Serving& operator=(const Serving&) = delete;

    void signal(int number) { ::pthread_kill(m_thread.native_handle(), number); }

    int stop(int number) {
        signal(number);
        m_thread.join();
        return m_status.value();
    }

    [[nodiscard]] std::string path() const { return m_directory.path("socket"); }
    // What the next reload finds.
    void set_good(bool good) { m_is_good = good; }

    // The answer to a request on a connection of its own, for which it may have to wait.
    [[nodiscard]] std::string ask() const {
        const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(static_cast<void*>(address.sun_path), path().data(), path().size());
        for (int i = 0; ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                                  sizeof(address)) != 0;
             ++i) {
            BOOST_REQUIRE(i < 1000);
            ::usleep(5000);
        }
        const std::string request = post("clientID=x", 0);
        (void)::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
        std::string bytes(4096, '\0');
        const ssize_t size = ::recv(socket.get(), bytes.data(), bytes.size(), MSG_WAITALL);
        bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return content_of(bytes, k_stdout);
    }

private:
    TemporaryDirectory m_directory;
    std::atomic<bool> m_is_good = true;
    sigset_t m_before{};
    std::optional<int> m_status;
    std::thread m_thread;
};

BOOST_DATA_TEST_CASE(ends_with_0_at_each_of_its_signals,
                     boost::unit_test::data::make({SIGTERM, SIGINT, SIGUSR1}), number) {
    Serving server;
    BOOST_TEST(server.ask().starts_with("Status: 200 OK\r\n"));
    BOOST_TEST(server.stop(number) == 0);
    BOOST_TEST(::access(server.path().c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(does_not_miss_a_signal_that_comes_before_it_waits) {
    Serving server;
    BOOST_TEST(server.stop(SIGTERM) == 0);
}

BOOST_AUTO_TEST_CASE(serves_on_after_reloads_good_and_bad) {
    Serving server;
    const std::string before = server.ask();
    BOOST_TEST(before.starts_with("Status: 200 OK\r\n"));
    server.signal(SIGHUP);
    BOOST_TEST(server.ask().starts_with("Status: 200 OK\r\n"));
    server.set_good(false);
    server.signal(SIGHUP);
    BOOST_TEST(server.ask().starts_with("Status: 200 OK\r\n"));
    BOOST_TEST(server.stop(SIGTERM) == 0);
}

BOOST_AUTO_TEST_CASE(does_not_start_with_a_bad_configuration_and_leaves_no_socket) {
    const TemporaryDirectory directory;
    sigset_t before;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &before);
    const auto load = []() -> AuthHandlers { throw ConfigError({"bad on purpose"}); };
    BOOST_CHECK_THROW(
        (void)roomkey::serve([&] { return Listener::open("unix:" + directory.path("socket")); }, 1,
                             Limits{}, load),
        ConfigError);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    BOOST_TEST(::access(directory.path("socket").c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
