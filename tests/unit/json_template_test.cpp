// SPDX-License-Identifier: MIT
#include "roomkey/token/template.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "roomkey/policy/claims_tree.hpp"
#include "roomkey/policy/json_template.hpp"
#include "roomkey/text/diagnostics.hpp"
#include "roomkey/text/errors.hpp"
#include "roomkey/text/escape.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Json = nlohmann::json;
using Fields = std::vector<Field>;

// Not called `template`, which is a word of the language.
BOOST_AUTO_TEST_SUITE(json_template)

const std::chrono::sys_seconds k_now{std::chrono::seconds(1'700'000'000)};
const Variables k_environment{"CHANNEL=abc", "QUOTES=\"a\\b\"", "EMPTY="};

Template compiled(std::string_view json) {
    Diagnostics diagnostics("policy");
    const Node tree =
        parse_claims(Json::parse(json), Place("claims"), k_environment.parameters(), diagnostics);
    diagnostics.throw_if_any();
    return compile_json(tree);
}

Form form_of(const Fields& fields) {
    Form form;
    for (const Field& field : fields) {
        BOOST_REQUIRE(form.add(field));
    }
    return form;
}

// The JSON text, or the refusal.
std::string rendered(std::string_view json, const Fields& fields = {},
                     const std::vector<std::string>& variables = {}) {
    const Form form = form_of(fields);
    const Variables parameters(variables);
    test::FixedRandom random;
    PreviousClaims previous;
    previous.add("data.id", "id-7");
    previous.add("wide", "a b");
    const auto text =
        compiled(json).render({form, parameters.parameters(), k_now, random, &previous});
    return text ? *text : test::describe(text.error());
}

struct Row : test::Case {
    std::string json;
    // What is expected, as JSON.
    std::string expected;
};

const Row k_types[] = {
    {{"values without a placeholder"},
     R"({"a": [1, -2, 3.5, 1e3, true, false, null, "x", [], {}]})",
     R"({"a": [1, -2, 3.5, 1000.0, true, false, null, "x", [], {}]})"},
    {{"numbers of 64 bits"},
     "[18446744073709551615, -9223372036854775808]",
     "[18446744073709551615, -9223372036854775808]"},
    {{"a field is a string"}, R"({"a": "${form.number}"})", R"({"a": "42"})"},
    {{"now is a number"}, R"({"a": "${now}"})", R"({"a": 1700000000})"},
    {{"now with an offset"}, R"(["${now+180}", "${now-30}"])", "[1700000180, 1699999970]"},
    {{"now in a text is text"}, R"(["at ${now}"])", R"(["at 1700000000"])"},
    {{"now with a filter is text"}, R"(["${now|text}"])", R"(["1700000000"])"},
    {{"a variable is a string"}, R"(["${env.CHANNEL}"])", R"(["abc"])"},
    {{"a variable in a text"}, R"(["<${env.QUOTES}>"])", R"(["<\"a\\b\">"])"},
    {{"a parameter"}, R"(["${server.ROOMKEY_USER}"])", R"(["alice"])"},
    {{"fields in a text"}, R"(["${form.name}-${form.number}!"])", R"(["a-b_1-42!"])"},
    {{"a field in a key"}, R"({"room-${form.number}": 1})", R"({"room-42": 1})"},
    {{"a key that is a field"},
     R"({"${form.number}": {"x": "${form.id}"}})",
     R"({"42": {"x": "bcI:GPhz6A2T"}})"},
    {{"now in a key is text"}, R"({"${now}": 1})", R"({"1700000000": 1})"},
    {{"a guest"},
     R"({"name": "${guest.name}", "color": "${guest.color}", "id": "${uuid}"})",
     R"({"name": "amber_acorn", "color": "#ec0000",
         "id": "00000000-0000-4000-8000-000000000000"})"},
    {{"the filter regex"},
     R"({"^r-${form.odd|regex}$": "${form.odd|regex}"})",
     R"({"^r-\\.\\*\"\\\\$": "\\.\\*\"\\\\"})"},
    {{"JSON within JSON"},
     R"([{"${json}": {"a": "${form.odd}", "b": ["${now}", "x${form.number}"]}}])",
     R"(["{\"a\":\".*\\\"\\\\\",\"b\":[1700000000,\"x42\"]}"])"},
    {{"JSON within JSON within JSON"},
     R"({"${json}": [{"${json}": {"${form.number}": "${form.odd}"}}, "\""]})",
     R"("[\"{\\\"42\\\":\\\".*\\\\\\\"\\\\\\\\\\\"}\",\"\\\"\"]")"},
    {{"a scalar as JSON within JSON"}, R"([{"${json}": "${form.id}"}])", R"(["\"bcI:GPhz6A2T\""])"},
    {{"the filter uri"}, R"(["chat:${form.odd|uri}"])", R"(["chat:.%2A%22%5C"])"},
    {{"the filter text"}, R"(["chat:${form.odd|text}"])", R"(["chat:.*\"\\"])"},
    {{"the filter name"},
     R"(["${form.number|name}", "a ${form.number|name}"])",
     R"(["42", "a 42"])"},
    {{"a claim of the token before"},
     R"(["${previous.data.id ?? uuid}", "x-${previous.data.id ?? uuid}"])",
     R"(["id-7", "x-id-7"])"},
    {{"a claim that it has not"}, R"(["${previous.none ?? form.number}"])", R"(["42"])"},
    {{"escapes in the template"},
     R"({"a\"\\\u0001\u00e9/": "\u2028\n"})",
     R"({"a\"\\\u0001\u00e9/": "\u2028\n"})"},
    {{"a fallback that is not needed"}, R"(["${form.id ?? guest.name}"])", R"(["bcI:GPhz6A2T"])"},
    {{"a fallback for an absent field"}, R"(["${form.none ?? guest.name}"])", R"(["amber_acorn"])"},
    {{"a fallback for an empty field"}, R"(["${form.empty ?? 'guest'}"])", R"(["guest"])"},
    {{"a fallback for an absent parameter"},
     R"(["${server.ROOMKEY_NONE ?? form.id}"])",
     R"(["bcI:GPhz6A2T"])"},
    {{"a fallback for an empty variable"}, R"(["${env.EMPTY ?? form.id}"])", R"(["bcI:GPhz6A2T"])"},
    {{"a fallback of another type"}, R"(["${form.none ?? now}"])", "[1700000000]"},
    {{"the second fallback"},
     R"(["${form.none ?? form.empty ?? form.id}"])",
     R"(["bcI:GPhz6A2T"])"},
    {{"a scalar"}, R"("${form.id}")", R"("bcI:GPhz6A2T")"},
};

