// SPDX-License-Identifier: MIT
// The command line and its twins in the environment.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "roomkey/http.hpp"

namespace roomkey {

enum class Command { none, serve, mint, help, version };

struct Options {
    Command command = Command::none;
    std::optional<std::string> policy_file;
    std::optional<std::string> secret_file;
    // `unix:PATH` or `HOST:PORT`.
    std::optional<std::string> socket;
    unsigned threads = 2;
    // For mint: NAME=VALUE pairs.
    std::vector<std::string> form;
    std::vector<std::string> server;
    bool decode = false;
};

// A command line that can't be understood; what() says in one line what is wrong with it.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The options that the environment gives, which is all that a CGI program listens to: its
// arguments come from the visitor's query string.
[[nodiscard]] Options options_from_environment(const Parameters& environment);

// The same overridden by the command line. Throws UsageError.
[[nodiscard]] Options parse_command_line(int argc, const char* const* argv,
                                         const Parameters& environment);

// What --help prints.
[[nodiscard]] std::string help_text();

}  // namespace roomkey
