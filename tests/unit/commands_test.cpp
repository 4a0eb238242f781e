// SPDX-License-Identifier: MIT
#include "roomkey/program/commands.hpp"

#include <boost/test/unit_test.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "roomkey/policy/policy.hpp"
#include "roomkey/text/base64url.hpp"
#include "roomkey/text/errors.hpp"
#include "support.hpp"
#include "temporary.hpp"

namespace {

using namespace roomkey;
using test::TemporaryDirectory;
using test::Variables;
using Json = nlohmann::json;
using Lines = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(commands)

const std::string k_key(32, 'k');
const Lines k_variables{"SCALEDRONE_CHANNEL_ID=channel", "SCALEDRONE_CHANNEL_SECRET=" + k_key};

struct Run {
    int status;
    std::string output;
};

// What a command prints on stdout, and its exit status.
Run run(int (*command)(const Options&, const Parameters&), const Options& options,
        const Lines& variables = k_variables) {
    const Variables environment(variables);
    std::ostringstream output;
    std::streambuf* const before = std::cout.rdbuf(output.rdbuf());
    int status = 0;
    try {
        status = command(options, environment.parameters());
    } catch (...) {
        std::cout.rdbuf(before);
        throw;
    }
    std::cout.rdbuf(before);
    return {status, output.str()};
}

Options with_client(const std::string& client_id) {
    Options options;
    options.form.push_back("clientID=" + client_id);
    return options;
}

BOOST_AUTO_TEST_CASE(mints_a_token) {
    const Run minted = run(run_mint, with_client("bcI:GPhz6A2T"));
    BOOST_TEST(minted.status == 0);
    BOOST_TEST(minted.output.ends_with('\n'));
    const std::size_t first = minted.output.find('.');
    const std::size_t second = minted.output.rfind('.');
    const auto claims = base64url::decode(minted.output.substr(first + 1, second - first - 1));
    BOOST_TEST(Json::parse(claims.value())["client"] == "bcI:GPhz6A2T");
}

BOOST_AUTO_TEST_CASE(mints_for_a_login) {
    const TemporaryDirectory directory;
    Options options;
    options.policy_path = directory.write(
        "policy.json", R"({"claims": {"sub": "${server.ROOMKEY_USER}", "exp": "${now+1}"}})");
    options.json = options.decode = true;
    BOOST_TEST(run(run_mint, options).status == 65);
    options.server.push_back("ROOMKEY_USER=alice");
    const Run minted = run(run_mint, options);
    BOOST_TEST(minted.status == 0);
    const Json parts = Json::parse(minted.output);
    BOOST_TEST(parts["claims"]["sub"] == "alice");
    BOOST_TEST(parts["header"]["alg"] == "HS256");
}

BOOST_AUTO_TEST_CASE(shows_header_claims_and_date) {
    Options options = with_client("x");
    options.decode = true;
    const std::string output = run(run_mint, options).output;
    BOOST_TEST(output.starts_with("header: {\n"));
    BOOST_TEST(output.find("\nclaims: {\n") != std::string::npos);
    const std::size_t date = output.find("\nexpires: ");
    BOOST_REQUIRE(date != std::string::npos);
    // As in 2026-01-31T23:59:59Z.
    const std::string line = output.substr(date + 10);
    BOOST_TEST(line.size() == 21U);
    BOOST_TEST(line[4] == '-');
    BOOST_TEST(line[10] == 'T');
    BOOST_TEST(line[19] == 'Z');
}

BOOST_AUTO_TEST_CASE(mints_for_programs) {
    Options options = with_client("x");
    options.json = true;
    const Json answer = Json::parse(run(run_mint, options).output);
    const std::string token = answer["token"];
    const std::size_t first = token.find('.');
    const auto claims = base64url::decode(token.substr(first + 1, token.rfind('.') - first - 1));
    BOOST_TEST(answer["expires_at"] == Json::parse(claims.value())["exp"]);
    options.decode = true;
    const Json decoded = Json::parse(run(run_mint, options).output);
    BOOST_TEST(decoded["claims"]["client"] == "x");
    BOOST_TEST(decoded["expires"].get<std::string>().ends_with('Z'));
}

BOOST_AUTO_TEST_CASE(mints_nothing_that_a_request_would_not_get) {
    for (const std::string id : {"", "a\nb", "\xFF"}) {
        const Run minted = run(run_mint, with_client(id));
        BOOST_TEST(minted.status == 65);
        BOOST_TEST(minted.output.empty());
    }
    BOOST_TEST(run(run_mint, with_client(std::string(129, 'a'))).status == 65);
    BOOST_TEST(run(run_mint, Options{}).status == 65);
    BOOST_CHECK_THROW((void)run(run_mint, with_client("x"), {}), ConfigError);
}

BOOST_AUTO_TEST_CASE(checks_the_configuration) {
    const Run valid = run(run_check, {});
    BOOST_TEST(valid.status == 0);
    BOOST_TEST(valid.output == "The configuration is valid.\n");
    BOOST_CHECK_THROW((void)run(run_check, {}, {}), ConfigError);
}

BOOST_AUTO_TEST_CASE(checks_the_configuration_for_programs) {
    Options options;
    options.json = true;
    const Run valid = run(run_check, options);
    BOOST_TEST(valid.status == 0);
    BOOST_TEST(Json::parse(valid.output) ==
               Json::parse(R"({"valid": true, "errors": [], "warnings": []})"));
    const Run wrong = run(run_check, options, {});
    BOOST_TEST(wrong.status == 78);
    const Json report = Json::parse(wrong.output);
    BOOST_TEST(report["valid"] == false);
    BOOST_TEST(report["errors"].size() == 2U);
}

// A finding quotes the file, which may be anything; the report stays JSON, which is UTF-8.
BOOST_AUTO_TEST_CASE(reports_a_file_that_is_not_utf8_for_programs) {
    const TemporaryDirectory directory;
    Options options;
    options.json = true;
    options.policy_path = directory.write("policy.json", "{\"claims\": \"\xFF\"}");
    const Run wrong = run(run_check, options);
    BOOST_TEST(wrong.status == 78);
    const std::string finding = Json::parse(wrong.output)["errors"].at(0);
    BOOST_TEST(finding.find("found a parse error at line 1, column 13: ") != std::string::npos);
    BOOST_TEST(finding.ends_with("last read: '\"\xEF\xBF\xBD'"));
}

BOOST_AUTO_TEST_CASE(mints_and_explains_no_token_that_is_too_long) {
    const TemporaryDirectory directory;
    Options options = with_client(std::string(100, 'x'));
    options.rooms = {"lobby"};
    std::string repeated;
    for (int i = 0; i < 500; ++i) {
        repeated += "${form.clientID}";
    }
    options.policy_path = directory.write(
        "policy.json", R"({"claims": {"exp": "${now+60}", "x": ")" + repeated + "\"}}");
    BOOST_CHECK_THROW((void)run(run_mint, options), TokenTooLong);
    BOOST_CHECK_THROW((void)run(run_explain, options), TokenTooLong);
}

