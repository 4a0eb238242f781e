// SPDX-License-Identifier: MIT
#include "roomkey/gateway/connection_handler.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/socket.h>

#include <string>
#include <utility>
#include <vector>

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
    [[nodiscard]] bool is_in(ConnectionState state) const {
        return connections.state_of(fd) == state;
    }
    [[nodiscard]] bool is_closed() const { return !connections.state_of(fd) && !is_open(fd); }
    [[nodiscard]] std::string stdout_of_answer() const {
        return content_of(connection.received(), k_stdout);
    }

    Connection connection;
    const int fd = connection.ours.get();
    Connections connections;
    SharedHandlers handlers{builtin_handler()};
    Limits limits;
    ConnectionHandler handler{connections, handlers, limits};
};

BOOST_AUTO_TEST_CASE(answers_one_request_after_the_other) {
    Handling one;
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(one.handle(post("clientID=x", 1)));
        BOOST_TEST(one.is_in(ConnectionState::idle));
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
    one.handler.stop_keeping();
    BOOST_TEST(one.handle(post("clientID=x", 1)));
    BOOST_TEST(one.is_closed());
    BOOST_TEST(one.stdout_of_answer().starts_with(k_ok));
}

BOOST_AUTO_TEST_CASE(does_nothing_when_nothing_has_come) {
    Handling one;
    BOOST_TEST(one.handle());
    BOOST_TEST(one.is_in(ConnectionState::silent));
}

BOOST_AUTO_TEST_CASE(answers_a_request_that_comes_byte_by_byte) {
    Handling one;
    const std::string request = post("clientID=x", 1);
    SteadyClock::time_point since{};
    for (std::size_t at = 0; at + 1 < request.size(); ++at) {
        BOOST_TEST(one.handle(request.substr(at, 1)));
        BOOST_REQUIRE(one.is_in(ConnectionState::arriving));
        // Or a peer that sends a byte now and then would never be given up.
        const auto arriving = one.connections.oldest(ConnectionState::arriving)->since;
        BOOST_TEST((at == 0 || arriving == since));
        since = arriving;
    }
    BOOST_TEST(one.connection.received().empty());
    BOOST_TEST(one.handle(request.substr(request.size() - 1)));
    BOOST_TEST(one.is_in(ConnectionState::idle));
    BOOST_TEST(one.stdout_of_answer().starts_with(k_ok));
    BOOST_TEST(one.connections.buffered() == 0U);
}

BOOST_AUTO_TEST_CASE(answers_requests_that_follow_at_once) {
    Handling one;
    const std::string both = post("clientID=x", 1, 1) + post("clientID=y", 1, 2);
    BOOST_TEST(one.handle(both + both.substr(0, 20)));
    BOOST_TEST(one.is_in(ConnectionState::arriving));
    BOOST_TEST(one.handle(both.substr(20)));
    BOOST_TEST(one.is_in(ConnectionState::idle));
    BOOST_TEST(one.handler.counts().answered == 4U);
}

// The time of a request counts from its own first byte, and not from that of the one before.
BOOST_AUTO_TEST_CASE(begins_the_time_of_the_next_request_anew) {
    Handling one;
    const std::string request = post("clientID=x", 1);
    BOOST_TEST(one.handle(request.substr(0, 20)));
    const auto first = one.connections.oldest(ConnectionState::arriving)->since;
    BOOST_TEST(one.handle(request.substr(20) + request.substr(0, 20)));
    BOOST_TEST((one.connections.oldest(ConnectionState::arriving)->since > first));
}

BOOST_AUTO_TEST_CASE(answers_what_is_there_before_it_keeps_none) {
    Handling one;
    one.handler.stop_keeping();
    const std::string request = post("clientID=x", 1);
    BOOST_TEST(one.handle(request + request + request.substr(0, 20)));
    BOOST_TEST(one.is_in(ConnectionState::arriving));
    BOOST_TEST(one.handle(request.substr(20)));
    BOOST_TEST(one.is_closed());
    BOOST_TEST(one.handler.counts().answered == 3U);
}

BOOST_AUTO_TEST_CASE(answers_a_record_in_two_pieces_and_the_request_behind_it) {
    for (std::size_t at = 1; at < k_get_values.size(); ++at) {
        Handling one;
        BOOST_TEST(one.handle(k_get_values.substr(0, at)));
        BOOST_TEST(one.handle(k_get_values.substr(at) + post("clientID=x", 1)));
        BOOST_TEST(one.is_in(ConnectionState::idle));
        BOOST_TEST(one.handler.counts().answered == 1U);
    }
}

