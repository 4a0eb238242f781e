// SPDX-License-Identifier: MIT
// What ends a start, a reload or a command: exceptions with messages for people. A request that is
// refused is no error but a Refusal (request/refusal.hpp).
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace roomkey {

// What is wrong with the configuration: everything at once, so that it is mended in one go.
class ConfigError : public std::runtime_error {
public:
    // Each finding reads `where: expected THIS, found THAT`. `exit_status` is of sysexits.h.
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

// Collects what is wrong with several parts of a configuration.
class ConfigErrors {
public:
    void add(std::string finding) { add(ConfigError({std::move(finding)})); }

    // Keeps what `load` throws.
    template <class Load>
    void collect(const Load& load) {
        try {
            load();
        } catch (const ConfigError& error) {
            add(error);
        }
    }

    // Throws ConfigError with all findings, if there are any. Trouble of several kinds is a
    // configuration error as a whole.
    void throw_if_any() const {
        if (!m_errors.empty()) {
            const int status = m_errors.front().exit_status();
            const bool is_one_kind = std::all_of(
                m_errors.begin(), m_errors.end(),
                [status](const ConfigError& each) { return each.exit_status() == status; });
            std::vector<std::string> findings;
            for (const ConfigError& error : m_errors) {
                findings.insert(findings.end(), error.findings().begin(), error.findings().end());
            }
            throw is_one_kind ? ConfigError(findings, status) : ConfigError(findings);
        }
    }

private:
    void add(const ConfigError& error) { m_errors.push_back(error); }

    std::vector<ConfigError> m_errors;
};

// A command line that can't be understood; what() says in one line what is wrong with it.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace roomkey
