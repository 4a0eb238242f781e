// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/permissions_check.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <variant>

#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(permissions_check)

const Variables k_environment{"ROOM=lobby", "P=permissions"};

// Errors, then warnings, one a line.
std::string found_in(const std::string& claims) {
    Diagnostics diagnostics("p");
    const Node tree =
        parse_claims(Json::parse(claims), Place("claims"), k_environment.parameters(), diagnostics);
    check_permissions(std::get<Object>(tree.value), diagnostics);
    return test::describe(std::move(diagnostics));
}

std::string with(const std::string& permissions) {
    return found_in(R"({"permissions": {)" + permissions + "}}");
}

struct Row : test::Case {
    std::string permissions;
    std::string expected;
};

const std::string k_unfit =
    ": expected a name or |regex for each value of a pattern, found another filter, or a fallback "
    "that is no name\n";
const std::string k_not_anchored =
    ": is not anchored and matches within longer names too; ^...$ matches whole names\n";

const Row k_rows[] = {
    {{"all rights"}, R"("^a$": {"publish": true, "subscribe": false, "history": 10})", ""},
    {{"no rights"}, R"("^a$": {})", ""},
    {{"a history of nothing"}, R"("^a$": {"history": 0})", ""},
    {{"a history of all that is kept"}, R"("^a$": {"history": 100})", ""},
    {{"a lookahead"}, R"("^a-(?!b$).+$": {"publish": true})", ""},
    {{"a quoted field"}, R"("^a-${form.b|regex}$": {"publish": true})", ""},
    {{"a quoted parameter"}, R"("^a-${server.ROOMKEY_B|regex}$": {"publish": true})", ""},
    {{"a name"}, R"("^a-${form.b}$": {"publish": true})", ""},
    {{"a name with a fallback"}, R"("^a-${server.ROOMKEY_B ?? 'guest'}$": {"publish": true})", ""},
    {{"a variable"}, R"("^${env.ROOM}$": {"publish": true})", ""},
    {{"a guest's name"}, R"("^${guest.name}$": {"publish": true})", ""},

    {{"a field for a URI, with points"},
     R"("^a-${form.b|uri}$": {})",
     "error p /claims/permissions/^a-${form.b|uri}$" + k_unfit},
    {{"a field that is left as it is"},
     R"("^a-${form.b|text}$": {})",
     "error p /claims/permissions/^a-${form.b|text}$" + k_unfit},
    {{"a fallback with a point"},
     R"("^a-${form.b ?? 'x.y'}$": {})",
     "error p /claims/permissions/^a-${form.b ?? 'x.y'}$" + k_unfit},
    {{"one of two"},
     R"("^${form.a}:${form.b|text}$": {})",
     "error p /claims/permissions/^${form.a}:${form.b|text}$" + k_unfit},
    {{"a slash in the pattern"},
     R"("^a/${form.b|uri}$": {})",
     "error p /claims/permissions/^a~1${form.b|uri}$" + k_unfit},
    {{"a value that runs into what varies"},
     R"("^a-${form.b|regex}.*$": {})",
     "error p /claims/permissions/^a-${form.b|regex}.*$: expected ^ or $, with fixed text between, "
     "on both sides of a |regex value, found form.b before something that varies\n"},

    {{"no expression"},
     R"("*.$": {})",
     "error p /claims/permissions/*.$: expected a regular expression, found a quantifier behind "
     "nothing\n"},
    {{"rights that are no object"},
     R"("^a$": true)",
     "error p /claims/permissions/^a$: expected an object of rights, found true\n"},
    {{"a right of the wrong type"},
     R"("^a$": {"publish": "yes"})",
     "error p /claims/permissions/^a$/publish: expected true or false, found \"yes\"\n"},
    {{"a right of null"},
     R"("^a$": {"subscribe": null})",
     "error p /claims/permissions/^a$/subscribe: expected true or false, found null\n"},
    {{"a right as a number"},
     R"("^a$": {"subscribe": 1})",
     "error p /claims/permissions/^a$/subscribe: expected true or false, found 1\n"},
    {{"an unknown right"},
     R"("^a$": {"write": true})",
     "error p /claims/permissions/^a$/write: expected publish, subscribe or history, found "
     "\"write\"\n"},
    {{"a right in another case"},
     R"("^a$": {"Publish": true})",
     "error p /claims/permissions/^a$/Publish: expected publish, subscribe or history, found "
     "\"Publish\"\n"},
    {{"a history of the wrong type"},
     R"("^a$": {"history": true})",
     "error p /claims/permissions/^a$/history: expected a number of messages, 0 to 100, found "
     "true\n"},
    {{"a history below zero"},
     R"("^a$": {"history": -1})",
     "error p /claims/permissions/^a$/history: expected a number of messages, 0 to 100, found "
     "-1\n"},
    {{"a history that the service does not keep"},
     R"("^a$": {"history": 101})",
     "error p /claims/permissions/^a$/history: expected a number of messages, 0 to 100, found "
     "101\n"},
    {{"a history beyond every number"},
     R"("^a$": {"history": 18446744073709551615})",
     "error p /claims/permissions/^a$/history: expected a number of messages, 0 to 100, found "
     "18446744073709551615\n"},
    {{"a history with a fraction"},
     R"("^a$": {"history": 1.5})",
     "error p /claims/permissions/^a$/history: expected a number of messages, 0 to 100, found "
     "1.5\n"},
    {{"several at once"},
     R"("^a$": {"publish": 1, "write": 1}, "^b$": 1)",
     "error p /claims/permissions/^a$/publish: expected true or false, found 1\nerror p "
     "/claims/permissions/^a$/write: expected publish, subscribe or history, found "
     "\"write\"\nerror p /claims/permissions/^b$: expected an object of rights, found 1\n"},

    {{"not anchored"},
     R"("main": {"publish": true})",
     "warning p /claims/permissions/main" + k_not_anchored},
    {{"anchored at the start only"},
     R"("^main": {"publish": true})",
     "warning p /claims/permissions/^main" + k_not_anchored},
    {{"anchored at the end only"},
     R"("main$": {"publish": true})",
     "warning p /claims/permissions/main$" + k_not_anchored},
    {{"an alternative at each end only"},
     R"("^a|b$": {"publish": true})",
     "warning p /claims/permissions/^a|b$" + k_not_anchored},
    {{"a quoted end"},
     R"("^a\\$": {"publish": true})",
     "warning p /claims/permissions/^a\\$" + k_not_anchored},
    {{"a flag"},
     R"("^(?i:a)$": {"publish": true})",
     "warning p /claims/permissions/^(?i:a)$: has (?i, which PCRE2 and JavaScript may read "
     "differently; the service may see another pattern in it\n"},

    {{"a field in a class"},
     R"("^a-[${form.b|regex}]$": {})",
     "error p /claims/permissions/^a-[${form.b|regex}]$: expected a value where text stands for "
     "itself, found one in [ ], behind a backslash or (?, or before a quantifier\n"},
    {{"a field before a quantifier"},
     R"("^a-${form.b|regex}+$": {})",
     "error p /claims/permissions/^a-${form.b|regex}+$: expected a value where text stands for "
     "itself, found one in [ ], behind a backslash or (?, or before a quantifier\n"},
    {{"a field beside what engines read differently"},
     R"("^\\Qa\\E-${form.b|regex}$": {})",
     "error p /claims/permissions/^\\Qa\\E-${form.b|regex}$: expected what PCRE2 and JavaScript "
     "read alike in a pattern with a value: . | ^ $ (...) (?:...) (?=...) (?!...) [...] * + ? "
     "{n,m} \\d \\w \\b, and \\ before syntax characters, found \\Q\n"},
    {{"a field in a pattern that is not anchored"},
     R"("^a-${form.b|regex}": {})",
     "error p /claims/permissions/^a-${form.b|regex}: expected ^...$ around each alternative of a "
     "pattern with a value, found one that matches within longer names\n"},
    {{"a pattern that is too long"},
     "\"^" + std::string(1023, 'a') + "$\": {}",
     "error p /claims/permissions/^" + std::string(1023, 'a') +
         "$: expected a pattern of 1024 bytes at most, found 1025\n"},
    {{"the longest pattern"}, "\"^" + std::string(1022, 'a') + "$\": {}", ""},

};

BOOST_DATA_TEST_CASE(looks_at_patterns_and_rights, k_rows, row) {
    BOOST_TEST(with(row.permissions) == row.expected);
}

BOOST_AUTO_TEST_CASE(finds_permissions_whose_name_comes_from_the_environment) {
    BOOST_TEST(found_in(R"({"${env.P}": {"^a$": 1}})") ==
               "error p /claims/${env.P}/^a$: expected an object of rights, found 1\n");
}

BOOST_AUTO_TEST_CASE(leaves_permissions_of_another_shape_alone) {
    BOOST_TEST(found_in(R"({"permissions": ["read"]})").empty());
    BOOST_TEST(found_in(R"({"permissions": "read"})").empty());
    BOOST_TEST(found_in("{}").empty());
}

BOOST_AUTO_TEST_CASE(warns_of_permissions_in_a_string) {
    BOOST_TEST(
        found_in(R"({"permissions": {"${json}": {"^r-${form.a}.*$": {"publish": true}}}})") ==
        "warning p /claims/permissions: is a string, and no object of patterns, so nothing in "
        "it is checked\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
