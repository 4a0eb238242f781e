// SPDX-License-Identifier: MIT
#include "roomkey/auth/responder.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <new>
#include <string>

#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;

BOOST_AUTO_TEST_SUITE(responder)

const std::chrono::sys_seconds k_now{std::chrono::seconds(1'700'000'000)};

AuthHandler handler_of(std::string_view policy) {
    const Variables environment{"SCALEDRONE_CHANNEL_ID=channel"};
    return AuthHandler(
        std::make_shared<const Policy>(compile_policy(policy, "policy", environment.parameters())),
        Hs256Signer(test::bytes_of("key")));
}

Answer answer(std::string_view policy, std::initializer_list<std::string> variables,
              RandomSource& random) {
    const Variables storage(variables);
    AuthHandlers handler = handler_of(policy);
    return respond(handler, {storage.parameters(), "", BodyRead::complete}, k_now, random);
}

Answer answer(std::string_view policy, std::initializer_list<std::string> variables) {
    test::FixedRandom random;
    return answer(policy, variables, random);
}

constexpr std::string_view k_policy =
    R"({"claims": {"client": "${form.clientID}", "exp": "${now+60}"},
        "allowed_origins": ["https://chat.example"]})";

BOOST_AUTO_TEST_CASE(writes_a_token) {
    const Answer given = answer(R"({"claims": {"client": "${form.clientID}", "exp": "${now+60}"}})",
                                {"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"});
    BOOST_TEST(given.status == 200);
    BOOST_TEST(given.failure.empty());
    // The signature is that of `openssl dgst -sha256 -hmac key`.
    BOOST_TEST(given.bytes ==
               "Status: 200 OK\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n"
               "Content-Length: 123\r\n"
               "Cache-Control: no-store\r\n"
               "X-Content-Type-Options: nosniff\r\n"
               "\r\n"
               "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
               "eyJjbGllbnQiOiJ4IiwiZXhwIjoxNzAwMDAwMDYwfQ."
               "1iJER-w54fwDA5TaHRBvQ_CZ1gePnI77itHbZPyOAcQ");
}

BOOST_AUTO_TEST_CASE(writes_a_refusal) {
    const Answer given = answer(k_builtin_policy, {"REQUEST_METHOD=GET"});
    BOOST_TEST(given.status == 405);
    BOOST_TEST(given.failure.empty());
    BOOST_TEST(given.bytes ==
               "Status: 405 Method Not Allowed\r\n"
               "Content-Type: text/plain; charset=utf-8\r\n"
               "Content-Length: 28\r\n"
               "Cache-Control: no-store\r\n"
               "X-Content-Type-Options: nosniff\r\n"
               "Allow: POST\r\n"
               "\r\n"
               "Method not allowed: use POST");
}

BOOST_AUTO_TEST_CASE(tells_head_the_length_of_a_body_and_sends_none) {
    const Answer given = answer(k_builtin_policy, {"REQUEST_METHOD=HEAD"});
    BOOST_TEST(given.status == 405);
    BOOST_TEST(given.bytes.find("Content-Length: 28\r\n") != std::string::npos);
    BOOST_TEST(given.bytes.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(writes_a_preflight_without_a_body) {
    const Answer given =
        answer(k_policy, {"REQUEST_METHOD=OPTIONS", "HTTP_ORIGIN=https://chat.example"});
    BOOST_TEST(given.status == 204);
    BOOST_TEST(given.bytes ==
               "Status: 204 No Content\r\n"
               "Cache-Control: no-store\r\n"
               "X-Content-Type-Options: nosniff\r\n"
               "Access-Control-Allow-Methods: POST\r\n"
               "Access-Control-Allow-Headers: Content-Type\r\n"
               "Access-Control-Max-Age: 600\r\n"
               "Access-Control-Allow-Origin: https://chat.example\r\n"
               "Vary: Origin\r\n"
               "\r\n");
}

struct Row {
    int status;
    std::string line;
    Answer given;
};

BOOST_AUTO_TEST_CASE(has_a_status_line_for_every_reason) {
    for (int number = 0; number <= static_cast<int>(Reason::claims_repeat_a_key); ++number) {
        const Reason reason = static_cast<Reason>(number);
        BOOST_TEST(refuse({reason}).bytes.starts_with(
            "Status: " + std::to_string(status_of(reason)) + " "));
    }
}

BOOST_AUTO_TEST_CASE(names_each_status) {
    const Row rows[] = {
        {400, "Bad Request", answer(k_policy, {"REQUEST_METHOD=POST", "QUERY_STRING=a=%"})},
        {401, "Unauthorized",
         answer(R"({"claims": {"a": "${server.ROOMKEY_A}", "exp": "${now+60}"}})",
                {"REQUEST_METHOD=POST"})},
        {413, "Content Too Large",
         answer(k_policy, {"REQUEST_METHOD=POST", "CONTENT_LENGTH=16385"})},
        {422, "Unprocessable Content", answer(k_policy, {"REQUEST_METHOD=POST"})},
    };
    for (const Row& row : rows) {
        BOOST_TEST(row.given.status == row.status);
        BOOST_TEST(row.given.bytes.starts_with("Status: " + std::to_string(row.status) + " " +
                                               row.line + "\r\n"));
    }
    const Variables variables{"REQUEST_METHOD=POST", "CONTENT_TYPE=text/plain"};
    AuthHandlers handler = handler_of(k_policy);
    test::FixedRandom random;
    const Answer given =
        respond(handler, {variables.parameters(), "x", BodyRead::complete}, k_now, random);
    BOOST_TEST(given.bytes.starts_with("Status: 415 Unsupported Media Type\r\n"));
}

const std::string k_500 =
    "Status: 500 Internal Server Error\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 34\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "\r\n"
    "No token can be made at the moment";

BOOST_AUTO_TEST_CASE(turns_an_exception_into_a_fixed_answer_and_keeps_the_reason_for_the_log) {
    test::BrokenRandom broken;
    const Answer given =
        answer(k_builtin_policy, {"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"}, broken);
    BOOST_TEST(given.status == 500);
    BOOST_TEST(given.bytes == k_500);
    BOOST_TEST(given.failure == "no randomness today");
}

class NoMemory : public RandomSource {
public:
    void fill(std::span<unsigned char> /*bytes*/) override { throw std::bad_alloc(); }
};

class Odd : public RandomSource {
public:
    void fill(std::span<unsigned char> /*bytes*/) override { throw 42; }
};

BOOST_AUTO_TEST_CASE(survives_exceptions_of_every_kind) {
    NoMemory no_memory;
    const Answer first =
        answer(k_builtin_policy, {"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"}, no_memory);
    BOOST_TEST(first.bytes == k_500);
    BOOST_TEST(!first.failure.empty());
    Odd odd;
    const Answer second =
        answer(k_builtin_policy, {"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"}, odd);
    BOOST_TEST(second.bytes == k_500);
    BOOST_TEST(second.failure == "unknown exception");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
