// SPDX-License-Identifier: MIT
#include <sysexits.h>

#include <algorithm>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "roomkey/commands.hpp"
#include "roomkey/config_error.hpp"
#include "roomkey/log.hpp"
#include "roomkey/permissions.hpp"
#include "roomkey/policy.hpp"
#include "roomkey/refusal.hpp"
#include "roomkey/setup.hpp"
#include "roomkey/system.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;

const char* yes_or_no(bool right) {
    return right ? "yes" : "no";
}

// The rooms that are asked for, from the options and the file.
std::vector<std::string> rooms_of(const Options& options) {
    std::vector<std::string> rooms = options.rooms;
    if (options.rooms_file) {
        std::ifstream file(*options.rooms_file);
        if (!file) {
            throw ConfigError(
                {with_errno("rooms " + *options.rooms_file) + "; a readable file is needed"},
                EX_NOINPUT);
        }
        for (std::string line; std::getline(file, line);) {
            if (!line.empty()) {
                rooms.push_back(line);
            }
        }
    }
    if (rooms.empty()) {
        throw UsageError("explain: found no room; --room ROOM or --rooms FILE is needed");
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

Json to_json(const std::string& room, const Access& access,
             const std::vector<Permission>& permissions) {
    Json rules = Json::array();
    for (const std::size_t i : access.deciding) {
        rules.push_back({{"pattern", permissions[i].pattern},
                         {"publish", permissions[i].publish},
                         {"subscribe", permissions[i].subscribe},
                         {"history", permissions[i].history}});
    }
    return {{"room", room},
            {"publish", access.publish},
            {"subscribe", access.subscribe},
            {"history", access.history},
            {"rules", std::move(rules)}};
}

void print_one(const Access& access, const std::vector<Permission>& permissions) {
    std::cout << "publish: " << yes_or_no(access.publish)
              << "\nsubscribe: " << yes_or_no(access.subscribe) << "\nhistory: " << access.history
              << '\n';
    for (const std::size_t i : access.deciding) {
        const Permission& rule = permissions[i];
        std::cout << "rule: " << rule.pattern << " (publish: " << yes_or_no(rule.publish)
                  << ", subscribe: " << yes_or_no(rule.subscribe) << ", history: " << rule.history
                  << ")\n";
    }
    if (access.deciding.empty()) {
        std::cout << "no rule matches, so nothing is granted\n";
    }
}

void print_table(const std::vector<std::string>& rooms,
                 const std::vector<Permission>& permissions) {
    constexpr int k_column = 11;
    std::size_t longest = std::string_view("room").size();
    for (const std::string& room : rooms) {
        longest = std::max(longest, room.size());
    }
    const int width = static_cast<int>(longest) + 2;
    const auto row = [width](const std::string& room, const std::string& publish,
                             const std::string& subscribe, const std::string& history) {
        std::cout << std::left << std::setw(width) << room << std::setw(k_column) << publish
                  << std::setw(k_column) << subscribe << history << '\n';
    };
    row("room", "publish", "subscribe", "history");
    for (const std::string& room : rooms) {
        const Access access = access_to(room, permissions);
        row(room, yes_or_no(access.publish), yes_or_no(access.subscribe),
            std::to_string(access.history));
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
    const Policy policy = load_policy(options, environment);
    const auto form = form_of(options.form);
    if (!form) {
        log(Severity::error, public_text(form.error()));
        return EX_DATAERR;
    }
    const std::vector<const char*> pairs = parameters_of(options.server);
    const Parameters parameters(pairs.data());
    SystemRandom random;
    const auto claims = policy.claims.render({*form, parameters, current_time(), random});
    if (!claims) {
        log(Severity::error, public_text(claims.error()));
        return EX_DATAERR;
    }
    print(options, rooms, permissions_of(Json::parse(*claims)));
    return EX_OK;
}

}  // namespace roomkey
