// SPDX-License-Identifier: MIT
#include "roomkey/findings.hpp"

#include "roomkey/config_error.hpp"

namespace roomkey {

void Findings::throw_if_any() const {
    if (!m_errors.empty()) {
        throw ConfigError(m_errors);
    }
}

std::string Findings::line(std::string_view at, std::string_view text) const {
    std::string line = m_where;
    if (!at.empty()) {
        line.append(1, ' ').append(at);
    }
    return line.append(": ").append(text);
}

}  // namespace roomkey
