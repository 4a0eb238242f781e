// SPDX-License-Identifier: MIT
// The handlers of one process, a policy each. The web server picks one by a parameter that visitors
// can't set.
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "roomkey/auth/auth_handler.hpp"
#include "roomkey/request/http.hpp"

namespace roomkey {

// The policy that applies when none is named.
inline constexpr std::string_view k_default_policy = "default";

// None of the policies has the name.
class UnknownPolicy : public std::runtime_error {
public:
    UnknownPolicy(const std::vector<std::string>& names, std::string_view found);
};

class AuthHandlers {
public:
    AuthHandlers() = default;
    // One policy and no other. Implicit, since that is what most processes have.
    AuthHandlers(AuthHandler handler) { add(k_default_policy, std::move(handler)); }

    // The names must differ.
    void add(std::string_view name, AuthHandler handler) {
        m_handlers.emplace(name, std::move(handler));
    }

    // The one of that name; an empty name stands for the default. Throws UnknownPolicy.
    [[nodiscard]] AuthHandler& get(std::string_view name);

    // The one that the web server has picked by ROOMKEY_POLICY_NAME. Costs one look-up. Throws
    // UnknownPolicy.
    [[nodiscard]] AuthHandler& pick(const Parameters& parameters) {
        return get(parameters.get("ROOMKEY_POLICY_NAME"));
    }

private:
    std::map<std::string, AuthHandler, std::less<>> m_handlers;
};

}  // namespace roomkey
