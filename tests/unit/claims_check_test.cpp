// SPDX-License-Identifier: MIT
#include "roomkey/claims_check.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

#include "roomkey/config_error.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(claims_check)

const Variables k_environment{"ROOM=lobby"};

// Errors, then warnings, one a line.
std::string found_in(const std::string& claims) {
    Findings findings("p");
    const Json parsed = Json::parse(claims);
    check_permissions(parsed, k_environment.parameters(), findings);
    check_identity(parsed, k_environment.parameters(), findings);
    std::string lines;
    try {
        findings.throw_if_any();
    } catch (const ConfigError& error) {
        for (const std::string& finding : error.findings()) {
            lines += "error " + finding + "\n";
        }
    }
    for (const std::string& warning : std::move(findings).take_warnings()) {
        lines += "warning " + warning + "\n";
    }
    return lines;
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
    {{"two that disagree on a room"},
     R"("^main$": {"publish": false}, "^.*$": {"publish": true})",
     "warning p /claims/permissions/^main$: disagrees with the pattern ^.*$ on the room main; "
     "only what both allow is granted there\n"},
    {{"two that agree"}, R"("^main$": {"publish": true}, "^.*$": {"publish": true})", ""},
    {{"two that do not meet"}, R"("^a$": {"publish": false}, "^b.*$": {"publish": true})", ""},
    {{"a quoted room"},
     R"("^a\\.b$": {"publish": false}, "^a.*$": {"publish": true})",
     "warning p /claims/permissions/^a\\.b$: disagrees with the pattern ^a.*$ on the room a.b; "
     "only what both allow is granted there\n"},
    {{"a class is no room"}, R"("^\\d$": {"publish": false}, "^d$": {"publish": true})", ""},
};

BOOST_DATA_TEST_CASE(looks_at_patterns_and_rights, k_rows, row) {
    BOOST_TEST(with(row.permissions) == row.expected);
}

BOOST_AUTO_TEST_CASE(leaves_permissions_of_another_shape_alone) {
    BOOST_TEST(found_in(R"({"permissions": ["read"]})").empty());
    BOOST_TEST(found_in(R"({"permissions": "read"})").empty());
    BOOST_TEST(found_in("{}").empty());
}

const std::string k_identity =
    ": is whatever the visitor sends, so anybody can be anyone; server.ROOMKEY_USER is what the "
    "web server vouches for\n";

struct Identity : test::Case {
    std::string claims;
    std::string expected;
};

const Identity k_identities[] = {
    {{"the web server's user"}, R"({"sub": "${server.ROOMKEY_USER}"})", ""},
    {{"the connection, which is no person"}, R"({"client": "${form.clientID}"})", ""},
    {{"a constant"}, R"({"sub": "everybody"})", ""},
    {{"a number"}, R"({"sub": 1})", ""},
    {{"sub of the visitor"}, R"({"sub": "${form.user}"})", "warning p /claims/sub" + k_identity},
    {{"user_id of the visitor"},
     R"({"user_id": "u-${form.user}"})",
     "warning p /claims/user_id" + k_identity},
    {{"Ably's client id of the visitor"},
     R"({"x-ably-clientId": "${form.user|json}"})",
     "warning p /claims/x-ably-clientId" + k_identity},
    {{"a visitor as fallback"},
     R"({"sub": "${server.ROOMKEY_USER ?? form.user}"})",
     "warning p /claims/sub" + k_identity},
};

BOOST_DATA_TEST_CASE(warns_of_identities_that_visitors_choose, k_identities, row) {
    BOOST_TEST(found_in(row.claims) == row.expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