BOOST_AUTO_TEST_CASE(explains_one_room) {
    Options options = with_client("x");
    options.rooms = {"private-room-x"};
    const Run told = run(run_explain, options);
    BOOST_TEST(told.status == 0);
    BOOST_TEST(told.output ==
               "publish: no\nsubscribe: yes\nhistory: 0\n"
               "rule: ^private-room-x$ (publish: no, subscribe: yes, history: 0)\n");
    options.rooms = {"lobby"};
    BOOST_TEST(run(run_explain, options).output ==
               "publish: no\nsubscribe: no\nhistory: 0\nno rule matches, so nothing is granted\n");
}

BOOST_AUTO_TEST_CASE(explains_several_rooms_in_a_table) {
    const TemporaryDirectory directory;
    Options options = with_client("x");
    options.rooms = {"observable-room"};
    options.rooms_file =
        directory.write("rooms", "private-room-x\r\n\nprivate-room-y\nlobb\xC3\xBD");
    BOOST_TEST(run(run_explain, options).output ==
               "room             publish  subscribe  history  rules\n"
               "observable-room  yes      yes        0        ^observable-room$\n"
               "private-room-x   no       yes        0        ^private-room-x$\n"
               "private-room-y   yes      no         0        ^private-room-(?!x$).+$\n"
               "lobb\xC3\xBD            no       no         0        none\n");
    options.rooms.clear();
    options.rooms_file = directory.write("one", "lobby");
    BOOST_TEST(run(run_explain, options).output ==
               "room   publish  subscribe  history  rules\n"
               "lobby  no       no         0        none\n");
}

