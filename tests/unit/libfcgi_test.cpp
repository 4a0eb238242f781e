// SPDX-License-Identifier: MIT
// roomkey hands libfcgi descriptors of its own, by way of struct fields that libfcgi makes no
// promise about. So they are pinned here: with a libfcgi in which they differ, this does not
// compile, or fails, before anything else does.
#include <boost/test/unit_test.hpp>

#include <fcgiapp.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include "fastcgi_bytes.hpp"
#include "gateway.hpp"
#include "roomkey/gateway/fastcgi.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;
using fastcgi::ConnectionFate;
using fastcgi::LibfcgiRequest;
using fastcgi::ReceivedRequest;

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

// A whole request that a reader has put together.
ReceivedRequest received(const std::string& parameters, const std::string& body,
                         bool keeps_connection = true, unsigned id = 1) {
    return {id, keeps_connection, parameters, body, {}, true};
}

std::string post_parameters(const std::string& body, const std::string& more = {}) {
    return pair("REQUEST_METHOD", "POST") +
           pair("CONTENT_TYPE", "application/x-www-form-urlencoded") +
           pair("CONTENT_LENGTH", std::to_string(body.size())) + more;
}

ReceivedRequest received_post(const std::string& body, bool keeps_connection = true,
                              unsigned id = 1, const std::string& more = {}) {
    return received(post_parameters(body, more), body, keeps_connection, id);
}

ConnectionFate answer(LibfcgiRequest& libfcgi, const Connection& connection,
                      const ReceivedRequest& request) {
    AuthHandlers handlers = builtin_handler();
    FixedRandom random;
    return libfcgi.answer(connection.ours.get(), request, handlers, random);
}

BOOST_AUTO_TEST_CASE(answers_one_request_after_the_other_on_a_kept_connection) {
    const Connection connection;
    LibfcgiRequest libfcgi;
    for (const unsigned id : {1U, 2U, 300U}) {
        BOOST_TEST((answer(libfcgi, connection, received_post("clientID=x", true, id)) ==
                    ConnectionFate::keep));
        const std::string records = connection.received();
        BOOST_TEST(content_of(records, k_stdout, id).starts_with("Status: 200 OK\r\n"));
        BOOST_TEST(content_of(records, k_stderr, id).empty());
        BOOST_TEST(content_of(records, k_end, id) == k_completed);
    }
    BOOST_TEST(is_open(connection.ours.get()));
}

BOOST_AUTO_TEST_CASE(leaves_a_connection_that_is_not_kept_to_its_owner) {
    const Connection connection;
    LibfcgiRequest libfcgi;
    BOOST_TEST(
        (answer(libfcgi, connection, received_post("clientID=x", false)) == ConnectionFate::close));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
    BOOST_TEST(is_open(connection.ours.get()));
}

BOOST_AUTO_TEST_CASE(answers_many_connections_with_one_pipe) {
    LibfcgiRequest libfcgi;
    for (int i = 0; i < 100; ++i) {
        const Connection connection;
        BOOST_TEST((answer(libfcgi, connection,
                           received_post("clientID=c" + std::to_string(i), i % 2 == 0)) ==
                    (i % 2 == 0 ? ConnectionFate::keep : ConnectionFate::close)));
        BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
    }
}

BOOST_AUTO_TEST_CASE(takes_no_variable_over_to_the_next_request) {
    const Connection connection;
    LibfcgiRequest libfcgi;
    (void)answer(libfcgi, connection,
                 received_post("", true, 1, pair("QUERY_STRING", "clientID=x")));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
    (void)answer(libfcgi, connection, received_post(""));
    BOOST_TEST(
        content_of(connection.received(), k_stdout).ends_with("\r\n\r\nNo clientID defined"));
}

BOOST_AUTO_TEST_CASE(hands_over_the_largest_request) {
    const Connection connection;
    LibfcgiRequest libfcgi;
    const std::string body = "clientID=x" + std::string(k_max_body - 10, '&');
    const std::string some = post_parameters(body, pair("QUERY_STRING", "also=y"));
    const std::string large =
        pair("X", std::string(fastcgi::k_max_parameters - some.size() - 6, 'x')) + some;
    BOOST_TEST(large.size() == fastcgi::k_max_parameters);
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST((answer(libfcgi, connection, received(large, body)) == ConnectionFate::keep));
        BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
    }
}

BOOST_AUTO_TEST_CASE(drains_after_a_refusal_before_the_end) {
    const Connection connection;
    LibfcgiRequest libfcgi;
    ReceivedRequest large = received_post(std::string(k_max_body + 1, '&'));
    large.is_whole = false;
    BOOST_TEST((answer(libfcgi, connection, large) == ConnectionFate::drain));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 413 "));
    ReceivedRequest unread;
    unread.id = 1;
    unread.refusal = Refusal{Reason::parameters_too_long};
    BOOST_TEST((answer(libfcgi, connection, unread) == ConnectionFate::drain));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 431 "));
}

// What is refused unread is not read by anybody.
BOOST_AUTO_TEST_CASE(keeps_malformed_parameters_from_libfcgi) {
    const Connection connection;
    LibfcgiRequest libfcgi;
    ReceivedRequest malformed = received("\x80" + post_parameters("clientID=x"), "clientID=x");
    malformed.refusal = Refusal{Reason::parameters_malformed};
    BOOST_TEST((answer(libfcgi, connection, malformed) == ConnectionFate::keep));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 400 "));
    BOOST_TEST((answer(libfcgi, connection, received_post("clientID=x")) == ConnectionFate::keep));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 "));
}

BOOST_AUTO_TEST_CASE(answers_500_when_something_breaks_and_goes_on) {
    const Connection connection;
    LibfcgiRequest libfcgi;
    AuthHandlers handlers = builtin_handler();
    BrokenRandom broken;
    BOOST_TEST((libfcgi.answer(
                    connection.ours.get(),
                    received_post("clientID=x", true, 1, pair("ROOMKEY_REQUEST_ID", "0a1b-2.c_d")),
                    handlers, broken) == ConnectionFate::keep));
    const std::string records = connection.received();
    BOOST_TEST(content_of(records, k_stdout).starts_with("Status: 500 "));
    BOOST_TEST(records.find("randomness") == std::string::npos);
    (void)answer(libfcgi, connection, received_post("clientID=x"));
    BOOST_TEST(content_of(connection.received(), k_stdout).starts_with("Status: 200 OK\r\n"));
}

BOOST_AUTO_TEST_CASE(tells_an_answer_that_nobody_takes) {
    LibfcgiRequest libfcgi;
    Connection connection;
    connection.server = Descriptor();
    BOOST_TEST((answer(libfcgi, connection, received_post("clientID=x")) == ConnectionFate::lost));
    BOOST_TEST(is_open(connection.ours.get()));
}

BOOST_AUTO_TEST_CASE(waits_for_no_peer_that_reads_nothing) {
    LibfcgiRequest libfcgi;
    const Connection connection;
    const std::string filler(1 << 16, '\0');
    while (::send(connection.ours.get(), filler.data(), filler.size(), MSG_DONTWAIT) > 0) {
    }
    BOOST_TEST((answer(libfcgi, connection, received_post("clientID=x")) == ConnectionFate::lost));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