const Fields k_fields{
    {"id", "bcI:GPhz6A2T"}, {"number", "42"}, {"odd", ".*\"\\"}, {"empty", ""}, {"name", "a-b_1"}};

BOOST_DATA_TEST_CASE(gives_each_value_its_type, k_types, row) {
    const std::string text = rendered(row.json, k_fields, {"ROOMKEY_USER=alice"});
    const Json actual = Json::parse(text, nullptr, false);
    BOOST_TEST(actual == Json::parse(row.expected), text);
}

BOOST_AUTO_TEST_CASE(renders_without_any_space) {
    BOOST_TEST(rendered(R"({ "b" : [ 1 , "${form.a}" ] , "a" : { } })", {{"a", "x"}}) ==
               R"({"a":{},"b":[1,"x"]})");
}

BOOST_AUTO_TEST_CASE(tells_the_time_before_1970_and_after_2106) {
    const Form form;
    const Variables none{};
    test::FixedRandom random;
    const Template made = compiled(R"(["${now}"])");
    for (const long long now : {-1LL, 0LL, 2'147'483'648LL, 4'294'967'296LL, 253'402'300'800LL}) {
        const auto text = made.render(
            {form, none.parameters(), std::chrono::sys_seconds(std::chrono::seconds(now)), random});
        BOOST_TEST(*text == "[" + std::to_string(now) + "]");
    }
}

BOOST_AUTO_TEST_CASE(makes_one_guest_a_token) {
    const Form form;
    const Variables none{};
    test::FixedRandom random({1, 2, 3, 4, 5, 6, 7});
    const Template made = compiled(
        R"(["${uuid}", "${guest.name}", "${guest.color}", "${uuid}", "${guest.name}",
            "<${guest.color}>"])");
    const Json first = Json::parse(*made.render({form, none.parameters(), k_now, random}));
    BOOST_TEST(first[0] == first[3]);
    BOOST_TEST(first[1] == first[4]);
    BOOST_TEST("<" + first[2].get<std::string>() + ">" == first[5].get<std::string>());
    const Json second = Json::parse(*made.render({form, none.parameters(), k_now, random}));
    BOOST_TEST(first[0] != second[0]);
}

struct Refused : test::Case {
    std::string json;
    std::vector<std::string> parameters;
    std::string expected;
};

