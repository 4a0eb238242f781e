// SPDX-License-Identifier: MIT
// Policies that would let a value of the request mean more than itself, publish the key, or end the
// process. Each comment names the harm.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

#include "roomkey/form.hpp"
#include "roomkey/policy.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Case;

BOOST_AUTO_TEST_SUITE(widening)

// All findings, or "accepted".
std::string judged(const std::string& json) {
    const test::Variables environment{"P=permissions", "SCALEDRONE_CHANNEL_SECRET=do-not-tell"};
    try {
        (void)compile_policy(json, "policy", environment.parameters());
        return "accepted";
    } catch (const ConfigError& error) {
        std::string all;
        for (const std::string& finding : error.findings()) {
            all += finding + "\n";
        }
        return all;
    }
}

std::string with_pattern(const std::string& pattern) {
    return R"json({"claims": {"exp": "${now+60}", "permissions": {")json" + pattern +
           R"json(": {"subscribe": true}}}})json";
}

struct Pattern : Case {
    std::string pattern;
};

const Pattern k_wide[] = {
    {{"json after regex doubles the backslashes, so | is live again"},
     "^room-${form.a|regex|json}$"},
    {{"the same from the web server"}, "^room-${server.ROOMKEY_A|regex|json}$"},
    {{"within a class, a-z is a range"}, "^room-[${form.a|regex}]$"},
    {{"within a class that starts with a bracket"}, "^room-[]${form.a|regex}]$"},
    {{"within a negated class"}, "^room-[^${form.a|regex}]$"},
    {{"within braces it is a count"}, "^room-x{${form.a|regex}}$"},
    {{"after a backslash, W is a class"}, R"(^room-\\${form.a|regex}$)"},
    {{"after an escape, it goes on with it"}, R"(^room-\\x${form.a|regex}$)"},
    {{"after the half of an escape, it completes it"}, R"(^room-\\x4${form.a|regex}$)"},
    {{"in extended mode, # comments out the end"}, "(?x)^room-${form.a|regex}$"},
    {{"in extended mode among other flags"}, "(?isx:^room-${form.a|regex})$"},
    {{"in extended mode that comes later"}, "^${form.a|regex}(?x)$"},
    {{"after an open group's question mark"}, "^room-(?${form.a|regex})$"},
    {{"before a quantifier, its end may be repeated"}, "^room-${form.a|regex}+$"},
    {{"before a question mark, its end may be missing"}, "^room-${form.a|regex}?$"},
    {{"before a count"}, "^room-${form.a|regex}{0,9}$"},
};

BOOST_DATA_TEST_CASE(refuses_a_pattern_that_a_value_could_widen, k_wide, row) {
    BOOST_TEST(judged(with_pattern(row.pattern)) != "accepted");
}

const Pattern k_narrow[] = {
    {{"on its own"}, "^room-${form.a|regex}$"},
    {{"in a group"}, "^room-(${form.a|regex}|lobby)$"},
    {{"in a lookahead"}, "^room-(?!${form.a|regex}$).+$"},
    {{"after a class"}, "^room-[a-z]${form.a|regex}$"},
    {{"after a count"}, "^room-x{2}${form.a|regex}$"},
    {{"after an escape that has ended"}, R"(^\\w+-${form.a|regex}$)"},
    {{"with another flag"}, "(?i)^room-${form.a|regex}$"},
    {{"after a quoted backslash"}, R"(^room-\\\\${form.a|regex}$)"},
    {{"after a quoted bracket"}, R"(^room-\\[${form.a|regex}$)"},
};

BOOST_DATA_TEST_CASE(accepts_a_value_that_can_only_mean_itself, k_narrow, row) {
    BOOST_TEST(judged(with_pattern(row.pattern)) == "accepted");
}

// A claim's name from the environment must not slip past the check of what it holds.
BOOST_AUTO_TEST_CASE(checks_permissions_whose_name_comes_from_the_environment) {
    BOOST_TEST(judged(R"json({"claims": {"exp": "${now+60}",
                  "${env.P}": {"^${form.a}$": {"subscribe": true}}}})json") != "accepted");
}

// A visitor who chooses the name of a claim chooses which claim it is.
BOOST_AUTO_TEST_CASE(refuses_a_claim_whose_name_the_request_chooses) {
    BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "${form.a}": 1}})") != "accepted");
    BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "x${server.ROOMKEY_A}": 1}})") !=
               "accepted");
}

// The claims can be read by everybody who has the token.
BOOST_AUTO_TEST_CASE(does_not_put_the_key_into_a_token) {
    const std::string found =
        judged(R"({"claims": {"exp": "${now+60}", "x": "${env.SCALEDRONE_CHANNEL_SECRET}"}})");
    BOOST_TEST(found != "accepted");
    BOOST_TEST(found.find("do-not-tell") == std::string::npos);
}

// What is behind a zero byte would be ignored, and others may read it otherwise.
BOOST_AUTO_TEST_CASE(does_not_end_at_a_zero_byte) {
    BOOST_TEST(!parse_json_form(test::with_zeros("{\"a\":\"x\"}\0garbage")));
    BOOST_TEST(judged(test::with_zeros("{\"claims\":{\"exp\":\"${now+60}\"}}\0garbage")) !=
               "accepted");
}

// Copying or printing a deep value recurses, and the stack ends.
BOOST_AUTO_TEST_CASE(is_not_ended_by_a_deep_value) {
    const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
    const std::string claims = R"("claims": {"exp": "${now+60}"})";
    for (const std::string key : {"reply", "header", "allowed_origins", "unknown"}) {
        BOOST_TEST(judged("{" + claims + ", \"" + key + "\": " + deep + "}") != "accepted");
    }
    BOOST_TEST(judged("{\"claims\": {\"exp\": " + deep + "}}") != "accepted");
    BOOST_TEST(judged("{\"claims\": {\"exp\": \"${now+60}\", \"permissions\": {\"^a$\": " + deep +
                      "}}}") != "accepted");
}

// A number that no double holds is a finding like any other.
BOOST_AUTO_TEST_CASE(reports_a_number_out_of_range) {
    BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "x": 1e999}})") != "accepted");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
