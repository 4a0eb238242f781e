// SPDX-License-Identifier: MIT
#include "roomkey/connection_handler.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>

#include <string>
#include <utility>

#include "gateway.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;

BOOST_AUTO_TEST_SUITE(connection_handler)

const std::string k_ok = "Status: 200 OK\r\n";
const std::string k_get_values = record(get_values, pair("FCGI_MPXS_CONNS", ""), 0);

// A worker without its loop: one connection, whose input is handled when a test says so.
struct Handling {
    Handling() { connections.add(std::move(connection.ours)); }

    // True if all of the input was handled.
    bool handle(const std::string& bytes = {}) {
        if (!bytes.empty()) {
            connection.send(bytes);
        }
        return handler.handle_input(fd);
    }
    [[nodiscard]] bool is_in(State state) const { return connections.state_of(fd) == state; }
    [[nodiscard]] bool is_closed() const { return !connections.state_of(fd) && !is_open(fd); }
    [[nodiscard]] std::string stdout_of_answer() const {
        return content_of(connection.received(), k_stdout);
    }

    Connection connection;
    const int fd = connection.ours.get();
    Connections connections;
    SharedHandler handlers{builtin_handler()};
    ConnectionHandler handler{connections, handlers, 64};
};

BOOST_AUTO_TEST_CASE(answers_one_request_after_the_other) {
    Handling one;
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(one.handle(post("clientID=x", 1)));
        BOOST_TEST(one.is_in(State::idle));
        BOOST_TEST(one.stdout_of_answer().starts_with(k_ok));
    }
    BOOST_TEST(one.handler.counts().answered == 3U);
    BOOST_TEST(one.handler.counts().lost == 0U);
}

BOOST_AUTO_TEST_CASE(closes_a_connection_that_is_not_kept) {
    Handling one;
    BOOST_TEST(one.handle(post("clientID=x", 0)));
    BOOST_TEST(one.is_closed());
    BOOST_TEST(one.stdout_of_answer().starts_with(k_ok));
}

BOOST_AUTO_TEST_CASE(keeps_none_when_it_is_told_so) {
    Handling one;
    one.handler.keep_none();
    BOOST_TEST(one.handle(post("clientID=x", 1)));
    BOOST_TEST(one.is_closed());
    BOOST_TEST(one.stdout_of_answer().starts_with(k_ok));
}

BOOST_AUTO_TEST_CASE(does_nothing_when_nothing_has_come) {
    Handling one;
    BOOST_TEST(one.handle());
    BOOST_TEST(one.is_in(State::silent));
}

BOOST_AUTO_TEST_CASE(answers_a_request_that_comes_byte_by_byte) {
    Handling one;
    const std::string request = post("clientID=x", 1);
    SteadyClock::time_point since{};
    for (std::size_t at = 0; at + 1 < request.size(); ++at) {
        BOOST_TEST(one.handle(request.substr(at, 1)));
        BOOST_REQUIRE(one.is_in(State::arriving));
        // Or a peer that sends a byte now and then would never be given up.
        const auto arriving = one.connections.oldest(State::arriving)->since;
        BOOST_TEST((at == 0 || arriving == since));
        since = arriving;
    }
    BOOST_TEST(one.connection.received().empty());
    BOOST_TEST(one.handle(request.substr(request.size() - 1)));
    BOOST_TEST(one.is_in(State::idle));
    BOOST_TEST(one.stdout_of_answer().starts_with(k_ok));
    BOOST_TEST(one.connections.collected(one.fd).empty());
}

BOOST_AUTO_TEST_CASE(closes_after_a_request_with_more_behind_it) {
    Handling one;
    BOOST_TEST(one.handle(post("clientID=x", 1, 1) + post("clientID=y", 1, 2)));
    BOOST_TEST(one.is_closed());
    BOOST_TEST(one.stdout_of_answer().starts_with(k_ok));
}

BOOST_AUTO_TEST_CASE(answers_a_record_in_two_pieces_and_the_request_behind_it) {
    for (std::size_t at = 1; at < k_get_values.size(); ++at) {
        Handling one;
        BOOST_TEST(one.handle(k_get_values.substr(0, at)));
        BOOST_TEST(one.handle(k_get_values.substr(at) + post("clientID=x", 1)));
        BOOST_TEST(one.is_in(State::idle));
        BOOST_TEST(one.handler.counts().answered == 1U);
    }
}

BOOST_AUTO_TEST_CASE(answers_a_record_within_a_request_which_goes_on) {
    Handling one;
    const std::string request = post("clientID=x", 1);
    BOOST_TEST(one.handle(request.substr(0, 16) + k_get_values + begin(2)));
    BOOST_TEST(one.is_in(State::arriving));
    BOOST_TEST(one.connection.received() ==
               record(get_values_result, pair("FCGI_MPXS_CONNS", "0"), 0) +
                   record(k_end, std::string("\0\0\0\0\1\0\0\0", 8), 2));
    BOOST_TEST(one.handle(request.substr(16)));
    BOOST_TEST(one.is_in(State::idle));
    BOOST_TEST(one.stdout_of_answer().starts_with(k_ok));
}

