// SPDX-License-Identifier: MIT
#include "roomkey/request/http.hpp"

#include <cstring>

namespace roomkey {

std::optional<std::string_view> Parameters::find(std::string_view name) const {
    for (const char* const* entry = m_environment; *entry != nullptr; ++entry) {
        // Compared before it is measured, as most names differ in their first letters.
        const char* pair = *entry;
        if (*pair == name.front() && std::strncmp(pair, name.data(), name.size()) == 0 &&
            pair[name.size()] == '=') {
            return std::string_view(pair + name.size() + 1);
        }
    }
    return std::nullopt;
}

std::string_view Parameters::get(std::string_view name) const {
    return find(name).value_or(std::string_view{});
}

}  // namespace roomkey