BOOST_AUTO_TEST_CASE(names_every_rule_of_a_room_in_the_table) {
    const TemporaryDirectory directory;
    Options options;
    options.policy_path = directory.write("policy.json", R"({"claims": {"exp": "${now+1}",
        "permissions": {"^a.*$": {"publish": true, "history": 7}, "^.*b$": {"publish": true}}}})");
    options.rooms = {"ab", "a"};
    BOOST_TEST(run(run_explain, options).output ==
               "room  publish  subscribe  history  rules\n"
               "ab    yes      no         0        ^.*b$  ^a.*$\n"
               "a     yes      no         7        ^a.*$\n");
}

BOOST_AUTO_TEST_CASE(says_which_rule_takes_too_long) {
    const TemporaryDirectory directory;
    Options options;
    options.policy_path = directory.write("policy.json", R"({"claims": {"exp": "${now+1}",
        "permissions": {"^(a|aa)+(a|aa)+(a|aa)+$": {"publish": true}}}})");
    const std::string room = std::string(128, 'a') + "!";
    options.rooms = {room};
    BOOST_TEST(run(run_explain, options).output ==
               "publish: no\nsubscribe: no\nhistory: 0\ntakes too long, so nothing is granted: "
               "^(a|aa)+(a|aa)+(a|aa)+$ (publish: yes, subscribe: no, history: 0)\n");
    options.rooms = {room, "b"};
    BOOST_TEST(run(run_explain, options).output.find("  takes too long: ^(a|aa)+") !=
               std::string::npos);
    options.json = true;
    const std::string output = run(run_explain, options).output;
    BOOST_TEST(Json::parse(output.substr(0, output.find('\n')))["undecided"].size() == 1U);
}

BOOST_AUTO_TEST_CASE(explains_for_programs) {
    Options options = with_client("x");
    options.json = true;
    options.rooms = {"private-room-y"};
    BOOST_TEST(Json::parse(run(run_explain, options).output) == Json::parse(R"({
        "room": "private-room-y", "publish": true, "subscribe": false, "history": 0,
        "rules": [{"pattern": "^private-room-(?!x$).+$", "publish": true, "subscribe": false,
                   "history": 0}], "undecided": []})"));
}

BOOST_AUTO_TEST_CASE(explains_nothing_without_a_room_or_a_field) {
    Options options = with_client("x");
    BOOST_CHECK_THROW((void)run(run_explain, options), UsageError);
    options.rooms_file = "/nonexistent/rooms";
    BOOST_CHECK_THROW((void)run(run_explain, options), ConfigError);
    options.rooms_file = "/dev";
    BOOST_CHECK_THROW((void)run(run_explain, options), ConfigError);
    options.rooms_file.reset();
    for (const std::string& room :
         {std::string(), std::string("a\nb"), std::string("\xFF"), std::string(257, 'a')}) {
        options.rooms = {room};
        BOOST_CHECK_THROW((void)run(run_explain, options), UsageError);
    }
    Options no_field;
    no_field.rooms = {"lobby"};
    BOOST_TEST(run(run_explain, no_field).status == 65);
    Options bad_field = with_client("\xFF");
    bad_field.rooms = {"lobby"};
    BOOST_TEST(run(run_explain, bad_field).status == 65);
}

BOOST_AUTO_TEST_CASE(takes_fields_under_the_limits_of_a_request) {
    const FieldLimits read{{"a", k_max_field_bytes}, {"d", k_max_field_bytes}};
    BOOST_TEST(*form_of({"a=b=c", "d="}, read)->find("a") == "b=c");
    BOOST_TEST(form_of({"a=b", "d="}, read)->find("d")->empty());
    BOOST_TEST(test::verdict(form_of({"a=b", "a=c"}, read)) == "400 a is given more than once");
    BOOST_TEST(test::verdict(form_of({"a=" + std::string(129, 'a')}, read)) ==
               "422 a is longer than 128 bytes");
}

BOOST_AUTO_TEST_CASE(takes_parameters_in_the_shape_of_an_environment) {
    const Lines pairs{"ROOMKEY_USER=alice", "ROOMKEY_GROUP="};
    const std::vector<const char*> pointers = parameters_of(pairs);
    BOOST_TEST(Parameters(pointers.data()).get("ROOMKEY_USER") == "alice");
    BOOST_TEST(Parameters(pointers.data()).find("ROOMKEY_GROUP").has_value());
    BOOST_TEST(!Parameters(pointers.data()).find("ROOMKEY_ROLE").has_value());
    BOOST_TEST(!Parameters(parameters_of({}).data()).find("A").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
