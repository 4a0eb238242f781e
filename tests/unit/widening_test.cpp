// SPDX-License-Identifier: MIT
// Policies that would let a value of the request mean more than itself, publish the key, or end the
// process. Each comment names the harm.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <ostream>
#include <string>

#include "roomkey/policy/policy.hpp"
#include "roomkey/request/form.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Case;

BOOST_AUTO_TEST_SUITE(widening)

// All findings, or "accepted".
std::string judged(const std::string& json) {
    const test::Variables environment{
        "P=permissions", "SUB=sub", "BACKSLASH=\\",
        "BRACKET=[",     "STAR=*",  "EXP=exp",
        "ALG=alg",       "SAME=a",  "SCALEDRONE_CHANNEL_SECRET=do-not-tell"};
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
    {{"before a possessive quantifier"}, "^room-${form.a|regex}++$"},
    {{"within a quotation, which the value can end"}, R"(^\\Qroom-(${form.a|regex}|.*)\\E$)"},
    {{"behind the start of a quotation"}, R"(^\\Qroom-[${form.a|regex}]$)"},
    {{"in a comment, which ends at the value's bracket"}, "^room-(?#${form.a|regex}|.*)$"},
    {{"behind a comment"}, "^room-(?#a)${form.a|regex}$"},
    {{"under a flag that lets capitals match small letters"}, "(?i)^room-${form.a|regex}$"},
    {{"in a group with that flag"}, "^(?i:room-${form.a|regex})$"},
    {{"under a flag that ends ^ and $ at lines"}, "(?m)^room-${form.a|regex}$"},
    {{"in a lookbehind, whose length must be fixed"}, "^room-(?<!${form.a|regex}|x)$"},
    {{"in a group's name"}, "^room-(?<${form.a|regex}>x)$"},
    {{"in a group with a name"}, "^room-(?<n>${form.a|regex})$"},
    {{"behind a reference, which digits go on with"}, R"(^(a)\\1${form.a|regex}$)"},
    {{"behind a reference by name"}, R"(^(?<n>a)\\k<n>${form.a|regex}$)"},
    {{"behind a control character's escape"}, R"(^room-\\c${form.a|regex}$)"},
    {{"behind the half of a code unit"}, R"(^room-\\u00${form.a|regex}$)"},
    {{"behind a null"}, R"(^room-\\0${form.a|regex}$)"},
    {{"in an atomic group, which JavaScript does not know"}, "^room-(?>${form.a|regex})$"},
    {{"in a verb"}, "^room-(*${form.a|regex})$"},
    {{"behind a bracket that JavaScript takes for an empty class"}, "^room-[]]${form.a|regex}$"},
    {{"behind anything in JavaScript, and a class in Perl"}, "^room-[^]]${form.a|regex}$"},
    {{"behind a class that is named"}, "^room-[[:alpha:]]${form.a|regex}$"},
    {{"behind an open class"}, "^room-[a${form.a|regex}$"},
    {{"behind an open brace"}, "^room-x{2${form.a|regex}$"},
    {{"behind a backslash from the environment"}, R"(^room-${env.BACKSLASH}${form.a|regex}$)"},
    {{"behind a bracket from the environment"}, R"(^room-${env.BRACKET}${form.a|regex}$)"},
    {{"before a quantifier from the environment"}, R"(^room-${form.a|regex}${env.STAR}$)"},
    {{"not anchored: al is in alice"}, "^room-${form.a|regex}"},
    {{"not anchored at the start"}, "room-${form.a|regex}$"},
    {{"in an alternative that is not anchored"}, "^room$|${form.a|regex}$"},
    {{"beside an alternative that is not anchored"}, "^a|room-${form.a|regex}$"},
    {{"before a quoted $"}, R"(^room-${form.a|regex}\\$)"},
    {{"before a $ in a class"}, "^room-${form.a|regex}[$"},
    {{"before anything: al has alice's rooms"}, "^room-${server.ROOMKEY_USER|regex}.*$"},
    {{"before a part that may be missing"}, "^room-${server.ROOMKEY_USER|regex}(-.+)?$"},
    {{"in a look at any place"}, "^(?=.*${form.p|regex}).*$"},
    {{"two of them, with a bar that looks like an alternative"},
     "^${form.a|regex}[|]${form.b|regex}$"},
    {{"two of them"}, "^${form.a|regex}:${server.ROOMKEY_A|regex}$"},
    {{"behind letters of any number"}, R"(^\\w+-${form.a|regex}$)"},
    {{"in a group that is repeated"}, "^room-(?:${form.a|regex})+$"},
    {{"percent-encoded, with points for any character"}, "^room-${form.a|uri}$"},
    {{"as it is"}, "^room-${form.a|text}$"},
};

