// SPDX-License-Identifier: MIT
#include "roomkey/program/permissions.hpp"

#include <algorithm>

#include "roomkey/program/pattern.hpp"

namespace roomkey {

Access access_to(std::string_view room, const std::vector<Permission>& permissions) {
    Access access;
    for (std::size_t i = 0; i < permissions.size(); ++i) {
        const Permission& permission = permissions[i];
        const auto pattern = Pattern::compile(permission.pattern);
        const Match match = pattern ? pattern->match(room) : Match::no;
        if (match == Match::unknown) {
            access.undecided.push_back(i);
        }
        if (match != Match::yes) {
            continue;
        }
        const bool first = access.deciding.empty();
        access.publish = permission.publish && (first || access.publish);
        access.subscribe = permission.subscribe && (first || access.subscribe);
        access.history = first ? permission.history : std::min(access.history, permission.history);
        access.deciding.push_back(i);
    }
    if (!access.undecided.empty()) {
        access.publish = access.subscribe = false;
        access.history = 0;
    }
    return access;
}

}  // namespace roomkey