const Refused k_refused[] = {
    {{"an absent field"}, R"(["${form.none}"])", {}, "422 No none defined"},
    {{"an empty field"}, R"(["${form.empty}"])", {}, "422 No empty defined"},
    {{"an absent field in a text"}, R"(["a ${form.none}"])", {}, "422 No none defined"},
    {{"an absent field in a key"}, R"({"a ${form.none}": 1})", {}, "422 No none defined"},
    {{"an absent field with a filter"}, R"(["${form.none|regex}"])", {}, "422 No none defined"},
    {{"an absent parameter"}, R"(["${server.ROOMKEY_USER}"])", {}, "401 Not logged in"},
    {{"an empty parameter"},
     R"(["${server.ROOMKEY_USER}"])",
     {"ROOMKEY_USER="},
     "401 Not logged in"},
    {{"a parameter of another name"},
     R"(["${server.ROOMKEY_USER}"])",
     {"HTTP_ROOMKEY_USER=a"},
     "401 Not logged in"},
    {{"all alternatives absent, the last a field"},
     R"(["${server.ROOMKEY_USER ?? form.none}"])",
     {},
     "422 No none defined"},
    {{"all alternatives absent, the last a parameter"},
     R"(["${form.none ?? server.ROOMKEY_USER}"])",
     {},
     "401 Not logged in"},
    {{"a parameter over 1024 bytes"},
     R"(["${server.ROOMKEY_USER}"])",
     {"ROOMKEY_USER=" + std::string(1025, 'a')},
     "422 ROOMKEY_USER is longer than 1024 bytes"},
    {{"a parameter that is not UTF-8"},
     R"(["${server.ROOMKEY_USER}"])",
     {"ROOMKEY_USER=\xFF"},
     "422 ROOMKEY_USER is not UTF-8"},
    {{"a parameter with a line end"},
     R"(["${server.ROOMKEY_USER}"])",
     {"ROOMKEY_USER=a\nb"},
     "422 ROOMKEY_USER has control characters"},
    {{"a bad parameter in spite of a fallback"},
     R"(["${server.ROOMKEY_USER ?? form.id}"])",
     {"ROOMKEY_USER=\xFF"},
     "422 ROOMKEY_USER is not UTF-8"},
    {{"a key that is there already"},
     R"({"bcI:GPhz6A2T": 1, "${form.id|text}": 2})",
     {},
     "422 These fields would give the same claim twice"},
    {{"two keys that become one"},
     R"({"a-${form.id|text}": 1, "a-${form.same|text}": 2})",
     {},
     "422 These fields would give the same claim twice"},
    {{"in an object within"},
     R"([{"x": {"${form.id|text}": 1, "${form.same|text}": 2}}])",
     {},
     "422 These fields would give the same claim twice"},
    {{"with a key in between"},
     R"({"${form.id|text}": 1, "z": {"${form.number|text}": 1}, "${form.same|text}": 2})",
     {},
     "422 These fields would give the same claim twice"},
};

BOOST_DATA_TEST_CASE(refuses_what_is_missing_or_unfit, k_refused, row) {
    Fields fields = k_fields;
    fields.push_back({"same", "bcI:GPhz6A2T"});
    BOOST_TEST(rendered(row.json, fields, row.parameters) == row.expected);
}

BOOST_AUTO_TEST_CASE(accepts_a_parameter_of_1024_bytes) {
    const std::string name(1024, 'a');
    BOOST_TEST(rendered(R"(["${server.ROOMKEY_USER}"])", {}, {"ROOMKEY_USER=" + name}) ==
               "[\"" + name + "\"]");
}

// Fixed keys and keys that vary, in the order in which JSON has them and in another.
BOOST_AUTO_TEST_CASE(finds_a_repeated_key_among_many) {
    Json object;
    for (int i = 0; i < 300; ++i) {
        const std::string number = std::to_string(i);
        object["a \"fixed\" key " + number] = 1;
        object["${form.prefix}" + number] = 2;
    }
    object["${form.last|text}"] = 3;
    const auto with_last = [&object](const std::string& last) {
        return rendered(object.dump(), {{"prefix", "vary"}, {"last", last}});
    };
    BOOST_TEST(Json::parse(with_last("a \"fixed\" key 300")).size() == 601);
    for (const char* last : {"a \"fixed\" key 0", "a \"fixed\" key 299", "vary0", "vary299"}) {
        BOOST_TEST(with_last(last) == "422 These fields would give the same claim twice");
    }
}

BOOST_AUTO_TEST_CASE(allows_one_key_in_several_objects) {
    const std::string text = rendered(
        R"([{"${form.id|text}": 1}, {"${form.id|text}": {"${form.id|text}": 2}}])", k_fields);
    BOOST_TEST(Json::parse(text) ==
               Json::parse(R"([{"bcI:GPhz6A2T": 1}, {"bcI:GPhz6A2T": {"bcI:GPhz6A2T": 2}}])"));
}

const std::string k_hostile[] = {
    "\",\"admin\":true,\"x\":\"",
    "\"}",
    "\\",
    "\\\",\\\"a\\\":1",
    "\\u0022,\\u0022admin\\u0022:true",
    "${env.CHANNEL}",
    "${form.a}",
    "}${now}",
    "*/ /*",
    "\xE2\x80\xA8\xE2\x80\xA9",
    "\xF0\x9F\x94\x91",
    "null",
    "1e999",
};

