// SPDX-License-Identifier: MIT
#include "roomkey/permissions_check.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <ctime>
#include <string>
#include <utility>

#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(permissions_check)

const Variables k_environment{"ROOM=lobby", "P=permissions"};

// Errors, then warnings, one a line.
std::string found_in(const std::string& claims) {
    Findings findings("p");
    const Json parsed = Json::parse(claims);
    check_permissions(parsed, k_environment.parameters(), findings);
    return test::describe(std::move(findings));
}

std::string with(const std::string& permissions) {
    return found_in(R"({"permissions": {)" + permissions + "}}");
}

struct Row : test::Case {
    std::string permissions;
    std::string expected;
};

const std::string k_unquoted =
    ": found a form. or server. placeholder in a pattern without |regex; ${...|regex} is allowed "
    "there\n";
const std::string k_not_anchored =
    ": is not anchored and matches within longer names too; ^...$ matches whole names\n";

const std::string k_in_a_row =
    ": has two values in a row, one of them the visitor's, who can so name the room of others: "
    "a-b-c "
    "is a and b-c, or a-b and c; a pattern of one value is safe\n";

const Row k_rows[] = {
    {{"all rights"}, R"("^a$": {"publish": true, "subscribe": false, "history": 10})", ""},
    {{"no rights"}, R"("^a$": {})", ""},
    {{"a history of nothing"}, R"("^a$": {"history": 0})", ""},
    {{"a history of all that is kept"}, R"("^a$": {"history": 100})", ""},
    {{"a lookahead"}, R"("^a-(?!b$).+$": {"publish": true})", ""},
    {{"a quoted field"}, R"("^a-${form.b|regex}$": {"publish": true})", ""},
    {{"a quoted parameter"}, R"("^a-${server.ROOMKEY_B|regex}$": {"publish": true})", ""},
    {{"a field as a JSON string, then quoted"}, R"("^a-${form.b|json|regex}$": {})", ""},
    {{"a variable"}, R"("^${env.ROOM}$": {"publish": true})", ""},
    {{"a guest's name"}, R"("^${guest.name}$": {"publish": true})", ""},

    {{"a field that is not quoted"},
     R"("^a-${form.b}$": {})",
     "error p /claims/permissions/^a-${form.b}$" + k_unquoted},
    {{"a parameter that is not quoted"},
     R"("^a-${server.ROOMKEY_B}$": {})",
     "error p /claims/permissions/^a-${server.ROOMKEY_B}$" + k_unquoted},
    {{"a field with another filter"},
     R"("^a-${form.b|json}$": {})",
     "error p /claims/permissions/^a-${form.b|json}$" + k_unquoted},
    {{"a field as a fallback"},
     R"("^a-${env.ROOM ?? form.b}$": {})",
     "error p /claims/permissions/^a-${env.ROOM ?? form.b}$" + k_unquoted},
    {{"one of two"},
     R"("^${form.a|regex}-${form.b}$": {})",
     "error p /claims/permissions/^${form.a|regex}-${form.b}$" + k_unquoted},
    {{"a slash in the pattern"},
     R"("^a/${form.b}$": {})",
     "error p /claims/permissions/^a~1${form.b}$" + k_unquoted},

    {{"no expression"},
     R"("^*.$": {})",
     "error p /claims/permissions/^*.$: found no regular expression (Invalid preceding "
     "regular expression prior to repetition operator); one in Perl's syntax is allowed\n"},
    {{"rights that are no object"},
     R"("^a$": true)",
     "error p /claims/permissions/^a$: found true; an object of rights is allowed\n"},
    {{"a right of the wrong type"},
     R"("^a$": {"publish": "yes"})",
     "error p /claims/permissions/^a$/publish: found \"yes\"; true or false is allowed\n"},
    {{"a right of null"},
     R"("^a$": {"subscribe": null})",
     "error p /claims/permissions/^a$/subscribe: found null; true or false is allowed\n"},
    {{"a right as a number"},
     R"("^a$": {"subscribe": 1})",
     "error p /claims/permissions/^a$/subscribe: found 1; true or false is allowed\n"},
    {{"an unknown right"},
     R"("^a$": {"write": true})",
     "error p /claims/permissions/^a$/write: found an unknown right; publish, subscribe and "
     "history are allowed\n"},
    {{"a right in another case"},
     R"("^a$": {"Publish": true})",
     "error p /claims/permissions/^a$/Publish: found an unknown right; publish, subscribe and "
     "history are allowed\n"},
    {{"a history of the wrong type"},
     R"("^a$": {"history": true})",
     "error p /claims/permissions/^a$/history: found true; a number of messages, 0 to 100, is "
     "allowed\n"},
    {{"a history below zero"},
     R"("^a$": {"history": -1})",
     "error p /claims/permissions/^a$/history: found -1; a number of messages, 0 to 100, is "
     "allowed\n"},
    {{"a history that the service does not keep"},
     R"("^a$": {"history": 101})",
     "error p /claims/permissions/^a$/history: found 101; a number of messages, 0 to 100, is "
     "allowed\n"},
    {{"a history beyond every number"},
     R"("^a$": {"history": 18446744073709551615})",
     "error p /claims/permissions/^a$/history: found 18446744073709551615; a number of messages, 0 "
     "to 100, is allowed\n"},
    {{"a history with a fraction"},
     R"("^a$": {"history": 1.5})",
     "error p /claims/permissions/^a$/history: found 1.5; a number of messages, 0 to 100, is "
     "allowed\n"},
    {{"several at once"},
     R"("^a$": {"publish": 1, "write": 1}, "^b$": 1)",
     "error p /claims/permissions/^a$/publish: found 1; true or false is allowed\n"
     "error p /claims/permissions/^a$/write: found an unknown right; publish, subscribe and "
     "history are allowed\n"
     "error p /claims/permissions/^b$: found 1; an object of rights is allowed\n"},

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
     "warning p /claims/permissions/^(?i:a)$: has (?i, which Perl and JavaScript read differently; "
     "the service may see another pattern in it\n"},

    {{"a field in a class"},
     R"("^a-[${form.b|regex}]$": {})",
     "error p /claims/permissions/^a-[${form.b|regex}]$: found a form. or server. placeholder in "
     "brackets, or behind a backslash or (?; it is allowed where text stands for itself\n"},
    {{"a field before a quantifier"},
     R"("^a-${form.b|regex}+$": {})",
     "error p /claims/permissions/^a-${form.b|regex}+$: found a quantifier behind a form. or "
     "server. placeholder, which repeats its end; (?:${...|regex}) in a group is allowed\n"},
    {{"a field beside what engines read differently"},
     R"("^\\Qa\\E-${form.b|regex}$": {})",
     "error p /claims/permissions/^\\Qa\\E-${form.b|regex}$: found \\Q in a pattern with a form. "
     "or server. placeholder; what Perl and JavaScript read alike is allowed there: . | ^ $ (...) "
     "(?:...) (?=...) (?!...) [...] * + ? {n,m} \\d \\s \\w \\b, and \\ before punctuation\n"},
    {{"a field in a pattern that is not anchored"},
     R"("^a-${form.b|regex}": {})",
     "error p /claims/permissions/^a-${form.b|regex}: found a form. or server. placeholder in a "
     "pattern that matches within longer names too; ^...$ around the whole is allowed\n"},
    {{"a pattern that is too long"},
     "\"^" + std::string(1023, 'a') + "$\": {}",
     "error p /claims/permissions/^" + std::string(1023, 'a') +
         "$: found a pattern of 1025 bytes; 1024 are allowed, and several patterns\n"},
    {{"the longest pattern"}, "\"^" + std::string(1022, 'a') + "$\": {}", ""},

    {{"two values in a row, and nothing between them"},
     R"("^a-${server.ROOMKEY_A|regex}${form.b|regex}$": {})",
     "warning p /claims/permissions/^a-${server.ROOMKEY_A|regex}${form.b|regex}$" + k_in_a_row},
    {{"two values in a row, and text between them"},
     R"("^${form.a|regex}-${env.ROOM}-${form.b ?? 'x'|regex}$": {})",
     "warning p /claims/permissions/^${form.a|regex}-${env.ROOM}-${form.b ?? 'x'|regex}$" +
         k_in_a_row},
    {{"two values of the web server"},
     R"("^${server.ROOMKEY_A|regex}-${server.ROOMKEY_B|regex}$": {})",
     ""},
    {{"one value twice"}, R"("^${form.a|regex}-${form.a|regex}$": {})", ""},
    {{"two values, one or the other"}, R"("^(?:${form.a|regex}|${form.b|regex})$": {})", ""},

    {{"two that disagree on a room"},
     R"("^main$": {"publish": false}, "^.*$": {"publish": true})",
     "warning p /claims/permissions/^main$: disagrees with the pattern ^.*$ on the room main; "
     "only what both allow is granted there\n"},
    {{"two that agree"}, R"("^main$": {"publish": true}, "^.*$": {"publish": true})", ""},
    {{"two that do not meet"}, R"("^a$": {"publish": false}, "^b.*$": {"publish": true})", ""},
    {{"a room that is short enough for two quantifiers"},
     "\"^" + std::string(64, 'a') + R"($": {}, "^a*a*$": {"publish": true})",
     "warning p /claims/permissions/^" + std::string(64, 'a') +
         "$: disagrees with the pattern ^a*a*$ on the room " + std::string(64, 'a') +
         "; only what both allow is granted there\n"},
    {{"one that is too long for two, which is not tried"},
     "\"^" + std::string(65, 'a') + R"($": {}, "^a*a*$": {"publish": true})",
     ""},
    {{"the same with one"},
     "\"^" + std::string(65, 'a') + R"($": {}, "^a*$": {"publish": true})",
     "warning p /claims/permissions/^" + std::string(65, 'a') +
         "$: disagrees with the pattern ^a*$ on the room " + std::string(65, 'a') +
         "; only what both allow is granted there\n"},
    {{"a quoted room"},
     R"("^a\\.b$": {"publish": false}, "^a.*$": {"publish": true})",
     "warning p /claims/permissions/^a\\.b$: disagrees with the pattern ^a.*$ on the room a.b; "
     "only what both allow is granted there\n"},
    {{"one room in two spellings"},
     R"("^a/b$": {"publish": false}, "^a\\/b$": {"publish": true})",
     "warning p /claims/permissions/^a~1b$: disagrees with the pattern ^a\\/b$ on the room a/b; "
     "only "
     "what both allow is granted there\n"
     "warning p /claims/permissions/^a\\~1b$: disagrees with the pattern ^a/b$ on the room a/b; "
     "only "
     "what both allow is granted there\n"},
    {{"a class is no room"}, R"("^\\d$": {"publish": false}, "^d$": {"publish": true})", ""},
};

