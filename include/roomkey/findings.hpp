// SPDX-License-Identifier: MIT
// Collects what is wrong, or doubtful, in one configuration file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace roomkey {

class Findings {
public:
    // `where` is what the file is called in the texts.
    explicit Findings(std::string_view where) : m_where(where) {}

    // `at` is a JSON Pointer (RFC 6901), empty for the whole file; `text` reads
    // `what was found; what is allowed`.
    void error(std::string_view at, std::string_view text) { m_errors.push_back(line(at, text)); }
    void warning(std::string_view at, std::string_view text) {
        m_warnings.push_back(line(at, text));
    }

    // Throws ConfigError with all errors so far, if there are any.
    void throw_if_any() const;

    [[nodiscard]] std::vector<std::string> take_warnings() && { return std::move(m_warnings); }

private:
    [[nodiscard]] std::string line(std::string_view at, std::string_view text) const;

    std::string m_where;
    std::vector<std::string> m_errors;
    std::vector<std::string> m_warnings;
};

}  // namespace roomkey
