// SPDX-License-Identifier: MIT
#include "roomkey/program/options.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Words = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(options)

Options parsed(const Words& words, const std::vector<std::string>& variables = {}) {
    std::vector<const char*> argv{"roomkey"};
    for (const std::string& word : words) {
        argv.push_back(word.c_str());
    }
    const Variables environment(variables);
    return parse_command_line(static_cast<int>(argv.size()), argv.data(), environment.parameters());
}

std::string error_of(const Words& words, const std::vector<std::string>& variables = {}) {
    try {
        (void)parsed(words, variables);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "none";
}

struct Row : test::Case {
    Words words;
    Command command;
};

const Row k_commands[] = {
    {{"none"}, {}, Command::none},
    {{"serve"}, {"serve"}, Command::serve},
    {{"check"}, {"check"}, Command::check},
    {{"mint"}, {"mint", "--form", "a=b"}, Command::mint},
    {{"explain"}, {"explain", "--room", "a"}, Command::explain},
    {{"--help"}, {"--help"}, Command::help},
    {{"--version"}, {"--version"}, Command::version},
    {{"--help of a command"}, {"mint", "--help"}, Command::help},
    {{"both; the help wins"}, {"--version", "--help"}, Command::help},
    {{"an option before the command"}, {"--threads", "4", "serve"}, Command::serve},
    {{"only options"}, {"--socket", "unix:/run/a"}, Command::none},
};

BOOST_DATA_TEST_CASE(knows_the_commands, k_commands, row) {
    BOOST_TEST((parsed(row.words).command == row.command));
}

BOOST_AUTO_TEST_CASE(has_its_defaults) {
    const Options options = parsed({});
    BOOST_TEST(!options.policy_path.has_value());
    BOOST_TEST(!options.secret_path.has_value());
    BOOST_TEST(!options.socket.has_value());
    BOOST_TEST(options.threads == 2U);
    BOOST_TEST(options.form.empty());
    BOOST_TEST(options.server.empty());
    BOOST_TEST(!options.decode);
    BOOST_TEST(!options.json);
}

BOOST_AUTO_TEST_CASE(takes_each_option) {
    const Options options = parsed(
        {"explain",       "--policy",   "p",        "--secret-file=s", "--socket",
         "unix:/run/a:b", "--threads",  "64",       "--form",          "clientID=bcI:GPhz6A2T",
         "--form",        "a=b=c",      "--server", "ROOMKEY_USER=",   "--room",
         "r 1",           "--room",     "r2",       "--rooms",         "f",
         "--json",        "--previous", "t"});
    BOOST_TEST(options.policy_path.value() == "p");
    BOOST_TEST(options.secret_path.value() == "s");
    BOOST_TEST(options.socket.value() == "unix:/run/a:b");
    BOOST_TEST(options.threads == 64U);
    BOOST_TEST((options.form == Words{"clientID=bcI:GPhz6A2T", "a=b=c"}));
    BOOST_TEST((options.server == Words{"ROOMKEY_USER="}));
    BOOST_TEST((options.rooms == Words{"r 1", "r2"}));
    BOOST_TEST(options.rooms_file.value() == "f");
    BOOST_TEST(options.previous_file.value() == "t");
    BOOST_TEST(options.json);
    BOOST_TEST(!options.decode);
    BOOST_TEST(parsed({"mint", "--decode"}).decode);
}

const std::vector<std::string> k_variables{"ROOMKEY_POLICY=p", "ROOMKEY_SECRET_FILE=s",
                                           "ROOMKEY_SOCKET=127.0.0.1:9000", "ROOMKEY_THREADS=3"};

BOOST_AUTO_TEST_CASE(takes_each_variable) {
    for (const Words& words : {Words{}, Words{"serve"}}) {
        const Options options = parsed(words, k_variables);
        BOOST_TEST(options.policy_path.value() == "p");
        BOOST_TEST(options.secret_path.value() == "s");
        BOOST_TEST(options.socket.value() == "127.0.0.1:9000");
        BOOST_TEST(options.threads == 3U);
    }
}

// What a mode does not use can't keep it from working.
BOOST_AUTO_TEST_CASE(reads_no_variable_that_it_does_not_use) {
    const std::vector<std::string> bad{"ROOMKEY_THREADS=many", "ROOMKEY_SOCKET=nowhere",
                                       "ROOMKEY_POLICY=p"};
    for (const std::string word : {"check", "mint", "explain", "--help", "--version"}) {
        BOOST_TEST(error_of({word}, bad) == "none");
    }
    BOOST_TEST(parsed({"--threads", "5"}, bad).threads == 5U);
    BOOST_TEST(parsed({"check", "--threads", "5"}, bad).policy_path.value() == "p");
    const Variables environment(bad);
    const Options of_cgi = options_from_environment(environment.parameters());
    BOOST_TEST(of_cgi.policy_path.value() == "p");
    BOOST_TEST(!of_cgi.socket.has_value());
    BOOST_TEST(error_of({"--threads", "0", "--help"}) == "none");
}

BOOST_AUTO_TEST_CASE(lets_an_option_win_over_its_variable) {
    const Options options = parsed(
        {"--policy", "q", "--secret-file", "t", "--socket", ":1", "--threads", "1"}, k_variables);
    BOOST_TEST(options.policy_path.value() == "q");
    BOOST_TEST(options.secret_path.value() == "t");
    BOOST_TEST(options.socket.value() == ":1");
    BOOST_TEST(options.threads == 1U);
}

BOOST_AUTO_TEST_CASE(takes_an_empty_variable_for_an_absent_one) {
    const Options options = parsed(
        {}, {"ROOMKEY_POLICY=", "ROOMKEY_SECRET_FILE=", "ROOMKEY_SOCKET=", "ROOMKEY_THREADS="});
    BOOST_TEST(!options.policy_path.has_value());
    BOOST_TEST(!options.secret_path.has_value());
    BOOST_TEST(!options.socket.has_value());
    BOOST_TEST(options.threads == 2U);
}

struct Wrong : test::Case {
    Words words;
    std::string text;
};

const Wrong k_wrong[] = {
    {{"an unknown command"},
     {"sing"},
     "expected the command serve, check, mint or explain, found sing"},
    {{"a command in another case"},
     {"Serve"},
     "expected the command serve, check, mint or explain, found Serve"},
    {{"an empty command"}, {""}, "expected the command serve, check, mint or explain, found "},
    {{"two commands"},
     {"serve", "mint"},
     "too many positional options have been specified on the command line"},
    {{"an unknown option"}, {"--port", "80"}, "unrecognised option '--port'"},
    {{"a short option"}, {"-x"}, "unrecognised option '-x'"},
    {{"an abbreviated option"}, {"--thread", "4"}, "unrecognised option '--thread'"},
    {{"the secret on the command line"}, {"--secret", "x"}, "unrecognised option '--secret'"},
    {{"an option without its value"},
     {"--policy"},
     "the required argument for option '--policy' is missing"},
    {{"an option twice"},
     {"--policy", "p", "--policy", "q"},
     "option '--policy' cannot be specified more than once"},
    {{"a value for a switch"}, {"--help=yes"}, "option '--help' does not take any arguments"},
    {{"no thread"}, {"--threads", "0"}, "--threads: expected a number from 1 to 64, found 0"},
    {{"65 threads"}, {"--threads", "65"}, "--threads: expected a number from 1 to 64, found 65"},
    {{"a number below zero"},
     {"--threads=-1"},
     "--threads: expected a number from 1 to 64, found -1"},
    {{"more threads than a number holds"},
     {"--threads", "4294967297"},
     "--threads: expected a number from 1 to 64, found 4294967297"},
    {{"threads in words"},
     {"--threads", "two"},
     "--threads: expected a number from 1 to 64, found two"},
    {{"a number with a unit"},
     {"--threads", "2x"},
     "--threads: expected a number from 1 to 64, found 2x"},
    {{"a field without a value"},
     {"mint", "--form", "clientID"},
     "--form: expected NAME=VALUE, found no name or no ="},
    {{"a field without a name"},
     {"mint", "--form", "=x"},
     "--form: expected NAME=VALUE, found no name or no ="},
    {{"the second field without a value"},
     {"mint", "--form", "a=b", "--form", "c"},
     "--form: expected NAME=VALUE, found no name or no ="},
    {{"a parameter without a value"},
     {"mint", "--server", "ROOMKEY_USER"},
     "--server: expected NAME=VALUE, found no name or no ="},
    {{"a parameter that no policy can name"},
     {"mint", "--server", "REMOTE_USER=a"},
     "--server: expected a name with ROOMKEY_ in front, found REMOTE_USER"},
    {{"a parameter twice"},
     {"mint", "--server", "ROOMKEY_USER=a", "--server", "ROOMKEY_USER=b"},
     "--server: expected each name once, found ROOMKEY_USER twice"},
    {{"a room for a token"},
     {"mint", "--room", "a"},
     "expected an option of this command (see --help), found --room"},
    {{"a file of rooms for a check"},
     {"check", "--rooms", "a"},
     "expected an option of this command (see --help), found --rooms"},
    {{"a field for a check"},
     {"check", "--form", "a=b"},
     "expected an option of this command (see --help), found --form"},
    {{"a token's parts for a room"},
     {"explain", "--decode"},
     "expected an option of this command (see --help), found --decode"},
    {{"a previous token for a check"},
     {"check", "--previous", "t"},
     "expected an option of this command (see --help), found --previous"},
    {{"a login for a server"},
     {"serve", "--server", "ROOMKEY_USER=a"},
     "expected an option of this command (see --help), found --server"},
    {{"JSON of a server"},
     {"--json"},
     "expected an option of this command (see --help), found --json"},
};

BOOST_DATA_TEST_CASE(tells_what_is_wrong_in_one_line, k_wrong, row) {
    BOOST_TEST(error_of(row.words) == row.text);
}

BOOST_AUTO_TEST_CASE(checks_the_number_of_threads_in_the_environment) {
    BOOST_TEST(error_of({}, {"ROOMKEY_THREADS=x"}) ==
               "ROOMKEY_THREADS: expected a number from 1 to 64, found x");
}

// The argument of an index query (RFC 3875 4.4) reaches argv; that must not become an option.
BOOST_AUTO_TEST_CASE(takes_no_option_from_the_arguments_of_a_cgi_program) {
    const Variables environment{"QUERY_STRING=--policy%20/tmp/mine", "ROOMKEY_POLICY=p"};
    BOOST_TEST(options_from_environment(environment.parameters()).policy_path.value() == "p");
}

BOOST_AUTO_TEST_CASE(names_each_option_and_command_in_its_help) {
    const std::string text = help_text();
    for (const std::string word : {"serve",
                                   "check",
                                   "mint",
                                   "explain",
                                   "--policy",
                                   "--secret-file",
                                   "--socket",
                                   "--threads",
                                   "--form",
                                   "--server",
                                   "--room",
                                   "--rooms",
                                   "--json",
                                   "--decode",
                                   "--help",
                                   "--version",
                                   "ROOMKEY_POLICY",
                                   "ROOMKEY_SECRET_FILE",
                                   "ROOMKEY_SOCKET",
                                   "ROOMKEY_THREADS",
                                   "SCALEDRONE_CHANNEL_ID",
                                   "SCALEDRONE_CHANNEL_SECRET",
                                   "CREDENTIALS_DIRECTORY"}) {
        BOOST_TEST_CONTEXT(word) {
            BOOST_TEST(text.find(word) != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
