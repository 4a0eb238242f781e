// SPDX-License-Identifier: MIT
// What happens when there is no memory. This program's own allocators, for C++ and for OpenSSL,
// stand in the way of the library's, and refuse what they are told to: each allocation in turn.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <openssl/crypto.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "roomkey/auth/responder.hpp"
#include "support.hpp"

namespace {

enum class Refusing { nothing, one, all };

Refusing g_refusing = Refusing::nothing;
std::size_t g_before_that = 0;
// How often memory was asked for by us, and by OpenSSL; other suites have threads.
std::atomic<std::size_t> g_asked{0};
std::atomic<std::size_t> g_openssl_asked{0};

bool refused(std::atomic<std::size_t>& asked) {
    ++asked;
    if (g_refusing == Refusing::nothing) {
        return false;
    }
    if (g_before_that > 0) {
        --g_before_that;
        return false;
    }
    if (g_refusing == Refusing::one) {
        g_refusing = Refusing::nothing;
    }
    return true;
}

void* take(std::size_t size) {
    void* memory = refused(g_asked) ? nullptr : std::malloc(size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

int g_openssl_is_ours = 0;

// OpenSSL takes these before its first allocation only, so they are set before any test's
// constants.
[[gnu::constructor(101)]] void stand_in_the_way_of_openssl() {
    g_openssl_is_ours = CRYPTO_set_mem_functions(
        [](std::size_t size, const char* /*file*/, int /*line*/) {
            return refused(g_openssl_asked) ? nullptr : std::malloc(size);
        },
        [](void* memory, std::size_t size, const char* /*file*/, int /*line*/) {
            return refused(g_openssl_asked) ? nullptr : std::realloc(memory, size);
        },
        [](void* memory, const char* /*file*/, int /*line*/) { std::free(memory); });
}

}  // namespace

// Not inline: GCC would see memory of `new` go to free(), and warn of it.
[[gnu::noinline]] void* operator new(std::size_t size) {
    return take(size);
}
[[gnu::noinline]] void* operator new[](std::size_t size) {
    return take(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete[](void* memory, std::size_t /*size*/) noexcept {
    std::free(memory);
}

namespace {

using namespace roomkey;
using test::Variables;

BOOST_AUTO_TEST_SUITE(failing_memory)

// Does something while memory is refused from its allocation number `before_that` on. Gives what it
// gave, and whether that allocation came at all.
template <class Function>
auto while_refusing(Refusing refusing, std::size_t before_that, Function function) {
    std::optional<decltype(function())> result;
    g_before_that = before_that;
    g_refusing = refusing;
    bool came = true;
    try {
        result = function();
        came = refusing == Refusing::one ? g_refusing == Refusing::nothing : g_before_that == 0;
    } catch (const std::bad_alloc&) {
    } catch (const std::runtime_error&) {
        // What OpenSSL can't get, it does not do.
    }
    g_refusing = Refusing::nothing;
    return std::pair(std::move(result), came);
}

struct Row : test::Case {
    std::string content_type;
    std::string body;
};

const std::string k_long_id(100, 'x');

const Row k_rows[] = {
    {{"urlencoded"}, "application/x-www-form-urlencoded", "a=1&clientID=" + k_long_id},
    {{"multipart"},
     "multipart/form-data; boundary=\"a-boundary-of-some-length\"",
     "--a-boundary-of-some-length\r\nContent-Disposition: form-data; name=\"clientID\"\r\n\r\n" +
         k_long_id + "\r\n--a-boundary-of-some-length--"},
    {{"JSON"}, "application/json", R"({"a": "1", "clientID": ")" + k_long_id + "\"}"},
};

AuthHandler make_handler() {
    const Variables environment{"SCALEDRONE_CHANNEL_ID=channel"};
    return AuthHandler(std::make_shared<const Policy>(compile_policy(
                           k_builtin_policy, "built-in policy", environment.parameters())),
                       Hs256Signer(test::bytes_of("key")));
}

Answer answer(AuthHandlers& handler, const Row& row) {
    const std::string type = "CONTENT_TYPE=" + row.content_type;
    const std::array<const char*, 5> variables{"REQUEST_METHOD=POST",
                                               "HTTP_ACCEPT=application/json", "QUERY_STRING=b=2",
                                               type.c_str(), nullptr};
    test::FixedRandom random;
    return respond(handler, {Parameters(variables.data()), row.body, BodyRead::complete}, {},
                   random);
}

constexpr std::string_view k_failure =
    "Status: 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 34\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    "No token can be made at the moment";

BOOST_AUTO_TEST_CASE(stands_in_the_way_of_openssl) {
    BOOST_TEST(g_openssl_is_ours == 1);
}

// A token that was cut short, or that has an empty signature, would be worse than none.
BOOST_DATA_TEST_CASE(answers_500_whichever_allocation_fails, k_rows, row) {
    AuthHandlers handler = make_handler();
    const Answer expected = answer(handler, row);
    BOOST_REQUIRE(expected.status == 200);
    std::size_t failures = 0;
    for (bool came = true; came; ++failures) {
        const auto [given, this_came] =
            while_refusing(Refusing::one, failures, [&] { return answer(handler, row); });
        came = this_came;
        // The answer itself could be had each time but when its own allocation was refused.
        if (given) {
            BOOST_TEST(given->bytes == (came ? k_failure : std::string_view(expected.bytes)));
        }
    }
    BOOST_TEST(failures > 10U);
    BOOST_TEST(answer(handler, row).bytes == expected.bytes);
}

BOOST_DATA_TEST_CASE(gives_no_token_once_all_memory_is_gone, k_rows, row) {
    AuthHandlers handler = make_handler();
    const Answer expected = answer(handler, row);
    for (auto [before, came] = std::pair(std::size_t{0}, true); came; ++before) {
        const auto [given, this_came] =
            while_refusing(Refusing::all, before, [&] { return answer(handler, row); });
        came = this_came && !given;
        if (given) {
            BOOST_TEST((given->bytes == expected.bytes || given->bytes == k_failure));
        }
    }
}

// Says at length what is wrong, and takes away the memory for keeping that.
class Talkative : public RandomSource {
public:
    void fill(std::span<unsigned char> /*bytes*/) override {
        const std::runtime_error error("a reason that no string can hold without an allocation");
        g_before_that = 0;
        g_refusing = Refusing::one;
        throw error;
    }
};

BOOST_AUTO_TEST_CASE(answers_500_though_the_reason_can_not_be_kept) {
    AuthHandlers handler = make_handler();
    const Variables variables{"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"};
    Talkative talkative;
    const Answer given = respond(handler, {variables.parameters(), ""}, {}, talkative);
    g_refusing = Refusing::nothing;
    BOOST_TEST(given.bytes == k_failure);
    BOOST_TEST(given.failure == "out of memory");
}

// What a browser sends, as the web server hands it on. Ours are the list of fields, the token and
// the answer. OpenSSL 3.0 copies the state of its hash for each HMAC, twice; 3.5 copies less.
BOOST_AUTO_TEST_CASE(asks_for_memory_three_times_a_request_and_for_one_signature) {
    AuthHandlers handler = make_handler();
    const Variables variables{
        "REQUEST_METHOD=POST", "QUERY_STRING=",
        "CONTENT_TYPE=multipart/form-data; boundary=----WebKitFormBoundaryxkL7q2Vd0uB3mTzA",
        "HTTP_ACCEPT=*/*", "HTTP_ORIGIN=https://chat.example.com"};
    constexpr std::string_view k_body =
        "------WebKitFormBoundaryxkL7q2Vd0uB3mTzA\r\n"
        "Content-Disposition: form-data; name=\"clientID\"\r\n"
        "\r\n"
        "bcI:GPhz6A2T\r\n"
        "------WebKitFormBoundaryxkL7q2Vd0uB3mTzA--\r\n";
    test::FixedRandom random;
    const Request request{variables.parameters(), k_body};
    // The first one lets the handler's own buffers grow.
    BOOST_TEST(respond(handler, request, {}, random).status == 200);
    Hs256Signer signer(test::bytes_of("key"));
    static_cast<void>(signer.sign("the first one"));
    std::size_t before = g_openssl_asked;
    static_cast<void>(signer.sign("another one"));
    const std::size_t for_one_signature = g_openssl_asked - before;
    BOOST_TEST(for_one_signature <= 2U);

    const std::size_t ours_before = g_asked;
    before = g_openssl_asked;
    const Answer given = respond(handler, request, {}, random);
    BOOST_TEST(g_asked - ours_before == 3U);
    BOOST_TEST(g_openssl_asked - before == for_one_signature);
    BOOST_TEST(given.status == 200);
}

BOOST_AUTO_TEST_CASE(makes_a_signer_that_signs_or_none) {
    const auto sign = [] {
        Hs256Signer signer(test::bytes_of("key"));
        Hs256Signer copy(signer);
        return copy.sign("message");
    };
    const Hs256Signature expected = sign();
    std::size_t failures = 0;
    for (bool came = true; came; ++failures) {
        const auto [signature, this_came] = while_refusing(Refusing::one, failures, sign);
        came = this_came;
        if (signature) {
            BOOST_TEST((*signature == expected));
        }
    }
    BOOST_TEST(failures > 2U);
    BOOST_TEST((sign() == expected));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
