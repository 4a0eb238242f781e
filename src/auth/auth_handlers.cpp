// SPDX-License-Identifier: MIT
#include "roomkey/auth/auth_handlers.hpp"

namespace roomkey {

namespace {

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) {
        text.append(text.empty() ? "" : " or ").append(name);
    }
    return text.empty() ? "none" : text;
}

}  // namespace

UnknownPolicy::UnknownPolicy(const std::vector<std::string>& names, std::string_view found)
    : std::runtime_error("policy name: expected " + listed(names) + ", found " +
                         (found.empty() ? "none, which means default" : std::string(found))) {}

AuthHandler& AuthHandlers::get(std::string_view name) {
    const auto found = m_handlers.find(name.empty() ? k_default_policy : name);
    if (found == m_handlers.end()) {
        std::vector<std::string> names;
        for (const auto& [each, handler] : m_handlers) {
            names.push_back(each);
        }
        throw UnknownPolicy(names, name);
    }
    return found->second;
}

}  // namespace roomkey
