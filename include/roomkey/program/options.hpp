// SPDX-License-Identifier: MIT
// The command line and its twins in the environment.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "roomkey/request/http.hpp"

namespace roomkey {

enum class Command { none, serve, check, mint, explain, help, version };

struct Options {
    Command command = Command::none;
    // A file, or a directory with one for each policy, and for each secret.
    std::optional<std::string> policy_path;
    std::optional<std::string> secret_path;
    // `unix:PATH` or `HOST:PORT`.
    std::optional<std::string> socket;
    unsigned threads = 2;
    // For mint and explain: the policy's name, and NAME=VALUE pairs.
    std::string policy_name;
    std::vector<std::string> form;
    std::vector<std::string> server;
    // For mint and explain: a file with the token that the request had before.
    std::optional<std::string> previous_file;
    // For mint: header and claims instead of the token.
    bool decode = false;
    // For explain: the rooms to explain, or a file with one a line.
    std::vector<std::string> rooms;
    std::optional<std::string> rooms_file;
    // For check, mint and explain.
    bool json = false;
};

// The files that the environment names, which is all that a CGI program listens to: its arguments
// come from the visitor's query string, and it has no socket and no threads of its own.
[[nodiscard]] Options options_from_environment(const Parameters& environment);

// The command line, and where it is silent, the variables that the command uses. Throws UsageError.
[[nodiscard]] Options parse_command_line(int argc, const char* const* argv,
                                         const Parameters& environment);

// What --help prints.
[[nodiscard]] std::string help_text();

}  // namespace roomkey