// The value's own characters must arrive, and nothing must come of them.
BOOST_DATA_TEST_CASE(lets_no_value_add_a_claim, k_hostile, hostile) {
    const std::string json =
        R"({"client": "${form.a}", "text": "<${form.a|text}>", "key-${form.a|text}": 1,
            "within": {"${json}": {"${form.a|text}": ["${form.a}"]}}, "pattern": "${form.a|regex}",
            "user": "${server.ROOMKEY_USER}"})";
    const Json claims = Json::parse(rendered(json, {{"a", hostile}}, {"ROOMKEY_USER=" + hostile}));
    BOOST_TEST(claims.size() == 6U);
    BOOST_TEST(claims["client"] == hostile);
    BOOST_TEST(claims["user"] == hostile);
    BOOST_TEST(claims["text"] == "<" + hostile + ">");
    BOOST_TEST(claims["key-" + hostile] == 1);
    BOOST_TEST(Json::parse(claims["within"].get<std::string>()) ==
               (Json{{hostile, Json::array({hostile})}}));
    BOOST_TEST(claims["pattern"] == quote_regex(hostile));
}

// A space in a scope, an @ in an address, a star in a topic.
BOOST_DATA_TEST_CASE(lets_a_value_in_longer_text_be_a_name_only, k_hostile, hostile) {
    for (const char* json : {R"(["a ${form.a}"])", R"(["${form.a} a"])", R"({"${form.a}": 1})",
                             R"({"a:${form.a}": 1})", R"({"${json}": {"${form.a}": 1}})",
                             R"(["a ${form.none ?? form.a}"])"}) {
        BOOST_TEST((rendered(json, {{"a", hostile}}) ==
                    "422 a may have letters, digits, - and _ only") == !is_name(hostile));
    }
    BOOST_TEST((rendered(R"(["a ${server.ROOMKEY_USER}"])", {}, {"ROOMKEY_USER=" + hostile}) ==
                "422 ROOMKEY_USER may have letters, digits, - and _ only") == !is_name(hostile));
    // What a token had once must not keep its holder out.
    BOOST_TEST(rendered(R"(["a ${previous.wide ?? 'b'}"])") == R"(["a b"])");
}

BOOST_DATA_TEST_CASE(lets_a_value_alone_be_a_name_only_where_the_policy_says_so, k_hostile,
                     hostile) {
    for (const char* json : {R"(["${form.a|name}"])", R"(["${form.none ?? form.a | name}"])",
                             R"({"${json}": ["${form.a|name}"]})"}) {
        BOOST_TEST((rendered(json, {{"a", hostile}}) ==
                    "422 a may have letters, digits, - and _ only") == !is_name(hostile));
    }
}

// Who reads a URI may take it for a way upwards.
BOOST_AUTO_TEST_CASE(lets_no_dot_segment_into_a_uri) {
    for (const char* json : {R"(["https://a.example/${form.a|uri}/b"])", R"(["${form.a|uri}"])"}) {
        BOOST_TEST(rendered(json, {{"a", "."}}) == "422 a may not be . or ..");
        BOOST_TEST(rendered(json, {{"a", ".."}}) == "422 a may not be . or ..");
        BOOST_TEST(rendered(json, {{"a", "..."}}).starts_with("["));
        BOOST_TEST(rendered(json, {{"a", ".a"}}).starts_with("["));
    }
}

BOOST_AUTO_TEST_CASE(knows_when_no_request_can_change_it) {
    BOOST_TEST(compiled(R"({"alg": "HS256", "kid": "${env.CHANNEL}"})").constant().value() ==
               R"({"alg":"HS256","kid":"abc"})");
    BOOST_TEST(!compiled(R"({"kid": "${form.a}"})").constant().has_value());
    BOOST_TEST(!compiled(R"({"kid": "a ${form.a}"})").constant().has_value());
    BOOST_TEST(!compiled(R"({"kid": "${now}"})").constant().has_value());
    BOOST_TEST(!compiled(R"("${uuid}")").constant().has_value());
    BOOST_TEST(!Template().constant().has_value());
}

BOOST_AUTO_TEST_CASE(throws_when_randomness_is_needed_and_there_is_none) {
    const Form form;
    const Variables none{};
    test::BrokenRandom broken;
    const Template guest = compiled(R"(["${guest.name}"])");
    BOOST_CHECK_THROW((void)guest.render({form, none.parameters(), k_now, broken}),
                      std::runtime_error);
    const Template plain = compiled(R"(["${now}"])");
    BOOST_TEST(*plain.render({form, none.parameters(), k_now, broken}) == "[1700000000]");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