BOOST_DATA_TEST_CASE(looks_at_patterns_and_rights, k_rows, row) {
    BOOST_TEST(with(row.permissions) == row.expected);
}

BOOST_AUTO_TEST_CASE(finds_permissions_whose_name_comes_from_the_environment) {
    BOOST_TEST(found_in(R"({"${env.P}": {"^a$": 1}})") ==
               "error p /claims/${env.P}/^a$: found 1; an object of rights is allowed\n");
}

// The largest policy must not keep a start or a reload for minutes, whatever its patterns are.
BOOST_AUTO_TEST_CASE(ends_in_bounded_time) {
    const auto repeated = [](const std::string& text, std::size_t size) {
        std::string all;
        while (all.size() + text.size() <= size) {
            all += text;
        }
        return all;
    };
    // Boost gives up on these after seconds for one room of a few letters.
    std::string slow;
    for (int i = 0; i < 30; ++i) {
        const std::string number = std::to_string(i);
        slow += "\"^" + number + repeated("a?", 1000) + "$\": {\"publish\": true}, ";
        slow += "\"^" + number + std::string(100, 'a') + "b$\": {},";
    }
    // Many patterns, each of which is compared with each room.
    std::string many;
    for (int i = 0; many.size() < 60'000; ++i) {
        const std::string number = std::to_string(i);
        many += "\"^" + number + "$\":{},\"^.*.*" + number + "x$\":{\"publish\":true},";
    }
    // The processor's time, as others may be busy.
    const std::clock_t start = std::clock();
    BOOST_TEST(with(slow + "\"^x$\": {}").empty());
    BOOST_TEST(with(many + "\"^x$\": {}").empty());
    BOOST_TEST((std::clock() - start) / CLOCKS_PER_SEC < 30);
}

BOOST_AUTO_TEST_CASE(leaves_permissions_of_another_shape_alone) {
    BOOST_TEST(found_in(R"({"permissions": ["read"]})").empty());
    BOOST_TEST(found_in(R"({"permissions": "read"})").empty());
    BOOST_TEST(found_in("{}").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
