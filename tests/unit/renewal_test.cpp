// SPDX-License-Identifier: MIT
// What a previous token may say, and all that a forger could try instead.
#include "roomkey/auth/renewal.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <optional>
#include <string>

#include "roomkey/text/base64url.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(renewal)

constexpr std::string_view k_key = "0123456789abcdef0123456789abcdef";
constexpr std::string_view k_header = R"({"alg":"HS256","typ":"JWT"})";
constexpr long long k_now = 1'700'000'000;
constexpr long long k_within = 86'400;

constexpr std::string_view k_policy = R"({
  "claims": {
    "channel": "${env.CHANNEL}",
    "kind": {"guest": true, "level": 1},
    "client": "${form.clientID}",
    "exp": "${now+180}",
    "data": {
      "id": "${previous.data.id ?? uuid}",
      "name": "${form.name ?? previous.data.name ?? guest.name}",
      "was": "${previous.client ?? 'nobody'}",
      "deep": "${previous.a.b.c ?? 'none'}"
    }
  },
  "renewal": {"field": "previous", "within": 86400}
})";

const Policy& policy() {
    static const test::Variables environment{"CHANNEL=ours"};
    static const Policy compiled = compile_policy(k_policy, "policy", environment.parameters());
    return compiled;
}

std::string encoded(std::string_view text) {
    std::string out;
    base64url::append(out, text);
    return out;
}

std::string signed_with(std::string_view key, std::string_view header, std::string_view claims) {
    Hs256Signer signer(test::bytes_of(key));
    return make_token(signer, encoded(header), claims);
}

Json claims() {
    return {{"channel", "ours"},
            {"kind", {{"guest", true}, {"level", 1}}},
            {"client", "a:b"},
            {"exp", k_now + 180},
            {"data", {{"id", "id-1"}, {"name", "Ann"}}}};
}

std::string token_of(const Json& claims) {
    return signed_with(k_key, k_header, claims.dump());
}

// The claims of our token with one of them replaced, or added.
std::string token_with(const char* name, const Json& value) {
    Json changed = claims();
    changed[name] = value;
    return token_of(changed);
}

std::string token_without(const char* name) {
    Json changed = claims();
    changed.erase(name);
    return token_of(changed);
}

std::optional<PreviousClaims> read(std::string_view token, long long now = k_now) {
    Hs256Signer signer(test::bytes_of(k_key));
    return read_previous(token, policy(), signer,
                         std::chrono::sys_seconds(std::chrono::seconds(now)));
}

std::string claim(const std::optional<PreviousClaims>& previous, std::string_view path) {
    const std::string* value = previous ? previous->find(path) : nullptr;
    return value == nullptr ? "absent" : *value;
}

BOOST_AUTO_TEST_CASE(gives_the_claims_of_one_of_our_own) {
    const auto previous = read(token_of(claims()));
    BOOST_REQUIRE(previous.has_value());
    BOOST_TEST(claim(previous, "data.id") == "id-1");
    BOOST_TEST(claim(previous, "data.name") == "Ann");
    BOOST_TEST(claim(previous, "client") == "a:b");
    BOOST_TEST(claim(previous, "a.b.c") == "absent");
    // Nobody asked for it.
    BOOST_TEST(claim(previous, "channel") == "absent");
}

BOOST_AUTO_TEST_CASE(does_nothing_under_a_policy_without_renewal) {
    Policy other = policy();
    other.renewal.reset();
    Hs256Signer signer(test::bytes_of(k_key));
    BOOST_TEST(!read_previous(token_of(claims()), other, signer,
                              std::chrono::sys_seconds(std::chrono::seconds(k_now))));
}

BOOST_AUTO_TEST_CASE(reads_to_the_second_when_the_time_is_over) {
    const std::string token = token_of(claims());
    const long long last = k_now + 180 + k_within;
    BOOST_TEST(read(token, k_now + 181).has_value());
    BOOST_TEST(read(token, last).has_value());
    BOOST_TEST(!read(token, last + 1).has_value());
}

