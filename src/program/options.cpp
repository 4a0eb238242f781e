// SPDX-License-Identifier: MIT
#include "roomkey/program/options.hpp"

#include <boost/program_options.hpp>

#include <array>
#include <set>
#include <sstream>

#include "roomkey/text/errors.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

namespace po = boost::program_options;

constexpr unsigned k_max_threads = 64;

unsigned parse_threads(std::string_view text, const std::string& where) {
    const long long number = parse_decimal(text);
    if (number < 1 || number > k_max_threads) {
        throw UsageError(where + ": expected a number from 1 to " + std::to_string(k_max_threads) +
                         ", found " + std::string(text));
    }
    return static_cast<unsigned>(number);
}

po::options_description serving_options() {
    po::options_description options("Options");
    options.add_options()                                         //
        ("policy", po::value<std::string>()->value_name("PATH"),  //
         "claims of the tokens: a JSON file, or a directory with a NAME.json for each policy "
         "(ROOMKEY_POLICY)")                                           //
        ("secret-file", po::value<std::string>()->value_name("PATH"),  //
         "raw bytes of the signing key: a file, or a directory with one for each secret "
         "(ROOMKEY_SECRET_FILE)")                                           //
        ("socket", po::value<std::string>()->value_name("ADDRESS"),         //
         "listen on unix:PATH or HOST:PORT (ROOMKEY_SOCKET)")               //
        ("threads", po::value<std::string>()->value_name("N"),              //
         "threads that answer requests, 2 if not given (ROOMKEY_THREADS)")  //
        ("help", "print this help")                                         //
        ("version", "print the version");
    return options;
}

po::options_description command_options() {
    po::options_description options("Options of check, mint and explain");
    options.add_options()                                                            //
        ("name", po::value<std::string>()->value_name("NAME"),                       //
         "the policy, of several; default if not given")                             //
        ("form", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),    //
         "a field of the request; may be repeated")                                  //
        ("server", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),  //
         "a ROOMKEY_ parameter of the web server; may be repeated")                  //
        ("previous", po::value<std::string>()->value_name("FILE"),                   //
         "a file with the token that the request had before")                        //
        ("decode", "mint: print header and claims instead of the token")             //
        ("room", po::value<std::vector<std::string>>()->value_name("ROOM"),          //
         "explain: a room; may be repeated")                                         //
        ("rooms", po::value<std::string>()->value_name("FILE"),                      //
         "explain: a file with a room in each line, explained in a table")           //
        ("json", "print JSON, for programs");
    return options;
}

std::optional<std::string> variable(const Parameters& environment, std::string_view name) {
    const auto value = environment.find(name);
    return value && !value->empty() ? std::optional<std::string>(*value) : std::nullopt;
}

std::vector<std::string> check_pairs(std::vector<std::string> pairs, const std::string& where) {
    for (const std::string& pair : pairs) {
        if (pair.find('=') == std::string::npos || pair.front() == '=') {
            throw UsageError(where + ": expected NAME=VALUE, found no name or no =");
        }
    }
    return pairs;
}

// A policy can name no other parameters; and which of two equal ones counts would be a guess.
std::vector<std::string> check_parameters(std::vector<std::string> pairs) {
    std::set<std::string> names;
    for (const std::string& pair : pairs) {
        const std::string name = pair.substr(0, pair.find('='));
        if (!name.starts_with("ROOMKEY_")) {
            throw UsageError("--server: expected a name with ROOMKEY_ in front, found " + name);
        }
        if (!names.insert(name).second) {
            throw UsageError("--server: expected each name once, found " + name + " twice");
        }
    }
    return pairs;
}

void take_over(const po::variables_map& given, Options& options) {
    const auto text = [&given](const char* name, std::optional<std::string>& to) {
        if (given.count(name) != 0) {
            to = given[name].as<std::string>();
        }
    };
    text("policy", options.policy_path);
    text("secret-file", options.secret_path);
    text("socket", options.socket);
    if (given.count("name") != 0) {
        options.policy_name = given["name"].as<std::string>();
    }
    if (given.count("threads") != 0) {
        options.threads = parse_threads(given["threads"].as<std::string>(), "--threads");
    }
    if (given.count("form") != 0) {
        options.form = check_pairs(given["form"].as<std::vector<std::string>>(), "--form");
    }
    if (given.count("server") != 0) {
        options.server = check_parameters(
            check_pairs(given["server"].as<std::vector<std::string>>(), "--server"));
    }
    if (given.count("room") != 0) {
        options.rooms = given["room"].as<std::vector<std::string>>();
    }
    text("rooms", options.rooms_file);
    text("previous", options.previous_file);
    options.decode = given.count("decode") != 0;
    options.json = given.count("json") != 0;
}

