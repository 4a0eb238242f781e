// SPDX-License-Identifier: MIT
// What is wrong with the configuration: everything at once, so that it is mended in one go.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace roomkey {

class ConfigError : public std::runtime_error {
public:
    // Each finding reads `where: what was found; what is allowed`. `exit_status` is of sysexits.h.
    explicit ConfigError(std::vector<std::string> findings, int exit_status = 78)
        : std::runtime_error("configuration error"),
          m_findings(std::move(findings)),
          m_exit_status(exit_status) {}

    [[nodiscard]] const std::vector<std::string>& findings() const { return m_findings; }
    [[nodiscard]] int exit_status() const { return m_exit_status; }

private:
    std::vector<std::string> m_findings;
    int m_exit_status;
};

}  // namespace roomkey