// The paths that the policy names lead to strings, or to nothing.
BOOST_AUTO_TEST_CASE(takes_strings_only) {
    for (const Json& value :
         {Json(1), Json(true), Json(nullptr), Json::array({"x"}), Json::object()}) {
        const auto previous = read(token_with("client", value));
        BOOST_TEST(previous.has_value());
        BOOST_TEST(claim(previous, "client") == "absent");
        BOOST_TEST(claim(previous, "data.id") == "id-1");
    }
    BOOST_TEST(claim(read(token_with("data", "id-2")), "data.id") == "absent");
    BOOST_TEST(claim(read(token_with("data", Json::array({"id-2"}))), "data.id") == "absent");
    BOOST_TEST(claim(read(token_with("a", {{"b", {{"c", "x"}}}})), "a.b.c") == "x");
    BOOST_TEST(claim(read(token_with("a", {{"b", "x"}})), "a.b.c") == "absent");
}

// A name with a dot in it is none of a path's names.
BOOST_AUTO_TEST_CASE(keeps_the_levels_of_a_path_apart) {
    Json flat = claims();
    flat.erase("data");
    flat["data.id"] = "id-2";
    flat["a.b"] = {{"c", "x"}};
    flat["a"] = {{"b.c", "x"}};
    const auto previous = read(token_of(flat));
    BOOST_TEST(previous.has_value());
    BOOST_TEST(claim(previous, "data.id") == "absent");
    BOOST_TEST(claim(previous, "a.b.c") == "absent");
}

const std::string k_ours = token_of(claims());
const std::string k_stem = k_ours.substr(0, k_ours.rfind('.'));
const std::string k_signature = k_ours.substr(k_ours.rfind('.') + 1);

// The last character of a signature stands for four bits, and two that must be zero.
std::string other_spelling() {
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string token = k_ours;
    token.back() = alphabet[alphabet.find(token.back()) ^ 1U];
    return token;
}

std::string payload_of(std::string_view text) {
    return encoded(k_header) + "." + encoded(text);
}

// A text with the signature that this text would have.
std::string signed_text(const std::string& text) {
    Hs256Signer signer(test::bytes_of(k_key));
    std::string token = text + ".";
    base64url::append(token, signer.sign(text));
    return token;
}

std::string deep(std::size_t levels) {
    std::string text = claims().dump();
    text.pop_back();
    return text + ",\"x\":" + std::string(levels, '[') + std::string(levels, ']') + "}";
}

std::string with_text(const std::string& members) {
    std::string text = claims().dump();
    text.pop_back();
    return signed_with(k_key, k_header, text + "," + members + "}");
}

struct Forged : test::Case {
    std::string token;
};

