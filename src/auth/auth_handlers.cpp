// SPDX-License-Identifier: MIT
#include "roomkey/auth/auth_handlers.hpp"

namespace roomkey {

UnknownPolicy::UnknownPolicy(const std::string& names, std::string_view found)
    : std::runtime_error("policy name: expected " + (names.empty() ? "none" : names) + ", found " +
                         (found.empty() ? "none, which means default" : std::string(found))) {}

AuthHandler& AuthHandlers::get(std::string_view name) {
    const auto found = m_handlers.find(name.empty() ? k_default_policy : name);
    if (found == m_handlers.end()) {
        std::string names;
        for (const auto& [each, handler] : m_handlers) {
            names.append(names.empty() ? "" : " or ").append(each);
        }
        throw UnknownPolicy(names, name);
    }
    return found->second;
}

}  // namespace roomkey