// One peer that sends without an end must leave others their turn.
BOOST_AUTO_TEST_CASE(stops_now_and_then_and_loses_nothing_by_it) {
    for (const std::string& before : {std::string{}, begin().substr(0, 3)}) {
        Handling one;
        std::string many;
        for (int i = 0; i < 100; ++i) {
            many += k_get_values;
        }
        if (!before.empty()) {
            // Collected, as it comes in pieces.
            BOOST_TEST(one.handle(k_get_values.substr(0, 3)));
            many.erase(0, 3);
        }
        int turns = 1;
        for (bool done = one.handle(many + post("clientID=x", 0)); !done; done = one.handle()) {
            ++turns;
        }
        BOOST_TEST(turns > 5);
        BOOST_TEST(turns < 20);
        BOOST_TEST(one.is_closed());
        BOOST_TEST(one.handler.counts().answered == 1U);
    }
}

BOOST_AUTO_TEST_CASE(drains_what_follows_a_refusal_until_the_peer_ends) {
    Handling one;
    const std::string body(16385, '&');
    BOOST_TEST(one.handle(begin(1, 1) + record(params, pair("REQUEST_METHOD", "POST")) +
                          record(params) + record(standard_input, body)));
    BOOST_TEST(one.is_in(State::draining));
    BOOST_TEST(one.stdout_of_answer().starts_with("Status: 413 "));
    BOOST_TEST(one.handle(body));
    BOOST_TEST(one.is_in(State::draining));
    ::shutdown(one.connection.server.get(), SHUT_WR);
    BOOST_TEST(one.handle());
    BOOST_TEST(one.is_closed());
}

BOOST_AUTO_TEST_CASE(refuses_a_body_by_its_size_though_parameters_left_no_room_for_it) {
    for (const std::size_t size : {50'000U, 60'000U, 65'400U}) {
        Handling one;
        const std::string bytes =
            post(std::string(16'000, '&'), 1, 1, pair("HTTP_COOKIE", std::string(size - 300, 'c')));
        BOOST_TEST(one.handle(bytes));
        BOOST_TEST(one.is_in(State::draining));
        BOOST_TEST(one.stdout_of_answer().starts_with("Status: 413 "));
    }
}

BOOST_AUTO_TEST_CASE(closes_when_the_peer_does) {
    for (const std::string& sent : {std::string{}, post("clientID=x", 1).substr(0, 30)}) {
        Handling one;
        if (!sent.empty()) {
            BOOST_TEST(one.handle(sent));
        }
        one.connection.server = Descriptor();
        BOOST_TEST(one.handle());
        BOOST_TEST(one.is_closed());
    }
}

BOOST_AUTO_TEST_CASE(counts_an_answer_that_nobody_takes) {
    // At once, and collected.
    for (const std::size_t at : {std::size_t{0}, std::size_t{20}}) {
        Handling one;
        const std::string request = post("clientID=x", 1);
        if (at > 0) {
            BOOST_TEST(one.handle(request.substr(0, at)));
        }
        one.connection.send(request.substr(at));
        ::shutdown(one.connection.server.get(), SHUT_RD);
        BOOST_TEST(one.handle());
        BOOST_TEST(one.is_closed());
        BOOST_TEST(one.handler.counts().lost == 1U);
        BOOST_TEST(one.handler.counts().answered == 0U);
    }
}

BOOST_AUTO_TEST_CASE(closes_what_is_no_fastcgi) {
    Handling one;
    BOOST_TEST(one.handle("POST /auth HTTP/1.1\r\n\r\n"));
    ::shutdown(one.connection.server.get(), SHUT_WR);
    BOOST_TEST(one.handle());
    BOOST_TEST(one.is_closed());
    BOOST_TEST(one.connection.received().empty());
}

BOOST_AUTO_TEST_CASE(takes_a_new_handler_for_the_next_request) {
    Handling one;
    BOOST_TEST(one.handle(post("clientID=x", 1)));
    const std::string before = one.stdout_of_answer();
    const Variables environment{"SCALEDRONE_CHANNEL_ID=channel"};
    one.handlers.replace(AuthHandler(
        std::make_shared<const Policy>(compile_policy(
            R"({"claims":{"new":"yes","exp":"${now+60}"}})", "policy", environment.parameters())),
        Hs256Signer(bytes_of("key"))));
    BOOST_TEST(one.handle(post("clientID=x", 1)));
    BOOST_TEST(one.stdout_of_answer().size() < before.size());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
