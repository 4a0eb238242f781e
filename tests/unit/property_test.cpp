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

#include "roomkey/auth_handler.hpp"
#include "roomkey/base64url.hpp"
#include "roomkey/pattern.hpp"
#include "roomkey/placeholder.hpp"
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
                                                      "|json",
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

// The values of one request.
struct Values {
    std::string a;
    std::string b;
    std::string user;
};

std::string as_json_string(const std::string& text) {
    return Json(text).dump();
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

Part random_part(Chance& chance, const Values& values) {
    switch (chance.below(9)) {
        case 0: return {"${form.a}", values.a};
        case 1: return {"${ form.b | regex }", quoted_for_regex(values.b)};
        case 2: return {"${server.ROOMKEY_USER}", values.user};
        case 3: return {"${server.ROOMKEY_USER|json}", as_json_string(values.user)};
        case 4: return {"${form.none ?? form.a|json}", as_json_string(values.a)};
        case 5: return {"${form.none ?? server.ROOMKEY_NONE ?? 'nobody'}", "nobody"};
        case 6: return {"${env.PLACE}", "caf\xC3\xA9 \"x\""};
        case 7: return {"${now+60}", "1700000060"};
        default: {
            // Literal text that has no placeholder in it.
            std::string text = random_text(chance);
            for (std::size_t at; (at = text.find("${")) != std::string::npos;) {
                text.erase(at, 1);
            }
            while (text.ends_with('$')) {
                text.pop_back();
            }
            return {text, text};
        }
    }
}

Part random_string(Chance& chance, const Values& values) {
    Part whole;
    const std::size_t parts = 1 + chance.below(4);
    for (std::size_t i = 0; i < parts; ++i) {
        const Part part = random_part(chance, values);
        whole.written += part.written;
        whole.expected += part.expected;
    }
    // Text that looks like JSON itself is under rules of its own.
    const std::size_t start = whole.written.find_first_not_of(' ');
    if (start != std::string::npos &&
        (whole.written[start] == '{' || whole.written[start] == '[')) {
        whole.written.insert(0, "~");
        whole.expected.insert(0, "~");
    }
    return whole;
}

// A JSON value as it stands in a policy, and what it should become.
struct Pair {
    Json written;
    Json expected;
};

Pair random_value(Chance& chance, const Values& values, int depth) {
    const std::size_t kind = chance.below(depth > 3 ? 5 : 8);
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
        // A lone now is a number; the case above has it.
        const bool is_number = text.written == "${now+60}";
        return {text.written, is_number ? Json(1'700'000'060) : Json(text.expected)};
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
        Part key = random_string(chance, values);
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
        check_one(chance, {random_text(chance), random_text(chance), random_text(chance)});
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
