// SPDX-License-Identifier: MIT
#include "roomkey/token/jwt.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "roomkey/text/base64url.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::bytes_of;

BOOST_AUTO_TEST_SUITE(jwt)

// A data file of lines `name value`, with comments.
std::vector<std::pair<std::string, std::string>> read_pairs(const std::string& file) {
    std::vector<std::pair<std::string, std::string>> pairs;
    std::istringstream lines(test::read_data(file));
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with('#')) {
            const std::size_t space = line.find(' ');
            pairs.emplace_back(line.substr(0, space), line.substr(space + 1));
        }
    }
    return pairs;
}

std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

std::string to_hex(const Hs256Signature& signature) {
    constexpr std::string_view k_digits = "0123456789abcdef";
    std::string hex;
    for (const unsigned char byte : signature) {
        hex.append(1, k_digits[byte >> 4U]).append(1, k_digits[byte & 15U]);
    }
    return hex;
}

std::string decoded(const std::string& text) {
    return roomkey::base64url::decode(text).value();
}

BOOST_AUTO_TEST_CASE(signs_the_vectors_of_rfc_4231) {
    std::string key;
    std::string message;
    int checked = 0;
    for (const auto& [name, value] : read_pairs("rfc4231.txt")) {
        if (name == "key") {
            key = from_hex(value);
        } else if (name == "data") {
            message = from_hex(value);
        } else if (name == "mac") {
            Hs256Signer signer(bytes_of(key));
            const std::string mac = to_hex(signer.sign(message));
            BOOST_TEST(mac.size() == 64U);
            BOOST_TEST(mac.substr(0, value.size()) == value);
            ++checked;
        }
    }
    BOOST_TEST(checked == 7);
}

BOOST_AUTO_TEST_CASE(makes_the_token_of_rfc_7515_a_1) {
    const auto pairs = read_pairs("rfc7515_a1.txt");
    BOOST_REQUIRE(pairs.size() == 4U);
    const std::string& header = pairs[1].second;
    const std::string& payload = pairs[2].second;
    BOOST_TEST(decoded(header) == "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}");
    BOOST_TEST(
        decoded(payload) ==
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}");
    Hs256Signer signer(bytes_of(decoded(pairs[0].second)));
    BOOST_TEST(make_token(signer, header, decoded(payload)) ==
               header + "." + payload + "." + pairs[3].second);
}

BOOST_AUTO_TEST_CASE(gives_the_same_signature_each_time) {
    Hs256Signer signer(bytes_of("key"));
    const std::string first = to_hex(signer.sign("one"));
    const std::string other = to_hex(signer.sign("two"));
    BOOST_TEST(first != other);
    BOOST_TEST(to_hex(signer.sign("one")) == first);
    BOOST_TEST(to_hex(signer.sign("two")) == other);
}

BOOST_AUTO_TEST_CASE(works_in_copies_that_are_used_by_turns) {
    auto original = std::make_unique<Hs256Signer>(bytes_of("Jefe"));
    const std::string expected = to_hex(original->sign("message"));
    Hs256Signer first(*original);
    Hs256Signer second(first);
    BOOST_TEST(to_hex(first.sign("something else")) != expected);
    BOOST_TEST(to_hex(second.sign("message")) == expected);
    BOOST_TEST(to_hex(original->sign("message")) == expected);
    original.reset();
    BOOST_TEST(to_hex(first.sign("message")) == expected);
    const Hs256Signer moved(std::move(second));
    Hs256Signer copy_of_moved(moved);
    BOOST_TEST(to_hex(copy_of_moved.sign("message")) == expected);
}

BOOST_AUTO_TEST_CASE(keeps_a_copy_of_the_key) {
    std::string key = "a key that its owner wipes";
    Hs256Signer signer(bytes_of(key));
    const std::string expected = to_hex(signer.sign("message"));
    std::fill(key.begin(), key.end(), '\0');
    BOOST_TEST(to_hex(signer.sign("message")) == expected);
    BOOST_TEST(to_hex(Hs256Signer(signer).sign("message")) == expected);
}

BOOST_AUTO_TEST_CASE(takes_every_byte_of_the_key) {
    const std::string key = test::with_zeros("a\0b");
    Hs256Signer signer(bytes_of(key));
    Hs256Signer shorter(bytes_of("a"));
    BOOST_TEST(to_hex(signer.sign("message")) != to_hex(shorter.sign("message")));
}

BOOST_AUTO_TEST_CASE(signs_an_empty_message_and_a_long_one) {
    Hs256Signer signer(bytes_of("key"));
    // The MACs of `openssl dgst -sha256 -hmac key`.
    BOOST_TEST(to_hex(signer.sign("")) ==
               "5d5d139563c95b5967b9bd9a8c9b233a9dedb45072794cd232dc1b74832607d0");
    BOOST_TEST(to_hex(signer.sign(std::string(1 << 20, 'a'))) ==
               "d26ceee77400256ebbd41cd3c185e338299725ec94963005012ed9df2cfc0c76");
}

BOOST_AUTO_TEST_CASE(makes_tokens_of_three_parts_without_padding) {
    Hs256Signer signer(bytes_of("key"));
    for (std::size_t size = 0; size < 8; ++size) {
        const std::string claims(size, 'x');
        const std::string token = make_token(signer, "e30", claims);
        BOOST_TEST(std::count(token.begin(), token.end(), '.') == 2);
        BOOST_TEST(token.find('=') == std::string::npos);
        const std::size_t last = token.rfind('.');
        BOOST_TEST(decoded(token.substr(4, last - 4)) == claims);
        BOOST_TEST(decoded(token.substr(last + 1)).size() == 32U);
    }
}

// HMAC with an empty key is defined, and everybody can compute it.
BOOST_AUTO_TEST_CASE(refuses_an_empty_key) {
    BOOST_CHECK_THROW(Hs256Signer(std::span<const unsigned char>{}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(reads_back_what_it_signed_and_nothing_else) {
    Hs256Signer signer(test::bytes_of("a key"));
    Hs256Signer other(test::bytes_of("another key"));
    for (const std::string claims : {"{}", "", R"({"a":"b"})", "\xFF. no JSON"}) {
        const std::string token = make_token(signer, "aGVhZGVy", claims);
        BOOST_TEST(verify_token(signer, "aGVhZGVy", token).value_or("none") == claims);
        BOOST_TEST(!verify_token(other, "aGVhZGVy", token));
        BOOST_TEST(!verify_token(signer, "aGVhZGVz", token));
        BOOST_TEST(!verify_token(signer, "aGVh", token));
        BOOST_TEST(!verify_token(signer, token, token));
        for (const std::string& changed : {token + "=", token + ".", "." + token, token.substr(1),
                                           token.substr(0, token.size() - 1)}) {
            BOOST_TEST(!verify_token(signer, "aGVhZGVy", changed));
        }
    }
    for (const std::string text : {"", ".", "..", "aGVhZGVy", "aGVhZGVy.", "aGVhZGVy..", "...."}) {
        BOOST_TEST(!verify_token(signer, "aGVhZGVy", text));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
