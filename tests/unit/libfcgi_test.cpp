// SPDX-License-Identifier: MIT
// roomkey hands libfcgi connections of its own, by way of struct fields that libfcgi makes no
// promise about. So they are pinned here: with a libfcgi in which they differ, this does not
// compile, or fails, before anything else does.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcgiapp.h>
#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "fastcgi_bytes.hpp"
#include "gateway.hpp"
#include "roomkey/fastcgi.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;
using fastcgi::After;
using fastcgi::Scan;
using fastcgi::Verdict;

static_assert(std::is_standard_layout_v<FCGX_Request>);
static_assert(std::is_same_v<decltype(FCGX_Request::ipcFd), int>);
static_assert(std::is_same_v<decltype(FCGX_Request::keepConnection), int>);
static_assert(std::is_same_v<decltype(FCGX_Request::detached), int>);
static_assert(std::is_same_v<decltype(FCGX_Request::listen_sock), int>);
static_assert(std::is_same_v<decltype(FCGX_Request::envp), char**>);
static_assert(std::is_same_v<decltype(FCGX_Request::in), FCGX_Stream*>);
static_assert(std::is_same_v<decltype(FCGX_Request::out), FCGX_Stream*>);
static_assert(std::is_same_v<decltype(FCGX_Request::err), FCGX_Stream*>);

// libfcgi 2.4.2: two numbers, four pointers, a pointer, eight numbers.
constexpr std::size_t k_numbers = offsetof(FCGX_Request, paramsPtr) + sizeof(void*);
static_assert(offsetof(FCGX_Request, in) == 2 * sizeof(int));
static_assert(offsetof(FCGX_Request, envp) == 2 * sizeof(int) + 3 * sizeof(void*));
static_assert(offsetof(FCGX_Request, ipcFd) == k_numbers);
static_assert(offsetof(FCGX_Request, isBeginProcessed) == k_numbers + sizeof(int));
static_assert(offsetof(FCGX_Request, keepConnection) == k_numbers + 2 * sizeof(int));
static_assert(offsetof(FCGX_Request, listen_sock) == k_numbers + 6 * sizeof(int));
static_assert(offsetof(FCGX_Request, detached) == k_numbers + 7 * sizeof(int));
static_assert(sizeof(FCGX_Request) == k_numbers + 8 * sizeof(int));

BOOST_AUTO_TEST_SUITE(libfcgi)

// The header is that of the compiler's day; this asks the library that is loaded.
BOOST_AUTO_TEST_CASE(sets_the_fields_where_the_header_says) {
    BOOST_REQUIRE(FCGX_Init() == 0);
    FCGX_Request request;
    request.ipcFd = 77;
    request.keepConnection = 77;
    request.detached = 77;
    BOOST_TEST(FCGX_InitRequest(&request, 55, 0) == 0);
    BOOST_TEST(request.listen_sock == 55);
    BOOST_TEST(request.ipcFd == -1);
    BOOST_TEST(request.keepConnection == 0);
    BOOST_TEST(request.detached == 0);
}

After serve(fastcgi::Exchange& exchange, const Connection& connection, Verdict verdict) {
    AuthHandler handler = builtin_handler();
    FixedRandom random;
    return exchange.serve(connection.ours.get(), Scan{verdict, 0, {}}, handler, random);
}

BOOST_AUTO_TEST_CASE(answers_one_request_after_the_other_on_a_kept_connection) {
    const Connection connection;
    fastcgi::Exchange exchange;
    for (const std::size_t id : {1U, 2U, 300U}) {
        connection.send(post("clientID=x", 1, id));
        BOOST_TEST((serve(exchange, connection, Verdict::request) == After::keep));
        const std::string answer = connection.received();
        BOOST_TEST(content_of(answer, k_stdout, id).starts_with("Status: 200 OK\r\n"));
        BOOST_TEST(content_of(answer, k_stderr, id).empty());
        BOOST_TEST(content_of(answer, k_end, id) == k_completed);
    }
    BOOST_TEST(is_open(connection.ours.get()));
}

BOOST_AUTO_TEST_CASE(leaves_a_connection_that_is_not_kept_to_its_owner) {
    const Connection connection;
    fastcgi::Exchange exchange;
    connection.send(post("clientID=x", 0));
    BOOST_TEST((serve(exchange, connection, Verdict::request) == After::close));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
    BOOST_TEST(is_open(connection.ours.get()));
}

BOOST_AUTO_TEST_CASE(answers_many_connections_with_one_exchange) {
    fastcgi::Exchange exchange;
    for (int i = 0; i < 100; ++i) {
        const Connection connection;
        connection.send(post("clientID=c" + std::to_string(i), i % 2 == 0 ? 1 : 0));
        BOOST_TEST((serve(exchange, connection, Verdict::request) ==
                    (i % 2 == 0 ? After::keep : After::close)));
        BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
    }
}

BOOST_AUTO_TEST_CASE(takes_no_variable_over_to_the_next_request) {
    const Connection connection;
    fastcgi::Exchange exchange;
    connection.send(post("", 1, 1, pair("QUERY_STRING", "clientID=x")));
    BOOST_TEST((serve(exchange, connection, Verdict::request) == After::keep));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
    connection.send(post("", 1));
    BOOST_TEST((serve(exchange, connection, Verdict::request) == After::keep));
    BOOST_TEST(
        content_of(connection.received(), k_stdout).ends_with("\r\n\r\nNo clientID defined"));
}

