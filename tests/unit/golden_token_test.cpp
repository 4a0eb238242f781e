// SPDX-License-Identifier: MIT
// One token, byte for byte: with a fixed key, time and randomness nothing is left to chance.
#include <boost/test/unit_test.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>
#include <memory>
#include <string>

#include "roomkey/auth/auth_handler.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;

BOOST_AUTO_TEST_SUITE(golden_token)

constexpr std::string_view k_key = "golden secret of 32 bytes length";
constexpr std::string_view k_header = R"({"alg":"HS256","typ":"JWT"})";
// The keys are in the order in which the policy file sorts, placeholders and all.
constexpr std::string_view k_claims =
    R"({"channel":"yhdbDoQ3LMRyYcvk","client":"bcI:GPhz6A2T",)"
    R"("data":{"color":"#ec0000","name":"amber_acorn"},"exp":1700000180,)"
    R"("permissions":{"^observable-room$":{"publish":true,"subscribe":true},)"
    R"("^private-room-bcI:GPhz6A2T$":{"publish":false,"subscribe":true},)"
    R"("^private-room-(?!bcI:GPhz6A2T$).+$":{"publish":true,"subscribe":false}}})";

std::string minted() {
    const Variables environment{"SCALEDRONE_CHANNEL_ID=yhdbDoQ3LMRyYcvk"};
    AuthHandler handler(std::make_shared<const Policy>(compile_policy(
                            k_builtin_policy, "built-in policy", environment.parameters())),
                        Hs256Signer(test::bytes_of(k_key)));
    const std::string body = "clientID=bcI%3AGPhz6A2T";
    const Variables variables{"REQUEST_METHOD=POST",
                              "CONTENT_TYPE=application/x-www-form-urlencoded",
                              "CONTENT_LENGTH=" + std::to_string(body.size())};
    test::FixedRandom random;
    return handler
        .answer({variables.parameters(), body, BodyRead::complete},
                std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000)), random)
        .body;
}

// base64url by OpenSSL's base64, so that nothing of ours checks itself.
std::string encoded(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    text.resize(static_cast<std::size_t>(
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), test::bytes_of(bytes).data(),
                        static_cast<int>(bytes.size()))));
    while (text.ends_with('=')) {
        text.pop_back();
    }
    for (char& c : text) {
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    return text;
}

std::string signed_by_openssl(std::string_view header, std::string_view claims) {
    const std::string input = encoded(header) + "." + encoded(claims);
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    BOOST_REQUIRE(HMAC(EVP_sha256(), k_key.data(), static_cast<int>(k_key.size()),
                       test::bytes_of(input).data(), input.size(), mac.data(), &size) != nullptr);
    return input + "." + encoded({reinterpret_cast<const char*>(mac.data()), size});
}

BOOST_AUTO_TEST_CASE(is_the_one_in_the_data_file) {
    BOOST_TEST(minted() == test::read_line("golden_token.txt"));
}

BOOST_AUTO_TEST_CASE(is_the_one_that_openssl_signs) {
    BOOST_TEST(minted() == signed_by_openssl(k_header, k_claims));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