const Forged k_forged[] = {
    {{"nothing"}, ""},
    {{"no token"}, "previous"},
    {{"dots"}, ".."},
    {{"a header alone"}, encoded(k_header)},
    {{"a header and a dot"}, encoded(k_header) + "."},
    {{"a header and two dots"}, encoded(k_header) + ".."},
    {{"another key"}, signed_with("fedcba9876543210fedcba9876543210", k_header, claims().dump())},
    {{"a key of which ours is the beginning"},
     signed_with(std::string(k_key) + "0", k_header, claims().dump())},
    {{"the algorithm none, without a signature"},
     encoded(R"({"alg":"none","typ":"JWT"})") + "." + encoded(claims().dump()) + "."},
    {{"the algorithm none, signed"},
     signed_with(k_key, R"({"alg":"none","typ":"JWT"})", claims().dump())},
    {{"the algorithm HS512, signed with HS256"},
     signed_with(k_key, R"({"alg":"HS512","typ":"JWT"})", claims().dump())},
    {{"a header of the same meaning"},
     signed_with(k_key, R"({"typ":"JWT","alg":"HS256"})", claims().dump())},
    {{"a header with a key's name"},
     signed_with(k_key, R"({"alg":"HS256","kid":"a","typ":"JWT"})", claims().dump())},
    {{"a header with padding"}, signed_text(encoded(k_header) + "=." + encoded(claims().dump()))},
    {{"no header"}, "." + encoded(claims().dump()) + "." + k_signature},
    {{"no signature"}, k_stem},
    {{"an empty signature"}, k_stem + "."},
    {{"a signature that is cut off"}, k_ours.substr(0, k_ours.size() - 1)},
    {{"a signature with padding"}, k_ours + "="},
    {{"a signature with a line end"}, k_ours + "\n"},
    {{"a signature with a zero byte"}, k_ours + std::string(1, '\0')},
    {{"a space before"}, " " + k_ours},
    {{"another spelling of the signature's last character"}, other_spelling()},
    {{"a signature twice"}, k_ours + "." + k_signature},
    {{"a part between, signed"}, signed_text(k_stem + "." + encoded("{}"))},
    {{"claims swapped under the signature"},
     payload_of(Json{{"channel", "ours"}, {"exp", k_now + 180}}.dump()) + "." + k_signature},
    {{"claims with padding, signed"}, signed_text(k_stem + "=")},
    {{"claims in another base64, signed"}, signed_text(encoded(k_header) + ".e+/=")},
    {{"another channel"}, token_with("channel", "theirs")},
    {{"a channel in a list"}, token_with("channel", Json::array({"ours"}))},
    {{"no channel"}, token_without("channel")},
    {{"a constant object with a member more"},
     token_with("kind", {{"guest", true}, {"level", 1}, {"admin", true}})},
    {{"a constant object with another value"}, token_with("kind", {{"guest", true}, {"level", 2}})},
    {{"of another policy with the same key"},
     token_of({{"channel", "ours"}, {"exp", k_now + 180}, {"data", {{"id", "id-2"}}}})},
    {{"expired for longer than a day"}, token_with("exp", k_now - k_within - 1)},
    {{"expired before time began"}, token_with("exp", -1)},
    {{"no exp"}, token_without("exp")},
    {{"exp as text"}, token_with("exp", std::to_string(k_now + 180))},
    {{"exp with a fraction"}, token_with("exp", 1'700'000'180.5)},
    {{"exp with an exponent"},
     signed_with(k_key, k_header,
                 R"({"channel":"ours","kind":{"guest":true,"level":1},)"
                 R"("exp":17e8})")},
    {{"exp in a list"}, token_with("exp", Json::array({k_now + 180}))},
    {{"exp null"}, token_with("exp", nullptr)},
    {{"exp over 64 bits"},
     signed_with(k_key, k_header,
                 R"({"channel":"ours","kind":{"guest":true,"level":1},)"
                 R"("exp":99999999999999999999})")},
    {{"two times exp"}, with_text("\"exp\":" + std::to_string(k_now + 180))},
    {{"two times the channel"}, with_text(R"("channel":"ours")")},
    {{"65 levels"}, signed_with(k_key, k_header, deep(65))},
    {{"2000 levels"}, signed_with(k_key, k_header, deep(2000))},
    {{"over 8 KiB"}, token_with("x", std::string(7000, 'x'))},
    {{"claims that are no object"}, signed_with(k_key, k_header, "[]")},
    {{"claims that are text"}, signed_with(k_key, k_header, "\"ours\"")},
    {{"claims that are no JSON"}, signed_with(k_key, k_header, "ours")},
    {{"claims that are cut off"}, signed_with(k_key, k_header, claims().dump().substr(0, 40))},
    {{"claims and more"}, signed_with(k_key, k_header, claims().dump() + "x")},
    {{"claims and a zero byte"},
     signed_with(k_key, k_header, claims().dump() + std::string(1, '\0'))},
    {{"claims that are not UTF-8"}, signed_with(k_key, k_header, "{\"x\":\"\xFF\"}")},
    {{"empty claims"}, signed_with(k_key, k_header, "")},
};

// What is not ours is as if it were not there.
BOOST_DATA_TEST_CASE(reads_nothing_that_is_not_ours, k_forged, row) {
    BOOST_TEST(!read(row.token).has_value());
}

BOOST_AUTO_TEST_CASE(reads_nothing_with_a_changed_character) {
    for (std::size_t i = 0; i < k_ours.size(); ++i) {
        for (const char c : {'A', 'b', '.', '=', '\0', '\xFF'}) {
            std::string token = k_ours;
            if (token[i] != c) {
                token[i] = c;
                BOOST_TEST(!read(token).has_value());
            }
        }
        BOOST_TEST(!read(k_ours.substr(0, i)).has_value());
    }
}

BOOST_AUTO_TEST_CASE(reads_a_token_of_8_kib_and_no_more) {
    // Lengths of claims of which one makes exactly 8192 bytes.
    std::size_t longest = 0;
    for (std::size_t size = 5800; size < 6200; ++size) {
        const std::string token = token_with("x", std::string(size, 'x'));
        BOOST_TEST(read(token).has_value() == (token.size() <= 8192));
        longest = token.size() <= 8192 ? token.size() : longest;
    }
    BOOST_TEST(longest >= 8191U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