BOOST_AUTO_TEST_CASE(drains_what_nobody_reads_of_a_body_over_the_limit) {
    fastcgi::Exchange exchange;
    const std::string body = std::string(16385 - 10, '&') + "clientID=x";
    {
        const Connection connection;
        connection.send(post(body, 1));
        BOOST_TEST((serve(exchange, connection, Verdict::request) == After::drain));
        BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 413 "));
        BOOST_TEST(is_open(connection.ours.get()));
    }
    {
        const Connection connection;
        connection.send(begin(1, 1) + record(params, pair("REQUEST_METHOD", "POST")) +
                        record(params) + record(standard_input, body + body));
        BOOST_TEST((serve(exchange, connection, Verdict::oversized) == After::drain));
        BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 413 "));
    }
}

// Had a record been cut off in spite of the scan, the half that is there must not be signed.
BOOST_AUTO_TEST_CASE(signs_nothing_of_a_request_that_is_cut_off_anywhere) {
    const std::string whole =
        begin(1, 1) +
        record(params, pair("REQUEST_METHOD", "POST") + pair("QUERY_STRING", "clientID=x")) +
        record(params) + record(standard_input);
    fastcgi::Exchange exchange;
    for (std::size_t size = 1; size < whole.size(); ++size) {
        BOOST_TEST_CONTEXT("cut after " << size << " bytes") {
            Connection connection;
            connection.send(whole.substr(0, size));
            const After after = serve(exchange, connection, Verdict::request);
            BOOST_TEST((after == After::drain || after == After::gone || after == After::lost));
            const std::string answer = content_of(connection.received(), k_stdout);
            // Without its parameters it is not even a POST.
            BOOST_TEST((answer.empty() || answer.starts_with("Status: 400 ") ||
                        answer.starts_with("Status: 405 ")));
            if (after == After::gone) {
                BOOST_TEST(!is_open(connection.ours.get()));
                connection.ours.release();
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(signs_nothing_of_a_body_that_is_cut_off_anywhere) {
    const std::string head =
        begin(1, 1) +
        record(params, pair("REQUEST_METHOD", "POST") +
                           pair("CONTENT_TYPE", "application/x-www-form-urlencoded")) +
        record(params);
    const std::string body =
        record(standard_input, "clientID=bcI:GPhz6A2T") + record(standard_input);
    fastcgi::Exchange exchange;
    for (std::size_t size = 0; size < body.size(); ++size) {
        BOOST_TEST_CONTEXT("cut after " << size << " bytes") {
            const Connection connection;
            connection.send(head + body.substr(0, size));
            BOOST_TEST((serve(exchange, connection, Verdict::request) == After::drain));
            BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 400 "));
        }
    }
}

BOOST_AUTO_TEST_CASE(works_again_after_input_that_was_broken) {
    fastcgi::Exchange exchange;
    Connection broken;
    broken.send("this is no FastCGI, and it is long enough for a record");
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST((serve(exchange, broken, Verdict::request) == After::gone));
    // libfcgi would linger for two seconds, were the connection not said to be detached.
    BOOST_TEST((std::chrono::steady_clock::now() - start < std::chrono::seconds(1)));
    BOOST_TEST(!is_open(broken.ours.get()));
    broken.ours.release();
    const Connection connection;
    connection.send(post("clientID=x", 1));
    BOOST_TEST((serve(exchange, connection, Verdict::request) == After::keep));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
}

BOOST_AUTO_TEST_CASE(answers_500_when_something_breaks_and_goes_on) {
    const Connection connection;
    fastcgi::Exchange exchange;
    AuthHandler handler = builtin_handler();
    BrokenRandom broken;
    connection.send(post("clientID=x", 1, 1, pair("ROOMKEY_REQUEST_ID", "0a1b-2.c_d")));
    BOOST_TEST((exchange.serve(connection.ours.get(), Scan{Verdict::request, 0, {}}, handler,
                               broken) == After::keep));
    const std::string answer = connection.received();
    BOOST_TEST(content_of(answer, k_stdout).starts_with("Status: 500 "));
    BOOST_TEST(answer.find("randomness") == std::string::npos);
    connection.send(post("clientID=x", 1));
    BOOST_TEST((serve(exchange, connection, Verdict::request) == After::keep));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
}

BOOST_AUTO_TEST_CASE(tells_an_answer_that_nobody_takes) {
    fastcgi::Exchange exchange;
    Connection connection;
    connection.send(post("clientID=x", 1));
    connection.server = Descriptor();
    BOOST_TEST((serve(exchange, connection, Verdict::request) == After::lost));
    BOOST_TEST(is_open(connection.ours.get()));
}

BOOST_AUTO_TEST_CASE(waits_for_no_peer_that_reads_nothing) {
    fastcgi::Exchange exchange;
    const Connection connection;
    connection.send(post("clientID=x", 1));
    const std::string filler(1 << 16, '\0');
    while (::send(connection.ours.get(), filler.data(), filler.size(), MSG_DONTWAIT) > 0) {
    }
    BOOST_TEST((serve(exchange, connection, Verdict::request) == After::lost));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
