// SPDX-License-Identifier: MIT
#include "roomkey/http.hpp"

namespace roomkey {

std::optional<std::string_view> Parameters::find(std::string_view name) const {
    for (const char* const* entry = m_environment; *entry != nullptr; ++entry) {
        const std::string_view pair(*entry);
        if (pair.size() > name.size() && pair[name.size()] == '=' && pair.starts_with(name)) {
            return pair.substr(name.size() + 1);
        }
    }
    return std::nullopt;
}

std::string_view Parameters::get(std::string_view name) const {
    return find(name).value_or(std::string_view{});
}

}  // namespace roomkey
