// SPDX-License-Identifier: MIT
// What happens when OpenSSL fails, which it never does when asked to. This program's own versions
// of the functions that sign stand in the way of the library's, and fail on demand.
#include <boost/test/unit_test.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "next_function.hpp"
#include "roomkey/auth/responder.hpp"
#include "roomkey/token/jwt.hpp"
#include "support.hpp"

namespace {

using roomkey::test::next;

enum class Fail { nothing, prepare, fetch, create, copy, init, update, final, cut_short };

Fail g_fail = Fail::nothing;

// Fails one function while it lives.
class Failing {
public:
    explicit Failing(Fail what) { g_fail = what; }
    ~Failing() { g_fail = Fail::nothing; }
    Failing(const Failing&) = delete;
    Failing& operator=(const Failing&) = delete;
};

}  // namespace

extern "C" {

int OPENSSL_init_crypto(std::uint64_t options, const OPENSSL_INIT_SETTINGS* settings) {
    return g_fail == Fail::prepare
               ? 0
               : next(&OPENSSL_init_crypto, "OPENSSL_init_crypto")(options, settings);
}

EVP_MAC* EVP_MAC_fetch(OSSL_LIB_CTX* context, const char* algorithm, const char* properties) {
    return g_fail == Fail::fetch
               ? nullptr
               : next(&EVP_MAC_fetch, "EVP_MAC_fetch")(context, algorithm, properties);
}

EVP_MAC_CTX* EVP_MAC_CTX_new(EVP_MAC* mac) {
    return g_fail == Fail::create ? nullptr : next(&EVP_MAC_CTX_new, "EVP_MAC_CTX_new")(mac);
}

EVP_MAC_CTX* EVP_MAC_CTX_dup(const EVP_MAC_CTX* context) {
    return g_fail == Fail::copy ? nullptr : next(&EVP_MAC_CTX_dup, "EVP_MAC_CTX_dup")(context);
}

int EVP_MAC_init(EVP_MAC_CTX* context, const unsigned char* key, std::size_t size,
                 const OSSL_PARAM* parameters) {
    return g_fail == Fail::init
               ? 0
               : next(&EVP_MAC_init, "EVP_MAC_init")(context, key, size, parameters);
}

int EVP_MAC_update(EVP_MAC_CTX* context, const unsigned char* data, std::size_t size) {
    return g_fail == Fail::update ? 0
                                  : next(&EVP_MAC_update, "EVP_MAC_update")(context, data, size);
}

int EVP_MAC_final(EVP_MAC_CTX* context, unsigned char* out, std::size_t* written,
                  std::size_t size) {
    const int result = next(&EVP_MAC_final, "EVP_MAC_final")(context, out, written, size);
    if (g_fail == Fail::final) {
        return 0;  // though everything looks as if it had worked
    }
    if (g_fail == Fail::cut_short) {
        *written = 31;
    }
    return result;
}

}  // extern "C"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(openssl_failure)

BOOST_AUTO_TEST_CASE(makes_no_signer) {
    for (const Fail what : {Fail::prepare, Fail::fetch, Fail::create, Fail::init}) {
        const Failing failing(what);
        BOOST_CHECK_THROW(Hs256Signer(test::bytes_of("key")), std::runtime_error);
    }
}

BOOST_AUTO_TEST_CASE(makes_no_copy) {
    const Hs256Signer signer(test::bytes_of("key"));
    const Failing failing(Fail::copy);
    BOOST_CHECK_THROW(Hs256Signer{signer}, std::runtime_error);
}

BOOST_AUTO_TEST_CASE(makes_no_signature) {
    Hs256Signer signer(test::bytes_of("key"));
    const Hs256Signature expected = signer.sign("message");
    for (const Fail what : {Fail::init, Fail::update, Fail::final, Fail::cut_short}) {
        {
            const Failing failing(what);
            BOOST_CHECK_THROW((void)signer.sign("message"), std::runtime_error);
            BOOST_CHECK_THROW((void)make_token(signer, "e30", "{}"), std::runtime_error);
        }
        // The next one is whole again.
        BOOST_TEST((signer.sign("message") == expected));
    }
}

// A token with an empty signature is one that anybody can write.
BOOST_AUTO_TEST_CASE(answers_500_without_a_token) {
    const test::Variables environment{"SCALEDRONE_CHANNEL_ID=channel"};
    AuthHandlers handler =
        AuthHandler(std::make_shared<const Policy>(compile_policy(
                        k_builtin_policy, "built-in policy", environment.parameters())),
                    Hs256Signer(test::bytes_of("key")));
    const test::Variables variables{"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"};
    test::FixedRandom random;
    const Request request{variables.parameters(), "", BodyRead::complete};
    for (const Fail what : {Fail::init, Fail::update, Fail::final, Fail::cut_short}) {
        const Failing failing(what);
        const Answer answer = respond(handler, request, {}, random);
        BOOST_TEST(answer.status == 500);
        BOOST_TEST(answer.bytes.ends_with("\r\n\r\nNo token can be made at the moment"));
        BOOST_TEST(answer.bytes.find("HMAC") == std::string::npos);
        BOOST_TEST(answer.failure == "HMAC-SHA256 failed");
    }
    BOOST_TEST(respond(handler, request, {}, random).status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
