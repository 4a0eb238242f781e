// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/claims_check.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <utility>

#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;

BOOST_AUTO_TEST_SUITE(claims_check)

const Variables k_environment{"ROOM=lobby", "SUB=sub"};

// Errors, then warnings, one a line.
std::string found_in(const std::string& claims, bool has_renewal = true) {
    Diagnostics diagnostics("p");
    const Node tree = parse_claims(nlohmann::json::parse(claims), Place("claims"),
                                   k_environment.parameters(), diagnostics);
    check_claims(std::get<Object>(tree.value), has_renewal, diagnostics);
    return test::describe(std::move(diagnostics));
}

struct Row : test::Case {
    std::string claims;
    std::string expected;
};

const std::string k_identity =
    ": is whatever the visitor sends, so anybody can be anyone; server.ROOMKEY_USER is what the "
    "web server vouches for\n";

const Row k_identities[] = {
    {{"the web server's user"}, R"({"sub": "${server.ROOMKEY_USER}"})", ""},
    {{"the connection, which is no person"}, R"({"client": "${form.clientID}"})", ""},
    {{"a constant"}, R"({"sub": "everybody"})", ""},
    {{"a number"}, R"({"sub": 1})", ""},
    {{"sub of the visitor"}, R"({"sub": "${form.user}"})", "warning p /claims/sub" + k_identity},
    {{"user_id of the visitor"},
     R"({"user_id": "u-${form.user}"})",
     "warning p /claims/user_id" + k_identity},
    {{"Ably's client id of the visitor"},
     R"({"x-ably-clientId": "${form.user|uri}"})",
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

const std::string k_chosen =
    ": is a key that the request chooses; where keys are rights or rooms, one that begins with "
    "text "
    "of the policy is safe\n";
const std::string k_regex =
    ": has |regex outside of a pattern of permissions: a space, a comma or a quote stays as it is, "
    "and nothing tells where a value ends\n";

const Row k_keys[] = {
    {{"a key of the policy"}, R"({"a": {"b": "${form.c}"}})", ""},
    {{"a key of the environment"}, R"({"a": {"${env.ROOM}": 1}})", ""},
    {{"a key among those that begin alike"}, R"({"a": {"room:${form.c}": 1}})", ""},
    {{"the same behind a variable"}, R"({"a": {"${env.ROOM}:${form.c}": 1}})", ""},
    {{"a right of the visitor's choice"},
     R"({"video": {"room": "lobby", "${form.c}": true}})",
     "warning p /claims/video/${form.c}" + k_chosen},
    {{"one that only ends in the policy's text"},
     R"({"a": [0, {"b/c": {"${server.ROOMKEY_A ?? 'x'}:read": 1}}]})",
     "warning p /claims/a/1/b~1c/${server.ROOMKEY_A ?? 'x'}:read" + k_chosen},
    {{"a room of the visitor's choice in JSON text"},
     R"({"a": {"${json}": {"${form.c}": ["subscribe"]}}})",
     "warning p /claims/a/${json}/${form.c}" + k_chosen},
    {{"a value in JSON text"}, R"({"a": {"${json}": [{"b": ["${form.c}"]}]}})", ""},
    {{"a pattern that is none"},
     R"({"a": "^x-${form.b|regex}$"})",
     "warning p /claims/a" + k_regex},
    {{"a key that is none"},
     R"({"a": {"^x-${form.b|regex}$": 1}})",
     "warning p /claims/a/^x-${form.b|regex}$" + k_regex},
    {{"permissions that are none"},
     R"({"a": {"permissions": {"^x-${form.b|regex}$": 1}}})",
     "warning p /claims/a/permissions/^x-${form.b|regex}$" + k_regex},
    {{"the pattern alone"}, R"({"a": "${form.b|regex}"})", ""},
    {{"a pattern"}, R"({"permissions": {"^x-${form.b|regex}$": {}}})", ""},
    {{"a constant"}, R"({"a": "^x-${env.ROOM|regex}$"})", ""},
};

BOOST_DATA_TEST_CASE(warns_of_what_the_request_chooses, k_keys, row) {
    BOOST_TEST(found_in(row.claims) == row.expected);
}

std::string not_apart(const std::string& at, const std::string& text) {
    return "error p /claims/" + at +
           ": expected text between two values that the first of them can't have, such as : or a "
           "space, found \"" +
           text + "\"\n";
}

const Row k_errors[] = {
    {{"a name that the visitor chooses"},
     R"({"a${form.b}": 1})",
     "error p /claims/a${form.b}: expected a claim's name that no request changes, found "
     "\"a${form.b}\"\n"},
    {{"a name that the web server chooses"},
     R"({"${server.ROOMKEY_A|uri}": 1})",
     "error p /claims/${server.ROOMKEY_A|uri}: expected a claim's name that no request changes, "
     "found \"${server.ROOMKEY_A|uri}\"\n"},
    {{"two values in a row"},
     R"({"a": ["${form.b}${form.c}"]})",
     not_apart("a/0", "${form.b}${form.c}")},
    {{"with a dash between them"},
     R"({"a": "${server.ROOMKEY_A}-${form.b}"})",
     not_apart("a", "${server.ROOMKEY_A}-${form.b}")},
    {{"in a key"},
     R"({"a": {"x:${form.b}_${form.c}": 1}})",
     not_apart("a/x:${form.b}_${form.c}", "x:${form.b}_${form.c}")},
    {{"with a point that a URI has"},
     R"({"a": "${form.b|uri}.${form.c|uri}"})",
     not_apart("a", "${form.b|uri}.${form.c|uri}")},
    {{"with a space that a fallback has"},
     R"({"a": "${form.b ?? 'x y'} ${form.c}"})",
     not_apart("a", "${form.b ?? 'x y'} ${form.c}")},
    {{"behind a random one"},
     R"({"a": "${guest.name}_${form.b}"})",
     not_apart("a", "${guest.name}_${form.b}")},
    {{"with a colon"}, R"({"a": "${form.b}:${form.c} ${form.d}"})", ""},
    {{"with a slash"}, R"({"a": "${form.b|uri}/x-${form.c|uri}"})", ""},
    {{"as the author vouches for"}, R"({"a": "${form.b|text} ${form.c|text}"})", ""},
    {{"one value twice"}, R"({"a": "${form.b}${form.b}-${form.b}"})", ""},
    {{"random ones"}, R"({"a": "${guest.name}_${uuid}-${now}"})", ""},
};

BOOST_DATA_TEST_CASE(refuses_what_a_request_could_change, k_errors, row) {
    BOOST_TEST(found_in(row.claims) == row.expected);
}

const Row k_previous[] = {
    {{"an identity"}, R"({"id": "${previous.id ?? uuid}"})", ""},
    {{"a name that lasts"},
     R"({"data": {"name": "${form.name ?? previous.data.name ?? guest.name}"}})",
     ""},
    {{"in a pattern"},
     R"({"id": "${previous.id ?? uuid}", "permissions": {"^${previous.id ?? uuid}$": {}}})",
     ""},
    {{"no beginning here, but in another policy's tokens"}, R"({"id": "${previous.id}"})", ""},
    {{"a visitor's choice behind it"},
     R"({"id": "${previous.id ?? form.id}"})",
     "error p /claims/id: expected form. before previous., or not at all, found form.id behind "
     "it\n"},
    {{"a visitor's choice behind it, between others"},
     R"({"id": "${form.a ?? previous.id ?? form.id ?? uuid}"})",
     "error p /claims/id: expected form. before previous., or not at all, found form.id behind "
     "it\n"},
    {{"a visitor's choice that became a claim"},
     R"({"n": "${form.n}", "id": "${previous.n ?? uuid}"})",
     "warning p /claims/id: takes previous.n, which a visitor may have chosen (\"${form.n}\"), so "
     "it "
     "proves nothing\n"},
    {{"the same in a pattern"},
     R"({"n": "${form.n}", "permissions": {"^${previous.n ?? uuid}$": {}}})",
     "warning p /claims/permissions/^${previous.n ?? uuid}$: takes previous.n, which a visitor may "
     "have chosen (\"${form.n}\"), so it proves nothing\n"},
    {{"a claim that is not there"},
     R"({"id": "${previous.ids ?? uuid}"})",
     "warning p /claims/id: takes previous.ids, which is no string of these claims, so it is "
     "absent\n"},
    {{"a claim that is no string"},
     R"({"n": {"x": 1}, "id": "${previous.n ?? uuid}"})",
     "warning p /claims/id: takes previous.n, which is no string of these claims, so it is "
     "absent\n"},
};

BOOST_DATA_TEST_CASE(lets_a_claim_last_that_proves_something, k_previous, row) {
    BOOST_TEST(found_in(row.claims) == row.expected);
}

const Row k_hidden_choices[] = {
    {{"behind a key that the request chooses"},
     R"({"d": {"a-${form.k}": "${form.x}"}, "id": "${previous.d.a-admin ?? uuid}"})",
     "warning p /claims/id: takes previous.d.a-admin, which a visitor may have chosen, so it "
     "proves "
     "nothing\n"},
    {{"in JSON text"},
     R"({"m": {"${json}": ["${form.x}"]}, "id": "${previous.m ?? uuid}"})",
     "warning p /claims/id: takes previous.m, which a visitor may have chosen (an object), so "
     "it proves nothing\n"},
    {{"two tokens ago"},
     R"({"b": "${form.x}", "a": "${previous.b ?? uuid}", "id": "${previous.a ?? uuid}"})",
     "warning p /claims/a: takes previous.b, which a visitor may have chosen (\"${form.x}\"), so "
     "it "
     "proves nothing\nwarning p /claims/id: takes previous.a, which a visitor may have chosen "
     "(\"${previous.b ?? uuid}\"), so it proves nothing\n"},
};

BOOST_DATA_TEST_CASE(finds_a_choice_that_hides, k_hidden_choices, row) {
    BOOST_TEST(found_in(row.claims) == row.expected);
}

const Row k_wholes[] = {
    {{"a scope"}, R"({"scope": "${form.s}"})", "/scope"},
    {{"one of several"}, R"({"aud": ["a", "${server.ROOMKEY_A ?? uuid}"]})", "/aud/1"},
    {{"a topic"}, R"({"mercure": {"subscribe": ["${form.t}"]}})", "/mercure/subscribe/0"},
    {{"a name"}, R"({"scope": "${form.s|name}"})", ""},
    {{"vouched for"}, R"({"scope": "${form.s|text}"})", ""},
    {{"longer text"}, R"({"scope": "read:${form.s}"})", ""},
    {{"what no request changes"}, R"({"channel": "${env.ROOM}"})", ""},
    {{"a claim that means nothing"},
     R"({"name": "${form.s}", "mercure": {"payload": "${form.s}"}})",
     ""},
};

BOOST_DATA_TEST_CASE(warns_of_any_text_where_characters_mean_something, k_wholes, row) {
    const std::string expected = row.expected.empty()
                                     ? ""
                                     : "warning p /claims" + row.expected +
                                           ": takes any text of the request, in a claim where *, a "
                                           "space or a colon may mean "
                                           "something; |name lets names alone in\n";
    BOOST_TEST(found_in(row.claims) == expected);
}

// Through several claims, a visitor's choice stays one.
BOOST_AUTO_TEST_CASE(follows_a_visitors_choice_through_claims) {
    BOOST_TEST(found_in(R"({"n": "${form.n}", "m": "${form.n ?? previous.n ?? uuid}",
                            "id": "${previous.m ?? uuid}"})") != "");
    BOOST_TEST(found_in(R"({"id": "${previous.id ?? uuid}", "o": "${previous.id ?? uuid}"})") ==
               "");
}

BOOST_AUTO_TEST_CASE(wants_renewal_for_previous_claims) {
    BOOST_TEST(
        found_in(R"({"id": "${previous.id ?? uuid}"})", false) ==
        "error p /claims/id: expected \"renewal\" beside \"claims\", found previous. without "
        "it\n");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
