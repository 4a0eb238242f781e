// SPDX-License-Identifier: MIT
#include "roomkey/text/diagnostics.hpp"

#include "roomkey/text/errors.hpp"

namespace roomkey {

void Diagnostics::error(std::string_view at, const Mismatch& mismatch) {
    m_errors.push_back(line(at, "expected " + mismatch.expected + ", found " + mismatch.found));
}

void Diagnostics::warning(std::string_view at, std::string_view text) {
    m_warnings.push_back(line(at, text));
}

void Diagnostics::throw_if_any() const {
    if (!m_errors.empty()) {
        throw ConfigError(m_errors);
    }
}

std::string Diagnostics::line(std::string_view at, std::string_view text) const {
    std::string line = m_where;
    if (!at.empty()) {
        line.append(1, ' ').append(at);
    }
    return line.append(": ").append(text);
}

}  // namespace roomkey