// What only a server uses, and so nobody else should stumble over.
void take_serving_variables(const po::variables_map& given, const Parameters& environment,
                            Options& options) {
    if (given.count("socket") == 0) {
        options.socket = variable(environment, "ROOMKEY_SOCKET");
    }
    const auto threads = variable(environment, "ROOMKEY_THREADS");
    if (threads && given.count("threads") == 0) {
        options.threads = parse_threads(*threads, "ROOMKEY_THREADS");
    }
}

// An option that the command passes over would be a mistake that nobody sees. Those of the server
// are let pass, so that its own command line can be checked.
void refuse_unused(const po::variables_map& given, Command command) {
    struct Use {
        const char* option;
        bool by_check;
        bool by_mint;
        bool by_explain;
    };
    constexpr std::array<Use, 8> k_uses{{{"name", false, true, true},
                                         {"form", false, true, true},
                                         {"server", false, true, true},
                                         {"previous", false, true, true},
                                         {"decode", false, true, false},
                                         {"room", false, false, true},
                                         {"rooms", false, false, true},
                                         {"json", true, true, true}}};
    for (const Use& use : k_uses) {
        const bool used = (command == Command::check && use.by_check) ||
                          (command == Command::mint && use.by_mint) ||
                          (command == Command::explain && use.by_explain);
        if (given.count(use.option) != 0 && !used) {
            throw UsageError("expected an option of this command (see --help), found --" +
                             std::string(use.option));
        }
    }
}

Command command_of(const std::string& word) {
    constexpr std::array<std::pair<std::string_view, Command>, 4> k_commands{
        std::pair{"serve", Command::serve}, std::pair{"check", Command::check},
        std::pair{"mint", Command::mint}, std::pair{"explain", Command::explain}};
    for (const auto& [name, command] : k_commands) {
        if (word == name) {
            return command;
        }
    }
    throw UsageError("expected the command serve, check, mint or explain, found " + word);
}

}  // namespace

Options options_from_environment(const Parameters& environment) {
    Options options;
    options.policy_path = variable(environment, "ROOMKEY_POLICY");
    options.secret_path = variable(environment, "ROOMKEY_SECRET_FILE");
    return options;
}

Options parse_command_line(int argc, const char* const* argv, const Parameters& environment) {
    Options options = options_from_environment(environment);
    po::options_description all = serving_options();
    all.add(command_options()).add_options()("command", po::value<std::string>());
    po::positional_options_description words;
    words.add("command", 1);
    po::variables_map given;
    try {
        // No guessing of abbreviated options: a script that uses one breaks when another is added.
        constexpr int k_style =
            po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
        po::store(
            po::command_line_parser(argc, argv).options(all).positional(words).style(k_style).run(),
            given);
    } catch (const po::error& error) {
        throw UsageError(error.what());
    }
    if (given.count("help") != 0) {
        options.command = Command::help;
        return options;
    }
    if (given.count("version") != 0) {
        options.command = Command::version;
        return options;
    }
    if (given.count("command") != 0) {
        options.command = command_of(given["command"].as<std::string>());
    }
    refuse_unused(given, options.command);
    take_over(given, options);
    if (options.command == Command::none || options.command == Command::serve) {
        take_serving_variables(given, environment, options);
    }
    return options;
}

std::string help_text() {
    std::ostringstream text;
    text << "Usage: roomkey [serve] [--policy PATH] [--secret-file PATH] [--socket ADDRESS]\n"
            "                       [--threads N]\n"
            "       roomkey check [--json]\n"
            "       roomkey mint [--name NAME] --form NAME=VALUE [--server NAME=VALUE]\n"
            "                    [--previous FILE] [--decode] [--json]\n"
            "       roomkey explain [--name NAME] --form NAME=VALUE [--server NAME=VALUE]\n"
            "                       [--previous FILE] (--room ROOM | --rooms FILE) [--json]\n"
            "       roomkey --help | --version\n"
            "\n"
            "Answers POST /auth of a web server with a signed token. It speaks FastCGI on\n"
            "--socket, or on the socket that spawn-fcgi or systemd hands over, and plain CGI\n"
            "when a web server runs it so. check looks for mistakes in the configuration, mint\n"
            "prints a token, and explain says what a token allows in a room.\n"
            "\n"
         << serving_options() << '\n'
         << command_options()
         << "\n"
            "The channel is SCALEDRONE_CHANNEL_ID in the environment. The key is in the file of\n"
            "--secret-file, or in $CREDENTIALS_DIRECTORY/secret, or SCALEDRONE_CHANNEL_SECRET in\n"
            "the environment.\n";
    return text.str();
}

}  // namespace roomkey