BOOST_AUTO_TEST_CASE(answers_a_record_within_a_request_which_goes_on) {
    Handling one;
    const std::string request = post("clientID=x", 1);
    BOOST_TEST(one.handle(request.substr(0, 16) + k_get_values + begin(2)));
    BOOST_TEST(one.is_in(ConnectionState::arriving));
    BOOST_TEST(one.connection.received() ==
               record(get_values_result, pair("FCGI_MPXS_CONNS", "0"), 0) +
                   record(k_end, std::string("\0\0\0\0\1\0\0\0", 8), 2));
    BOOST_TEST(one.handle(request.substr(16)));
    BOOST_TEST(one.is_in(ConnectionState::idle));
    BOOST_TEST(one.stdout_of_answer().starts_with(k_ok));
}

// One peer that sends without an end must leave others their turn.
BOOST_AUTO_TEST_CASE(stops_now_and_then_and_loses_nothing_by_it) {
    for (const std::size_t at : {std::size_t{0}, std::size_t{3}}) {
        Handling one;
        std::string many;
        for (int i = 0; i < 100; ++i) {
            many += record(standard_input, std::string(1000, 'x'));
        }
        many += post("clientID=x", 0);
        if (at > 0) {
            BOOST_TEST(one.handle(many.substr(0, at)));
        }
        int turns = 1;
        for (bool done = one.handle(many.substr(at)); !done; done = one.handle()) {
            ++turns;
        }
        BOOST_TEST(turns > 2);
        BOOST_TEST(turns < 20);
        BOOST_TEST(one.is_closed());
        BOOST_TEST(one.handler.counts().answered == 1U);
    }
}

BOOST_AUTO_TEST_CASE(answers_the_largest_request_and_says_what_is_larger) {
    const std::string body = "clientID=x" + std::string(16'374, '&');
    for (const auto& [size, status] : {std::pair(50'000U, "200"), std::pair(65'200U, "200"),
                                       std::pair(65'500U, "431"), std::pair(100'000U, "431")}) {
        Handling one;
        const std::string cookie = pair("HTTP_COOKIE", std::string(size, 'c'));
        std::string bytes = post(body, 1, 1);
        bytes.insert(
            16, record(params, cookie.substr(0, 40'000)) + record(params, cookie.substr(40'000)));
        for (std::size_t at = 0; at < bytes.size(); at += 30'000) {
            BOOST_TEST(one.handle(bytes.substr(at, 30'000)));
        }
        BOOST_TEST(one.stdout_of_answer().starts_with(std::string("Status: ") + status));
        BOOST_TEST(one.is_in(status == std::string("200") ? ConnectionState::idle
                                                          : ConnectionState::draining));
    }
}

// The one that has waited longest goes, also if it is the one whose bytes have just come.
BOOST_AUTO_TEST_CASE(closes_the_oldest_where_half_sent_requests_hold_too_much) {
    Handling one;
    one.limits.buffered = 100'000;
    ConnectionHandler handler(one.connections, one.handlers, one.limits);
    Connection others[3];
    std::vector<int> fds{one.fd};
    for (Connection& other : others) {
        fds.push_back(other.ours.get());
        one.connections.add(std::move(other.ours));
    }
    const std::string half = begin() + record(params, std::string(40'000, 'x')).substr(0, 25'000);
    const auto send = [&](const Connection& from, int fd, const std::string& bytes) {
        from.send(bytes);
        return handler.handle_input(fd);
    };
    BOOST_TEST(send(one.connection, fds[0], half));
    BOOST_TEST(send(others[0], fds[1], half));
    BOOST_TEST(send(others[1], fds[2], half));
    BOOST_TEST(one.connections.size() == 4U);
    BOOST_TEST(send(others[2], fds[3], half));
    BOOST_TEST(one.is_closed());
    BOOST_TEST(send(others[0], fds[1], half.substr(16, 14'000)));
    BOOST_TEST(!one.connections.state_of(fds[1]).has_value());
    BOOST_TEST(one.connections.buffered() <= 100'000U);
    BOOST_TEST(one.connections.size() == 2U);
}

BOOST_AUTO_TEST_CASE(drains_what_follows_a_refusal_until_the_peer_ends) {
    Handling one;
    const std::string body(16385, '&');
    BOOST_TEST(one.handle(begin(1, 1) + record(params, pair("REQUEST_METHOD", "POST")) +
                          record(params) + record(standard_input, body)));
    BOOST_TEST(one.is_in(ConnectionState::draining));
    BOOST_TEST(one.stdout_of_answer().starts_with("Status: 413 "));
    BOOST_TEST(one.handle(body));
    BOOST_TEST(one.is_in(ConnectionState::draining));
    ::shutdown(one.connection.server.get(), SHUT_WR);
    BOOST_TEST(one.handle());
    BOOST_TEST(one.is_closed());
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