BOOST_DATA_TEST_CASE(refuses_a_pattern_that_a_value_could_widen, k_wide, row) {
    BOOST_TEST(judged(with_pattern(row.pattern)) != "accepted");
}

const Pattern k_narrow[] = {
    {{"on its own"}, "^room-${form.a|regex}$"},
    {{"as a name"}, "^room-${form.a}$"},
    {{"in a group"}, "^room-(${form.a|regex}|lobby)$"},
    {{"in a lookahead"}, "^room-(?!${form.a|regex}$).+$"},
    {{"in anchored alternatives"}, "^room-${form.a|regex}$|^lobby$"},
    {{"in alternatives within anchors"}, "^(?:room-${form.a|regex}|lobby)$"},
    {{"a name before anything"}, "^room:${form.a}:.+$"},
    {{"a name behind counts of each shape"}, "^a{2}b{2,}c{2,3}?d*?e+?f??:${form.a}$"},
    {{"a name behind a class of ranges"}, R"(^[^a-z0-9_\\]\\-]+:${form.a}$)"},
    {{"two names"}, "^${form.a}:${server.ROOMKEY_A}$"},
    {{"after a quoted backslash"}, R"(^room-\\\\${form.a|regex}$)"},
    {{"after a quoted bracket"}, R"(^room-\\[${form.a|regex}$)"},
};

BOOST_DATA_TEST_CASE(accepts_a_value_that_can_only_mean_itself, k_narrow, row) {
    BOOST_TEST(judged(with_pattern(row.pattern)) == "accepted");
}

// A claim's name from the environment must not slip past the check of what it holds.
BOOST_AUTO_TEST_CASE(checks_permissions_whose_name_comes_from_the_environment) {
    BOOST_TEST(judged(R"json({"claims": {"exp": "${now+60}",
                  "${env.P}": {"^${form.a}": {"subscribe": true}}}})json") != "accepted");
}

// A visitor who chooses the name of a claim chooses which claim it is.
BOOST_AUTO_TEST_CASE(refuses_a_claim_whose_name_the_request_chooses) {
    BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "${form.a}": 1}})") != "accepted");
    BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "x${server.ROOMKEY_A}": 1}})") !=
               "accepted");
}

// Two keys that are always one would be told to each visitor instead of to whoever wrote them.
BOOST_AUTO_TEST_CASE(refuses_keys_that_are_the_same_for_every_request) {
    for (const std::string pair :
         {R"("a": 1, "${env.SAME}": 2)", R"("${env.SAME}": 1, "${'a'}": 2)",
          R"("${form.b}": 1, "${ form.b }": 2)",
          R"("x${env.SAME}${form.b|uri}": 1, "xa${form.b|uri}": 2)"}) {
        BOOST_TEST_CONTEXT(pair) {
            BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "x": {)" + pair + "}}}") !=
                       "accepted");
        }
    }
    BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "x": {"${form.b}": 1, "${form.c}": 2,
                          "${form.b|uri}": 3, "a": 4, "${uuid}": 5}}})") == "accepted");
}

// Neither the time nor the algorithm can be given twice, whatever the name is made of.
BOOST_AUTO_TEST_CASE(refuses_a_name_that_hides_behind_a_variable) {
    BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "${env.EXP}": "${now+999999}"}})") !=
               "accepted");
    BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}"}, "header": {"${env.ALG}": "none"}})") !=
               "accepted");
}

// The filter is gone that asked an author to see where JSON text is.
BOOST_AUTO_TEST_CASE(knows_no_filter_for_json) {
    BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "x": "{\"a\":${form.a|json}}"}})") !=
               "accepted");
}

// Under CGI the web server fills them from the request.
BOOST_AUTO_TEST_CASE(refuses_a_variable_that_a_request_fills) {
    for (const std::string name : {"HTTP_X", "QUERY_STRING", "PATH_INFO", "REMOTE_USER",
                                   "REQUEST_URI", "REDIRECT_HTTP_X", "ROOMKEY_USER"}) {
        BOOST_TEST(judged(R"({"claims": {"exp": "${now+60}", "x": "${env.)" + name +
                          R"( ?? 'x'}"}})") != "accepted");
    }
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
    BOOST_TEST(!parse_json_form(test::with_zeros("{\"a\":\"x\"}\0garbage"), {}));
    BOOST_TEST(judged(test::with_zeros("{\"claims\":{\"exp\":\"${now+60}\"}}\0garbage")) !=
               "accepted");
}

// Copying or printing a deep value recurses, and the stack ends.
BOOST_AUTO_TEST_CASE(is_not_ended_by_a_deep_value) {
    const std::string deep = std::string(30'000, '[') + std::string(30'000, ']');
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
