// SPDX-License-Identifier: MIT
#include "roomkey/policy/policy.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "roomkey/text/base64url.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(policy)

const std::chrono::sys_seconds k_now{std::chrono::seconds(1'700'000'000)};
const Variables k_environment{"SCALEDRONE_CHANNEL_ID=yhdbDoQ3LMRyYcvk",
                              "KID=2024-01",
                              "BAD=\xFF",
                              "A=same",
                              "B=same",
                              "ALG=alg",
                              "EXP=exp",
                              "NAME=kid",
                              "LONG=" + std::string(10'000, 'x')};

Policy compiled(std::string_view json) {
    return compile_policy(json, "policy.json", k_environment.parameters());
}

// The claims for a client, as a tree.
Json claims_of(const Policy& policy, const std::string& client_id) {
    Form form;
    BOOST_REQUIRE(form.add({"clientID", client_id}));
    const Variables none{};
    test::FixedRandom random;
    const auto claims = policy.claims.render({form, none.parameters(), k_now, random});
    return claims ? Json::parse(*claims) : Json(test::describe(claims.error()));
}

Json header_of(const Policy& policy) {
    return Json::parse(base64url::decode(policy.encoded_header).value());
}

// What is wrong with a policy, one finding a line.
std::string findings_of(std::string_view json) {
    try {
        (void)compiled(json);
    } catch (const ConfigError& error) {
        BOOST_TEST(error.exit_status() == 78);
        std::string lines;
        for (const std::string& finding : error.findings()) {
            lines += (lines.empty() ? "" : "\n") + finding;
        }
        return lines;
    }
    return "none";
}

std::string warnings_of(std::string_view json) {
    std::string lines;
    for (const std::string& warning : compiled(json).warnings) {
        lines += (lines.empty() ? "" : "\n") + warning;
    }
    return lines;
}

// A policy that is good but for what `members` add.
std::string with(const std::string& members) {
    return R"({"claims": {"exp": "${now+180}"})" + (members.empty() ? "" : ", " + members) + "}";
}

std::string with_claim(const std::string& claim) {
    return R"({"claims": {"exp": "${now+180}", )" + claim + "}}";
}

BOOST_AUTO_TEST_CASE(gives_exactly_the_claims_of_the_tutorial_without_a_file) {
    const Policy policy = compiled(k_builtin_policy);
    const Json expected = Json::parse(R"({
        "client": "bcI:GPhz6A2T",
        "channel": "yhdbDoQ3LMRyYcvk",
        "exp": 1700000180,
        "data": {"name": "amber_acorn", "color": "#ec0000"},
        "permissions": {
            "^observable-room$": {"publish": true, "subscribe": true},
            "^private-room-bcI:GPhz6A2T$": {"publish": false, "subscribe": true},
            "^private-room-(?!bcI:GPhz6A2T$).+$": {"publish": true, "subscribe": false}
        }
    })");
    BOOST_TEST(claims_of(policy, "bcI:GPhz6A2T") == expected);
    BOOST_TEST(header_of(policy) == Json::parse(R"({"alg": "HS256", "typ": "JWT"})"));
    BOOST_TEST((policy.reply == Reply::text));
    BOOST_TEST(policy.allowed_origins.empty());
    BOOST_TEST(policy.lifetime.count() == 180);
    BOOST_TEST(policy.warnings.empty());
}

BOOST_AUTO_TEST_CASE(quotes_an_odd_client_id_in_the_built_in_patterns) {
    const Json permissions = claims_of(compiled(k_builtin_policy), "x|.*")["permissions"];
    BOOST_TEST(permissions.size() == 3U);
    BOOST_TEST(permissions.contains("^private-room-x\\|\\.\\*$"));
    BOOST_TEST(permissions.contains("^private-room-(?!x\\|\\.\\*$).+$"));
}

BOOST_AUTO_TEST_CASE(needs_a_client_id_and_a_channel_for_the_built_in_policy) {
    const Form form;
    const Variables none{};
    test::FixedRandom random;
    const auto claims =
        compiled(k_builtin_policy).claims.render({form, none.parameters(), k_now, random});
    BOOST_REQUIRE(!claims);
    BOOST_TEST(test::describe(claims.error()) == "422 No clientID defined");
    try {
        (void)compile_policy(k_builtin_policy, "built-in policy", none.parameters());
        BOOST_ERROR("compiled without a channel");
    } catch (const ConfigError& error) {
        BOOST_TEST(
            (error.findings() ==
             std::vector<std::string>{"built-in policy /claims/channel: expected a variable of the "
                                      "environment that is set and not empty, or a fallback with "
                                      "??, found none for ${env.SCALEDRONE_CHANNEL_ID}"}));
    }
}

BOOST_AUTO_TEST_CASE(allows_comments) {
    BOOST_TEST(
        findings_of("// one\n{ /* two */ \"claims\": {\"exp\": \"${now+60}\"} } // three\n") ==
        "none");
}

BOOST_AUTO_TEST_CASE(takes_members_into_the_header_but_no_algorithm) {
    const Policy policy = compiled(with(R"("header": {"kid": "${env.KID}", "typ": "at+jwt"})"));
    BOOST_TEST(header_of(policy) ==
               Json::parse(R"({"alg": "HS256", "kid": "2024-01", "typ": "at+jwt"})"));
}

BOOST_AUTO_TEST_CASE(takes_the_name_of_a_header_member_from_the_environment) {
    BOOST_TEST(header_of(compiled(with(R"("header": {"${env.NAME}": 1, "x-${env.KID}": 2})"))) ==
               Json::parse(R"({"alg": "HS256", "kid": 1, "typ": "JWT", "x-2024-01": 2})"));
}

BOOST_AUTO_TEST_CASE(reads_reply_and_origins) {
    const Policy policy = compiled(
        with(R"("reply": "json", "allowed_origins": ["https://a.example", "http://[::1]:8080"])"));
    BOOST_TEST((policy.reply == Reply::json));
    BOOST_TEST((policy.allowed_origins ==
                std::vector<std::string>{"https://a.example", "http://[::1]:8080"}));
    BOOST_TEST((compiled(with(R"("reply": "text")")).reply == Reply::text));
}

BOOST_AUTO_TEST_CASE(knows_how_long_a_token_lasts) {
    BOOST_TEST(compiled(R"({"claims": {"exp": "${now+1}"}})").lifetime.count() == 1);
    BOOST_TEST(compiled(R"({"claims": {"exp": "${ now+31536000 }"}})").lifetime.count() ==
               31'536'000);
}

struct Row : test::Case {
    std::string json;
    std::string expected;
};

const std::string k_exp = R"("${now+N}" with N in seconds, at most 31536000 (a year))";
const std::string k_origin =
    "an origin as browsers send it, such as \"https://chat.example.com\" or "
    "\"http://localhost:8080\" (small letters, no path, no port that is the default)";
const std::string k_reference =
    "form.NAME, server.ROOMKEY_NAME, previous.PATH, env.NAME, now, now+N, now-N, uuid, "
    "guest.name, guest.color or 'text'";

const std::string k_secret = "the name of a secret (1 to 64 of a-z, 0-9, - and _)";

const Row k_errors[] = {
    {{"no object"}, "[]", "policy.json: expected an object with \"claims\", found an array"},
    {{"a string"}, "\"x\"", "policy.json: expected an object with \"claims\", found \"x\""},
    {{"no claims"}, "{}", "policy.json /claims: expected an object of claims, found nothing"},
    {{"claims that are no object"},
     R"({"claims": []})",
     "policy.json /claims: expected an object of claims, found an array"},
    {{"an unknown key"},
     with(R"("clams": {})"),
     "policy.json /clams: expected claims, header, reply, allowed_origins, renewal or secret, "
     "found "
     "\"clams\""},
    {{"an unknown key with a slash"},
     with(R"("a/b~c": 1)"),
     "policy.json /a~1b~0c: expected claims, header, reply, allowed_origins, renewal or secret, "
     "found "
     "\"a/b~c\""},
    {{"a claim twice"},
     R"({"claims": {"exp": "${now+1}", "a": 1, "a": 2}})",
     "policy.json /claims/a: expected each key once, found this one twice in one object"},
    {{"a member twice"},
     with(R"("reply": "text", "reply": "text")"),
     "policy.json /reply: expected each key once, found this one twice in one object"},
    {{"twice, once escaped"},
     with_claim(R"("a": 1, "\u0061": 2)"),
     "policy.json /claims/a: expected each key once, found this one twice in one object"},
    {{"twice, deep within"},
     with_claim(R"("a": [{"b": {"c": 1, "c": 1}}])"),
     "policy.json /claims/a/0/b/c: expected each key once, found this one twice in one object"},
    {{"twice, once from the environment"},
     with_claim(R"("a": {"same": 1, "${env.A}": 2})"),
     "policy.json /claims/a/same: expected each key once, found one that always equals another"},
    {{"exp twice, once from the environment"},
     with_claim(R"("${env.EXP}": "${now+9999999}")"),
     "policy.json /claims/exp: expected each key once, found one that always equals another"},
    {{"a field as a key, in two spellings"},
     with_claim(R"("a": {"${form.b}": 1, "${ form.b }": 2})"),
     "policy.json /claims/a/${form.b}: expected each key once, found one that always equals "
     "another"},
    {{"too large"},
     with_claim(R"("a": ")" + std::string(65'536, 'a') + "\""),
     "policy.json: expected 65536 bytes at most, found more"},
    {{"claims whose text alone makes a token too long"},
     with_claim(R"("a": ")" + std::string(49'100, 'a') + "\""),
     "policy.json /claims: expected tokens of 65536 bytes at most, found text that makes them "
     "65568 or more"},
    {{"variables that make a token too long"},
     with_claim(R"("a": ["${env.LONG}", "${env.LONG}", "${env.LONG}", "${env.LONG}", 1234567,
                         "${env.LONG}"])"),
     "policy.json /claims: expected tokens of 65536 bytes at most, found text that makes them "
     "66797 or more"},
    {{"a header that makes a token too long"},
     with(R"("header": {"kid": ")" + std::string(49'500, 'a') + "\"}"),
     "policy.json /header: expected tokens of 65536 bytes at most, found text that makes them "
     "66104 or more"},
    {{"a placeholder that is none"},
     with_claim(R"("a": ["${b}"])"),
     "policy.json /claims/a/0: expected " + k_reference + ", found b"},
    {{"a placeholder in a key that is none"},
     with_claim(R"("a${b": 1)"),
     "policy.json /claims/a${b: expected a placeholder ${NAME}, found ${ without its }"},
    {{"a variable that is not set"},
     with_claim(R"("a": "${env.NONE}")"),
     "policy.json /claims/a: expected a variable of the environment that is set and not empty, or "
     "a fallback with ??, found none for ${env.NONE}"},
    {{"a variable that is not UTF-8"},
     with_claim(R"("a": "${env.BAD}")"),
     "policy.json /claims/a: expected a variable in UTF-8, found env.BAD with other bytes"},
    {{"a name that a visitor can set"},
     with_claim(R"("sub": "${server.REMOTE_USER}")"),
     "policy.json /claims/sub: expected a server.ROOMKEY_ name, set on purpose in the web server "
     "(fastcgi_param ROOMKEY_USER $remote_user;), found server.REMOTE_USER, which visitors can set "
     "themselves"},
    {{"no exp"},
     R"({"claims": {}})",
     "policy.json /claims/exp: expected " + k_exp + ", found nothing"},
    {{"exp now"},
     R"({"claims": {"exp": "${now}"}})",
     "policy.json /claims/exp: expected " + k_exp + ", found \"${now}\""},
    {{"exp in the past"},
     R"({"claims": {"exp": "${now-1}"}})",
     "policy.json /claims/exp: expected " + k_exp + ", found \"${now-1}\""},
    {{"exp of zero seconds"},
     R"({"claims": {"exp": "${now+0}"}})",
     "policy.json /claims/exp: expected " + k_exp + ", found \"${now+0}\""},
    {{"exp over a year"},
     R"({"claims": {"exp": "${now+31536001}"}})",
     "policy.json /claims/exp: expected " + k_exp + ", found \"${now+31536001}\""},
    {{"exp as text"},
     R"({"claims": {"exp": "in ${now+180}"}})",
     "policy.json /claims/exp: expected " + k_exp + ", found \"in ${now+180}\""},
    {{"exp with a filter, which makes it text"},
     R"({"claims": {"exp": "${now+180|text}"}})",
     "policy.json /claims/exp: expected " + k_exp + ", found \"${now+180|text}\""},
    {{"exp of the visitor"},
     R"({"claims": {"exp": "${form.exp}"}})",
     "policy.json /claims/exp: expected " + k_exp + ", found \"${form.exp}\""},
    {{"exp of the visitor, with a fallback"},
     R"({"claims": {"exp": "${form.exp ?? now+180}"}})",
     "policy.json /claims/exp: expected " + k_exp + ", found \"${form.exp ?? now+180}\""},
    {{"exp of two placeholders"},
     R"({"claims": {"exp": "${now+1}${now+1}"}})",
     "policy.json /claims/exp: expected " + k_exp + ", found \"${now+1}${now+1}\""},
    {{"exp fixed, which ends one day"},
     R"({"claims": {"exp": 1900000000}})",
     "policy.json /claims/exp: expected " + k_exp + ", found 1900000000"},
    {{"exp in milliseconds"},
     R"({"claims": {"exp": 1700000000000}})",
     "policy.json /claims/exp: expected " + k_exp +
         ", found 1700000000000, which is in milliseconds"},
    {{"exp null"},
     R"({"claims": {"exp": null}})",
     "policy.json /claims/exp: expected " + k_exp + ", found null"},
    {{"exp true"},
     R"({"claims": {"exp": true}})",
     "policy.json /claims/exp: expected " + k_exp + ", found true"},
    {{"an algorithm"},
     with(R"("header": {"alg": "none"})"),
     "policy.json /header/alg: expected no alg, since HS256 can't be changed, found \"none\""},
    {{"the same algorithm"},
     with(R"("header": {"alg": "HS256"})"),
     "policy.json /header/alg: expected no alg, since HS256 can't be changed, found \"HS256\""},
    {{"a header that is no object"},
     with(R"("header": "JWT")"),
     "policy.json /header: expected an object of header members, found \"JWT\""},
    {{"a field in the header"},
     with(R"("header": {"kid": "${form.kid}"})"),
     "policy.json /header/kid: expected env. and no other placeholder, found \"${form.kid}\""},
    {{"the time in the header"},
     with(R"("header": {"iat": "${now}"})"),
     "policy.json /header/iat: expected env. and no other placeholder, found \"${now}\""},
    {{"an algorithm whose name comes from the environment"},
     with(R"("header": {"${env.ALG}": "none"})"),
     "policy.json /header/alg: expected each key once, found one that always equals another"},
    {{"a field in a header's name"},
     with(R"("header": {"${form.kid}": 1})"),
     "policy.json /header/${form.kid}: expected env. and no other placeholder, found "
     "\"${form.kid}\""},
    {{"an unknown reply"},
     with(R"("reply": "xml")"),
     R"(policy.json /reply: expected "text" or "json", found "xml")"},
    {{"a reply that is no string"},
     with(R"("reply": true)"),
     R"(policy.json /reply: expected "text" or "json", found true)"},
    {{"a reply of null"},
     with(R"("reply": null)"),
     R"(policy.json /reply: expected "text" or "json", found null)"},
    {{"origins that are no array"},
     with(R"("allowed_origins": "https://a.example")"),
     "policy.json /allowed_origins: expected an array of origins, found \"https://a.example\""},
    {{"an origin that is no string"},
     with(R"("allowed_origins": [1])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found 1"},
    {{"any origin"},
     with(R"("allowed_origins": ["*"])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found \"*\""},
    {{"the null origin, which every sandboxed page has"},
     with(R"("allowed_origins": ["null"])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found \"null\""},
    {{"a host alone"},
     with(R"("allowed_origins": ["a.example"])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found \"a.example\""},
    {{"no host"},
     with(R"("allowed_origins": ["https://"])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found \"https://\""},
    {{"another scheme"},
     with(R"("allowed_origins": ["ftp://a.example"])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found \"ftp://a.example\""},
    {{"a path"},
     with(R"("allowed_origins": ["https://a.example/"])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found \"https://a.example/\""},
    {{"a host in upper case, which no browser sends"},
     with(R"("allowed_origins": ["https://A.example"])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found \"https://A.example\""},
    {{"the port that browsers leave out"},
     with(R"("allowed_origins": ["https://a.example:443"])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found \"https://a.example:443\""},
    {{"a user"},
     with(R"("allowed_origins": ["https://a@b.example"])"),
     "policy.json /allowed_origins/0: expected " + k_origin + ", found \"https://a@b.example\""},
    {{"a line end"},
     with(R"("allowed_origins": ["https://a.example\r\nX: y"])"),
     "policy.json /allowed_origins/0: expected " + k_origin +
         ", found \"https://a.example\\r\\nX: y\""},
    {{"a secret that is no name"},
     with(R"("secret": 1)"),
     "policy.json /secret: expected " + k_secret + ", found 1"},
    {{"a secret somewhere else"},
     with(R"("secret": "../secret")"),
     "policy.json /secret: expected " + k_secret + ", found \"../secret\""},
    {{"a secret without a name"},
     with(R"("secret": "")"),
     "policy.json /secret: expected " + k_secret + ", found \"\""},
    {{"a secret in upper case"},
     with(R"("secret": "Secret")"),
     "policy.json /secret: expected " + k_secret + ", found \"Secret\""},
    {{"the second origin"},
     with(R"("allowed_origins": ["https://a.example", "b"])"),
     "policy.json /allowed_origins/1: expected " + k_origin + ", found \"b\""},
};

BOOST_DATA_TEST_CASE(tells_where_and_what_was_found_and_what_is_allowed, k_errors, row) {
    BOOST_TEST(findings_of(row.json) == row.expected);
}

const Row k_syntax[] = {
    {{"nothing"}, "", "policy.json: expected JSON text, found a parse error at line 1, column 1: "},
    {{"the end is missing"},
     "{\"claims\": {},\n \"reply\": ",
     "policy.json: expected JSON text, found a parse error at line 2, column 11: "},
    {{"a comma too many"},
     "{\"claims\": {},\n}",
     "policy.json: expected JSON text, found a parse error at line 2, column 1: "},
    {{"text after it"},
     "{}\n\nx",
     "policy.json: expected JSON text, found a parse error at line 3, column 1: "},
    {{"not UTF-8"},
     "{\"claims\": \"\xFF\"}",
     "policy.json: expected JSON text, found a parse error at line 1, column 13: "},
    {{"a comment without its end"},
     "{} /*",
     "policy.json: expected JSON text, found a parse error at line 1, column 6: "},
};

BOOST_DATA_TEST_CASE(tells_line_and_column_of_a_syntax_error, k_syntax, row) {
    BOOST_TEST_CONTEXT(findings_of(row.json)) {
        BOOST_TEST(findings_of(row.json).starts_with(row.expected));
    }
}

BOOST_AUTO_TEST_CASE(tells_everything_at_once) {
    BOOST_TEST(findings_of(R"({"claims": {"a": "${b}", "c": "${form.d", "d": 1, "d": 2},
                               "header": {"alg": "RS256"}, "reply": 1,
                               "allowed_origins": ["*", "b"], "more": {}})") ==
               "policy.json /claims/d: expected each key once, found this one twice in one object\n"
               "policy.json /more: expected claims, header, reply, allowed_origins, renewal or "
               "secret, found "
               "\"more\"\n"
               "policy.json /claims/a: expected " +
                   k_reference +
                   ", found b\n"
                   "policy.json /claims/c: expected a placeholder ${NAME}, found ${ without its }\n"
                   "policy.json /claims/exp: expected " +
                   k_exp +
                   ", found nothing\n"
                   "policy.json /header/alg: expected no alg, since HS256 can't be changed, found "
                   "\"RS256\"\n"
                   "policy.json /reply: expected \"text\" or \"json\", found 1\n"
                   "policy.json /allowed_origins/0: expected " +
                   k_origin + ", found \"*\"\npolicy.json /allowed_origins/1: expected " +
                   k_origin + ", found \"b\"");
}

BOOST_AUTO_TEST_CASE(measures_a_token_before_it_is_made) {
    const Policy policy = compiled(with(""));
    for (const std::size_t size : {1U, 2U, 3U, 4U, 49'087U, 49'088U, 49'089U}) {
        std::string encoded;
        base64url::append(encoded, std::string(size, 'x'));
        BOOST_TEST(policy.token_size(size) ==
                   policy.encoded_header.size() + 1 + encoded.size() + 1 + 43);
    }
}

BOOST_AUTO_TEST_CASE(allows_tokens_of_the_limit_and_no_byte_more) {
    const Policy policy = compiled(with(""));
    std::size_t most = 0;
    while (policy.token_size(most + 1) <= k_max_token_bytes) {
        ++most;
    }
    BOOST_TEST(policy.token_size(most) == 65'536U);
    BOOST_CHECK_NO_THROW(policy.check_size(std::string(most, 'x')));
    BOOST_CHECK_EXCEPTION(policy.check_size(std::string(most + 1, 'x')), TokenTooLong,
                          [](const TokenTooLong& error) {
                              return error.what() == std::string(
                                                         "the policy makes a token of 65537 bytes "
                                                         "of this request; 65536 are allowed");
                          });
}

BOOST_AUTO_TEST_CASE(refuses_deep_nesting_without_going_down) {
    const std::size_t levels = 30'000;
    const std::string deep = std::string(levels, '[') + std::string(levels, ']');
    BOOST_TEST(findings_of(with_claim("\"a\": " + deep))
                   .ends_with(": expected 64 levels at most, found more"));
}

BOOST_AUTO_TEST_CASE(calls_the_file_what_it_is_called) {
    try {
        (void)compile_policy("{}", "/etc/roomkey/policy.json", k_environment.parameters());
        BOOST_ERROR("compiled");
    } catch (const ConfigError& error) {
        BOOST_TEST(error.findings().at(0) ==
                   "/etc/roomkey/policy.json /claims: expected an object of claims, found nothing");
    }
}

// The environment is read when the policy is compiled, and not again.
BOOST_AUTO_TEST_CASE(keeps_the_variables_that_it_was_compiled_with) {
    Policy policy = compiled(with(""));
    {
        const Variables gone{"ROOM=first"};
        policy = compile_policy(R"({"claims": {"exp": "${now+1}", "room": "${env.ROOM}"}})",
                                "policy.json", gone.parameters());
    }
    BOOST_TEST(claims_of(policy, "x")["room"] == "first");
}

BOOST_AUTO_TEST_CASE(warns_of_what_is_seldom_meant) {
    BOOST_TEST(warnings_of(with("")).empty());
    BOOST_TEST(warnings_of(with_claim(R"("sub": "${form.u}", "permissions": {"a": {}})")) ==
               "policy.json /claims/permissions/a: is not anchored and matches within longer names "
               "too; ^...$ matches whole names\n"
               "policy.json /claims/sub: is whatever the visitor sends, so anybody can be anyone; "
               "server.ROOMKEY_USER is what the web server vouches for");
}

BOOST_AUTO_TEST_CASE(checks_the_permissions_too) {
    BOOST_TEST(
        findings_of(with_claim(R"("permissions": {"a-${form.b}$": {"publish": 1}})")) ==
        "policy.json /claims/permissions/a-${form.b}$: expected ^...$ around each alternative "
        "of a pattern with a value, found one that matches within longer names\n"
        "policy.json /claims/permissions/a-${form.b}$/publish: expected true or false, found "
        "1");
}

BOOST_AUTO_TEST_CASE(knows_what_it_reads_and_what_is_constant) {
    const Policy policy = compiled(
        R"({"renewal": {"field": "before", "within": 60},
            "claims": {"exp": "${now+1}", "channel": "${env.A}", "data": {"n": [1, "${env.B}"]},
                       "x": "${form.b ?? form.a}", "y": {"${form.a}": 1},
                       "id": "${previous.id ?? uuid}", "z": "${env.A ?? form.c}"}})");
    BOOST_TEST((policy.form_fields == std::vector<std::string>{"a", "b"}));
    BOOST_TEST((policy.previous_paths == std::vector<std::string>{"id"}));
    BOOST_TEST(policy.renewal->field == "before");
    BOOST_TEST(policy.renewal->within.count() == 60);
    std::string constants;
    for (const ConstantClaim& claim : policy.constant_claims) {
        constants += claim.name + "=" + claim.json + " ";
    }
    BOOST_TEST(constants == R"(channel="same" data={"n":[1,"same"]} z="same" )");
}

const Row k_renewals[] = {
    {{"no object"},
     "true",
     "/renewal: expected {\"field\": NAME, \"within\": SECONDS}, found true"},
    {{"no field"}, R"({"within": 60})", "/renewal/field: expected the name of a field, found null"},
    {{"a field that is no name"},
     R"({"field": "", "within": 60})",
     "/renewal/field: expected the name of a field, found \"\""},
    {{"no time"},
     R"({"field": "a"})",
     "/renewal/within: expected seconds, at most 31536000 (a year), found null"},
    {{"a time that is no number"},
     R"({"field": "a", "within": "60"})",
     "/renewal/within: expected seconds, at most 31536000 (a year), found \"60\""},
    {{"a time without end"},
     R"({"field": "a", "within": 31536001})",
     "/renewal/within: expected seconds, at most 31536000 (a year), found 31536001"},
    {{"more"},
     R"({"field": "a", "within": 60, "more": 1})",
     "/renewal/more: expected field or within, found \"more\""},
    {{"a field that the claims are made from"},
     R"({"field": "b", "within": 60})",
     "/renewal/field: expected a field that no claim is made from, found \"b\""},
};

BOOST_DATA_TEST_CASE(reads_renewal, k_renewals, row) {
    BOOST_TEST(findings_of(R"({"claims": {"exp": "${now+1}", "x": "${form.b}"}, "renewal": )" +
                           row.json + "}") == "policy.json " + row.expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
