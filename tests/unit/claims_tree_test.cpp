// SPDX-License-Identifier: MIT
#include "roomkey/policy/claims_tree.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

#include "roomkey/text/text.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(claims_tree)

const Variables k_environment{"SAME=a"};

std::string errors_of(const Json& value) {
    Diagnostics diagnostics("p");
    (void)parse_claims(value, Place("claims"), k_environment.parameters(), diagnostics);
    return test::describe(std::move(diagnostics));
}

BOOST_AUTO_TEST_CASE(points_to_what_is_wrong) {
    BOOST_TEST(
        errors_of(Json::parse(R"({"a": ["x", "${b"], "c/d~e": {"${": 1}, "f": "${form.ok}"})")) ==
        "error p /claims/a/1: expected a placeholder ${NAME}, found ${ without its }\n"
        "error p /claims/c~1d~0e/${: expected a placeholder ${NAME}, found ${ without its }\n");
}

Json nested(int levels) {
    Json value = "x";
    for (int i = 0; i < levels; ++i) {
        value = i % 2 == 0 ? Json::array({value}) : Json{{"a", value}};
    }
    return value;
}

BOOST_AUTO_TEST_CASE(allows_32_levels) {
    BOOST_TEST(errors_of(nested(32)).empty());
    BOOST_TEST(errors_of(nested(33)).ends_with(": expected 32 levels at most, found more\n"));
}

Json json_in_json(int levels) {
    Json value = "x";
    for (int i = 0; i < levels; ++i) {
        value = Json{{"${json}", value}};
    }
    return value;
}

// Each level doubles the backslashes of the one within.
BOOST_AUTO_TEST_CASE(allows_4_levels_of_json_in_json) {
    BOOST_TEST(errors_of(json_in_json(4)).empty());
    BOOST_TEST(
        errors_of(json_in_json(5)) ==
        "error p /claims/${json}/${json}/${json}/${json}: expected JSON in JSON, 4 levels at "
        "most, found more\n");
}

struct Row : test::Case {
    std::string json;
    std::string expected;
};

const Row k_rows[] = {
    {{"JSON text alone"}, R"({"a": {"${json}": [1]}})", ""},
    {{"JSON text beside others"},
     R"({"a": {"${json}": [1], "b": 1}})",
     "error p /claims/a: expected ${json} alone in its object, found 2 members\n"},
    {{"json as a value"},
     R"({"a": "${json}"})",
     "error p /claims/a: expected form.NAME, server.ROOMKEY_NAME, previous.PATH, env.NAME, now, "
     "now+N, now-N, uuid, guest.name, guest.color or 'text', "
     "found json\n"},
    {{"keys that always are the same"},
     R"({"a": {"a": 1, "${env.SAME}": 2}})",
     "error p /claims/a/a: expected each key once, found one that always equals another\n"},
    {{"values that always are the same"},
     R"({"a": {"${form.b}": 1, "${ form.b }": 2}})",
     "error p /claims/a/${form.b}: expected each key once, found one that always equals "
     "another\n"},
    {{"keys that may be the same"}, R"({"a": {"${form.b}": 1, "${form.b|uri}": 2, "a": 3}})", ""},
};

BOOST_DATA_TEST_CASE(parses_claims_once, k_rows, row) {
    BOOST_TEST(errors_of(Json::parse(row.json)) == row.expected);
}

BOOST_AUTO_TEST_CASE(shows_what_was_found_in_one_short_line) {
    BOOST_TEST(shown(Json::parse("{}")) == "an object");
    BOOST_TEST(shown(Json::parse("[]")) == "an array");
    BOOST_TEST(shown(Json("a\nb")) == R"("a\nb")");
    const std::string text = shown(Json("\xC3\xA9" + std::string(100, 'a') + "\xC3\xA9"));
    BOOST_TEST(text == "\"\xC3\xA9" + std::string(77, 'a') + "...");
    std::string wide;
    for (int i = 0; i < 100; ++i) {
        wide += "\xC3\xA9";
    }
    BOOST_TEST(is_utf8(shown(Json(wide))));
}

BOOST_AUTO_TEST_CASE(finds_claims_by_their_path) {
    Diagnostics diagnostics("p");
    const Node tree = parse_claims(
        Json::parse(R"({"a": {"b": {"c": "x"}, "${form.d}": 1}, "${env.SAME}e": 2, "f": [1]})"),
        Place("claims"), k_environment.parameters(), diagnostics);
    const auto& claims = std::get<Object>(tree.value);
    BOOST_TEST(shown(*find_claim(claims, "a.b.c")) == "\"x\"");
    BOOST_TEST(shown(*find_claim(claims, "ae")) == "2");
    for (const char* path : {"a.c", "a.b.c.d", "", "a.", "f.0", "a.${form.d}"}) {
        BOOST_TEST(find_claim(claims, path) == nullptr);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
