// SPDX-License-Identifier: MIT
#include <sysexits.h>

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "roomkey/gateway/file.hpp"
#include "roomkey/gateway/system.hpp"
#include "roomkey/policy/policy.hpp"
#include "roomkey/program/commands.hpp"
#include "roomkey/program/permissions.hpp"
#include "roomkey/program/setup.hpp"
#include "roomkey/text/errors.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;

const char* yes_or_no(bool right) {
    return right ? "yes" : "no";
}

// A line must stay a line, and a match must end in bounded time.
void check_room(const std::string& room) {
    constexpr std::size_t k_max_room = 256;
    if (room.empty() || room.size() > k_max_room || !is_utf8(room) || has_control_character(room)) {
        throw UsageError("explain: expected a room of 1 to " + std::to_string(k_max_room) +
                         " bytes of UTF-8 without control characters, "
                         "found " +
                         std::string(room.empty() ? "an empty one" : "another"));
    }
}

// The rooms that are asked for, from the options and the file.
std::vector<std::string> rooms_of(const Options& options) {
    constexpr std::size_t k_max_file = 1'048'576;
    std::vector<std::string> rooms = options.rooms;
    if (options.rooms_file) {
        const std::string where = "rooms " + *options.rooms_file;
        const std::string text = read_text(*options.rooms_file, where, k_max_file);
        if (text.size() > k_max_file) {
            throw ConfigError({where + ": expected at most 1 MiB, found more"}, EX_CONFIG);
        }
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            // As some editors end lines.
            if (line.ends_with('\r')) {
                line.pop_back();
            }
            if (!line.empty()) {
                rooms.push_back(line);
            }
        }
    }
    if (rooms.empty()) {
        throw UsageError("explain: expected --room ROOM or --rooms FILE, found neither");
    }
    for (const std::string& room : rooms) {
        check_room(room);
    }
    return rooms;
}

// The claim `permissions` as Scaledrone reads it; a right that is not there is not granted.
std::vector<Permission> permissions_of(const Json& claims) {
    std::vector<Permission> permissions;
    const Json entries = claims.value("permissions", Json::object());
    if (!entries.is_object()) {
        return permissions;
    }
    for (const auto& [pattern, rights] : entries.items()) {
        permissions.push_back({pattern, rights.value("publish", false),
                               rights.value("subscribe", false), rights.value("history", 0LL)});
    }
    return permissions;
}

Json to_json(const std::vector<std::size_t>& indices, const std::vector<Permission>& permissions) {
    Json rules = Json::array();
    for (const std::size_t i : indices) {
        rules.push_back({{"pattern", permissions[i].pattern},
                         {"publish", permissions[i].publish},
                         {"subscribe", permissions[i].subscribe},
                         {"history", permissions[i].history}});
    }
    return rules;
}

Json to_json(const std::string& room, const Access& access,
             const std::vector<Permission>& permissions) {
    return {{"room", room},
            {"publish", access.publish},
            {"subscribe", access.subscribe},
            {"history", access.history},
            {"rules", to_json(access.deciding, permissions)},
            {"undecided", to_json(access.undecided, permissions)}};
}

void print_rules(std::string_view label, const std::vector<std::size_t>& indices,
                 const std::vector<Permission>& permissions) {
    for (const std::size_t i : indices) {
        const Permission& rule = permissions[i];
        std::cout << label << rule.pattern << " (publish: " << yes_or_no(rule.publish)
                  << ", subscribe: " << yes_or_no(rule.subscribe) << ", history: " << rule.history
                  << ")\n";
    }
}

void print_one(const Access& access, const std::vector<Permission>& permissions) {
    std::cout << "publish: " << yes_or_no(access.publish)
              << "\nsubscribe: " << yes_or_no(access.subscribe) << "\nhistory: " << access.history
              << '\n';
    print_rules("rule: ", access.deciding, permissions);
    print_rules("takes too long, so nothing is granted: ", access.undecided, permissions);
    if (access.deciding.empty() && access.undecided.empty()) {
        std::cout << "no rule matches, so nothing is granted\n";
    }
}

// How many characters are shown: the bytes that begin one.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        constexpr unsigned char k_follows = 0x80;
        constexpr unsigned char k_mask = 0xC0;
        return (static_cast<unsigned char>(c) & k_mask) != k_follows;
    }));
}

void print_row(const std::string& room, std::size_t width, const Access& access,
               const std::vector<Permission>& permissions) {
    std::cout << room << std::string(width - width_of(room), ' ')
              << (access.publish ? "yes" : "no ") << "      " << (access.subscribe ? "yes" : "no ")
              << "        " << std::left << std::setw(7) << access.history;
    if (access.deciding.empty() && access.undecided.empty()) {
        std::cout << "  none";
    }
    for (const std::size_t i : access.deciding) {
        std::cout << "  " << permissions[i].pattern;
    }
    for (const std::size_t i : access.undecided) {
        std::cout << "  takes too long: " << permissions[i].pattern;
    }
    std::cout << '\n';
}

void print_table(const std::vector<std::string>& rooms,
                 const std::vector<Permission>& permissions) {
    std::size_t width = std::string_view("room").size();
    for (const std::string& room : rooms) {
        width = std::max(width, width_of(room));
    }
    width += 2;
    std::cout << "room" << std::string(width - 4, ' ') << "publish  subscribe  history  rules\n";
    for (const std::string& room : rooms) {
        print_row(room, width, access_to(room, permissions), permissions);
    }
}

void print(const Options& options, const std::vector<std::string>& rooms,
           const std::vector<Permission>& permissions) {
    if (options.json) {
        for (const std::string& room : rooms) {
            std::cout << to_json(room, access_to(room, permissions), permissions).dump() << '\n';
        }
    } else if (rooms.size() == 1 && !options.rooms_file) {
        print_one(access_to(rooms.front(), permissions), permissions);
    } else {
        print_table(rooms, permissions);
    }
}

}  // namespace

int run_explain(const Options& options, const Parameters& environment) {
    const std::vector<std::string> rooms = rooms_of(options);
    const Policy policy = load_policy(options.policy_name, options, environment);
    const auto form = form_of(options.form, fields_read_by(policy));
    if (!form) {
        return report_refusal(form.error());
    }
    const std::vector<const char*> pairs = parameters_of(options.server);
    const Parameters parameters(pairs.data());
    // The secret is needed only to tell whether a token was signed with it.
    std::optional<PreviousClaims> previous;
    if (options.previous_file) {
        Setup setup = load_setup(options.policy_name, options, environment);
        previous = previous_of(options, setup.handlers.get(options.policy_name));
    }
    SystemRandom random;
    const auto claims = policy.claims.render(
        {*form, parameters, current_time(), random, previous ? &*previous : nullptr});
    if (!claims) {
        return report_refusal(claims.error());
    }
    policy.check_size(*claims);
    print(options, rooms, permissions_of(Json::parse(*claims)));
    return EX_OK;
}

}  // namespace roomkey
