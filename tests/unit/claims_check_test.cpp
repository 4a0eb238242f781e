// SPDX-License-Identifier: MIT
#include "roomkey/claims_check.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(claims_check)

const Variables k_environment{"ROOM=lobby", "SUB=sub"};

// Errors, then warnings, one a line.
std::string found_in(const std::string& claims) {
    Findings findings("p");
    const Json parsed = Json::parse(claims);
    check_names(parsed, k_environment.parameters(), findings);
    check_json_text(parsed, k_environment.parameters(), findings);
    check_identity(parsed, k_environment.parameters(), findings);
    return test::describe(std::move(findings));
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
    {{"a name from the environment"},
     R"({"${env.SUB}": "${form.user}"})",
     "warning p /claims/${env.SUB}" + k_identity},
};

BOOST_DATA_TEST_CASE(warns_of_identities_that_visitors_choose, k_identities, row) {
    BOOST_TEST(found_in(row.claims) == row.expected);
}

struct Row : test::Case {
    std::string claims;
    std::string expected;
};

const std::string k_unquoted =
    ": found a form. or server. placeholder in JSON text without |json; ${...|json} is allowed "
    "there, which brings its own quotes\n";
const std::string k_broken =
    ": found text that starts as JSON and becomes none; ${...|json} brings its own quotes, and is "
    "allowed where a JSON string is\n";

const Row k_rows[] = {
    {{"a value that is quoted"}, R"({"a": "{\"b\":${form.c|json}}"})", ""},
    {{"text that a request can't change"}, R"({"a": "{\"b\":\"${env.ROOM}\"}"})", ""},
    {{"text in brackets"}, R"({"a": "[staff] ${form.name}"})", ""},
    {{"a value that is not quoted"},
     R"({"a": "{\"b\":\"${form.c}\"}"})",
     "error p /claims/a" + k_unquoted},
    {{"a key that is not quoted"},
     R"({"a": [{"b/c": " {\"${server.ROOMKEY_USER}\":1}"}]})",
     "error p /claims/a/0/b~1c" + k_unquoted},
    {{"an array's element"}, R"({"a": "[\"${form.c}\"] "})", "error p /claims/a" + k_unquoted},
    {{"quotes around quotes"},
     R"({"a": "{\"b\":\"${form.c|json}\"}"})",
     "error p /claims/a" + k_broken},
    {{"no JSON at all"}, R"({"a": "{${form.c|json}}"})", "error p /claims/a" + k_broken},
    {{"a name that the visitor chooses"},
     R"({"a${form.b}": 1})",
     "error p /claims/a${form.b}: found a form. or server. placeholder in a claim's name; env. is "
     "allowed there\n"},
};

BOOST_DATA_TEST_CASE(refuses_text_and_names_that_a_request_could_change, k_rows, row) {
    BOOST_TEST(found_in(row.claims) == row.expected);
}

const std::string k_chosen =
    "a key that the request chooses, and so it may be any, such as *; where keys are rights or "
    "rooms, a key of the policy is safe\n";

const Row k_keys[] = {
    {{"a key of the policy"}, R"({"a": {"b": "${form.c}"}})", ""},
    {{"a key of the environment"}, R"({"a": {"${env.ROOM}": 1}})", ""},
    {{"a key among those that begin alike"}, R"({"a": {"room:${form.c}": 1}})", ""},
    {{"the same behind a variable"}, R"({"a": {"${env.ROOM}:${form.c}": 1}})", ""},
    {{"a right of the visitor's choice"},
     R"({"video": {"room": "lobby", "${form.c}": true}})",
     "warning p /claims/video/${form.c}: is " + k_chosen},
    {{"one that only ends in the policy's text"},
     R"({"a": [0, {"b/c": {"${server.ROOMKEY_A ?? 'x'}:read": 1}}]})",
     "warning p /claims/a/1/b~1c/${server.ROOMKEY_A ?? 'x'}:read: is " + k_chosen},
    {{"a room of the visitor's choice in JSON text"},
     R"({"a": "{${form.c|json}:[\"subscribe\"]}"})",
     "warning p /claims/a: has " + k_chosen},
    {{"the same deep within it"},
     R"({"a": ["[1,{\"b\":{${form.c|regex|json}:1}}]"]})",
     "warning p /claims/a/0: has " + k_chosen},
    {{"a value in JSON text"}, R"({"a": "[{\"b\":[${form.c|json}]}]"})", ""},
};

BOOST_DATA_TEST_CASE(warns_of_keys_that_the_request_chooses, k_keys, row) {
    Findings findings("p");
    check_keys(Json::parse(row.claims), k_environment.parameters(), findings);
    BOOST_TEST(test::describe(std::move(findings)) == row.expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
