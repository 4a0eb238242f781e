// SPDX-License-Identifier: MIT
// Random templates and random values, against a slow and obvious second way to the same result: a
// token always verifies, and its claims are the template's tree with the values in their places.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "roomkey/auth/auth_handler.hpp"
#include "roomkey/program/pattern.hpp"
#include "roomkey/text/base64url.hpp"
#include "roomkey/text/escape.hpp"
#include "roomkey/token/placeholder.hpp"
#include "support.hpp"

namespace roomkey::test {

namespace {

using Json = nlohmann::json;

constexpr std::string_view k_key = "0123456789abcdef0123456789abcdef";
constexpr std::chrono::sys_seconds k_now{std::chrono::seconds{1'700'000'000}};

// The same seed each time: a failure can be repeated.
class Chance {
public:
    std::size_t below(std::size_t limit) { return m_engine() % limit; }

    template <class Container>
    const auto& one_of(const Container& container) {
        return container[below(container.size())];
    }

private:
    std::mt19937_64 m_engine{20'261'124};
};

// Text that is allowed in a field, with a liking for what has a meaning somewhere.
std::string random_text(Chance& chance) {
    constexpr std::array<std::string_view, 40> k_bits{"\"",
                                                      "\\",
                                                      "${",
                                                      "}",
                                                      "{",
                                                      "[",
                                                      "]",
                                                      ":",
                                                      ",",
                                                      "|regex",
                                                      ".*",
                                                      "^",
                                                      "$",
                                                      "(?!",
                                                      "(",
                                                      ")",
                                                      "+",
                                                      "*",
                                                      "?",
                                                      "/",
                                                      "'",
                                                      "now",
                                                      "\\u0041",
                                                      "a",
                                                      "Z",
                                                      "0",
                                                      "_",
                                                      "-",
                                                      " ",
                                                      "<script>",
                                                      "null",
                                                      "\xC3\xA9",
                                                      "\xE2\x82\xAC",
                                                      "\xF0\x9F\x98\x80",
                                                      "??",
                                                      "|regex",
                                                      "&",
                                                      "%",
                                                      "=",
                                                      ";"};
    std::string text;
    const std::size_t pieces = 1 + chance.below(12);
    for (std::size_t i = 0; i < pieces; ++i) {
        text += chance.one_of(k_bits);
    }
    return text;
}

// A name, as longer text takes it.
std::string random_name(Chance& chance) {
    static const std::vector<std::string> k_bits{"a", "Z", "0", "_", "-", "room", "x1"};
    std::string text;
    const std::size_t pieces = 1 + chance.below(5);
    for (std::size_t i = 0; i < pieces; ++i) {
        text += chance.one_of(k_bits);
    }
    return text;
}

// The values of one request: two of any text, and two names.
struct Values {
    std::string a;
    std::string b;
    std::string name;
    std::string user;
};

std::string encoded_for_uri(const std::string& text) {
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        constexpr const char* k_hex = "0123456789ABCDEF";
        if (byte < 0x80 &&
            (std::isalnum(byte) != 0 || std::string("-._~").find(c) != std::string::npos)) {
            encoded += c;
        } else {
            encoded += {'%', k_hex[byte / 16], k_hex[byte % 16]};
        }
    }
    return encoded;
}

std::string quoted_for_regex(const std::string& text) {
    std::string quoted;
    for (const char c : text) {
        if (std::string("^$\\.*+?()[]{}|/").find(c) != std::string::npos) {
            quoted += '\\';
        }
        quoted += c;
    }
    return quoted;
}

// A piece of text as it stands in a template, and what it should become.
struct Part {
    std::string written;
    std::string expected;
};

// A value that stands for all that is in its string.
Part random_whole(Chance& chance, const Values& values) {
    switch (chance.below(6)) {
        case 0: return {"${form.a}", values.a};
        case 1: return {"${ form.b | regex }", quoted_for_regex(values.b)};
        case 2: return {"${server.ROOMKEY_USER}", values.user};
        case 3: return {"${form.b|uri}", encoded_for_uri(values.b)};
        case 4: return {"${form.none ?? form.a|text}", values.a};
        default: return {"${form.none ?? server.ROOMKEY_NONE ?? 'nobody'}", "nobody"};
    }
}

// One of longer text.
Part random_part(Chance& chance, const Values& values) {
    switch (chance.below(6)) {
        case 0: return {"${form.name}", values.name};
        case 1: return {"${ form.b | uri }", encoded_for_uri(values.b)};
        case 2: return {"${server.ROOMKEY_USER}", values.user};
        case 3: return {"${form.none ?? form.name}", values.name};
        case 4: return {"${env.PLACE}", "caf\xC3\xA9 \"x\""};
        default: return {"${now+60}", "1700000060"};
    }
}

// Literal text that has no placeholder in it.
std::string random_literal(Chance& chance) {
    std::string text = random_text(chance);
    for (std::size_t at; (at = text.find("${")) != std::string::npos;) {
        text.erase(at, 1);
    }
    while (text.ends_with('$')) {
        text.pop_back();
    }
    return text;
}

// Values with text between them that none of them has.
Part random_longer(Chance& chance, const Values& values) {
    const std::string literal = random_literal(chance);
    Part whole{literal + ":", literal + ":"};
    const std::size_t parts = chance.below(4);
    for (std::size_t i = 0; i < parts; ++i) {
        const Part part = random_part(chance, values);
        const std::string between = "/" + random_literal(chance);
        whole.written += part.written + between;
        whole.expected += part.expected + between;
    }
    return whole;
}

Part random_string(Chance& chance, const Values& values) {
    return chance.below(2) == 0 ? random_whole(chance, values) : random_longer(chance, values);
}

// A JSON value as it stands in a policy, and what it should become.
struct Pair {
    Json written;
    Json expected;
};

Pair random_value(Chance& chance, const Values& values, int depth) {
    const std::size_t kind = chance.below(depth > 3 ? 5 : 9);
    if (kind == 0) {
        return {"${now-7}", 1'699'999'993};
    }
    if (kind == 1) {
        const Json constant = chance.one_of(
            std::array<Json, 6>{Json(true), Json(nullptr), Json(-3), Json(2.5), Json(0), Json("")});
        return {constant, constant};
    }
    if (kind < 5) {
        const Part text = random_string(chance, values);
        return {text.written, text.expected};
    }
    if (kind == 8) {
        const Pair within = random_value(chance, values, depth + 2);
        return {Json{{"${json}", within.written}}, within.expected.dump()};
    }
    const std::size_t size = chance.below(4);
    if (kind == 5) {
        Pair array{Json::array(), Json::array()};
        for (std::size_t i = 0; i < size; ++i) {
            Pair element = random_value(chance, values, depth + 1);
            array.written.push_back(std::move(element.written));
            array.expected.push_back(std::move(element.expected));
        }
        return array;
    }
    Pair object{Json::object(), Json::object()};
    for (std::size_t i = 0; i < size; ++i) {
        Part key = random_longer(chance, values);
        // A number in front keeps the keys of one object apart.
        key.written.insert(0, std::to_string(i) + ":");
        key.expected.insert(0, std::to_string(i) + ":");
        Pair member = random_value(chance, values, depth + 1);
        object.written[key.written] = std::move(member.written);
        object.expected[key.expected] = std::move(member.expected);
    }
    return object;
}

std::string one_shot_hmac(std::string_view message) {
    std::array<unsigned char, 32> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), k_key.data(), static_cast<int>(k_key.size()), bytes_of(message).data(),
         message.size(), mac.data(), &size);
    std::string encoded;
    base64url::append(encoded, mac);
    return encoded;
}

Form form_with(const Values& values) {
    Form form;
    BOOST_REQUIRE(form.add({"a", values.a}));
    BOOST_REQUIRE(form.add({"b", values.b}));
    BOOST_REQUIRE(form.add({"name", values.name}));
    return form;
}

void check_one(Chance& chance, const Values& values) {
    Pair claims = random_value(chance, values, 0);
    const Json policy{{"claims", {{"exp", "${now+180}"}, {"x", claims.written}}}};
    const Variables environment({"PLACE=caf\xC3\xA9 \"x\""});
    auto compiled = std::make_shared<const Policy>(
        compile_policy(policy.dump(), "random", environment.parameters()));
    AuthHandler handler(compiled, Hs256Signer(bytes_of(k_key)));
    const Variables parameters({"ROOMKEY_USER=" + values.user});
    const Parameters view = parameters.parameters();
    const Form form = form_with(values);
    FixedRandom random;
    const auto token = handler.token({form, view, k_now, random});
    BOOST_REQUIRE_MESSAGE(token, verdict(token) << " for " << policy.dump());
    const std::size_t last = token->rfind('.');
    BOOST_REQUIRE_EQUAL(token->substr(last + 1), one_shot_hmac(token->substr(0, last)));
    const std::size_t first = token->find('.');
    const auto text = base64url::decode(token->substr(first + 1, last - first - 1));
    BOOST_REQUIRE(text);
    const Json expected{{"exp", 1'700'000'180}, {"x", claims.expected}};
    const Json found = Json::parse(*text);
    BOOST_REQUIRE_MESSAGE(found == expected, found.dump() << " is not " << expected.dump());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(property)

BOOST_AUTO_TEST_CASE(a_token_has_the_tree_that_its_template_and_values_say) {
    Chance chance;
    constexpr int k_rounds = 100'000;
    for (int i = 0; i < k_rounds; ++i) {
        check_one(chance, {random_text(chance), random_text(chance), random_name(chance),
                           random_name(chance)});
    }
}

BOOST_AUTO_TEST_CASE(a_pattern_made_from_an_id_matches_this_id_and_no_other) {
    Chance chance;
    constexpr int k_rounds = 100'000;
    std::string other = "bcI:GPhz6A2T";
    for (int i = 0; i < k_rounds; ++i) {
        const std::string id = random_text(chance);
        const auto pattern = Pattern::compile("^private-room-" + quote_regex(id) + "$");
        BOOST_REQUIRE(pattern);
        BOOST_REQUIRE_MESSAGE(pattern->matches("private-room-" + id), id);
        for (const std::string& stranger : {other, id + id, id + "x", "x" + id, id.substr(1)}) {
            if (stranger != id) {
                BOOST_REQUIRE_MESSAGE(!pattern->matches("private-room-" + stranger),
                                      id << " and " << stranger);
            }
        }
        other = id;
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace roomkey::test
