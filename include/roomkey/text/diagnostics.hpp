// SPDX-License-Identifier: MIT
// Collects what is wrong, or doubtful, in one configuration file.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomkey {

// What stands in one place, and what should.
struct Mismatch {
    std::string expected;
    std::string found;
};

class Diagnostics {
public:
    // `where` is what the file is called in the texts.
    explicit Diagnostics(std::string_view where) : m_where(where) {}

    // `at` is a JSON Pointer (RFC 6901), empty for the whole file. The text reads
    // `where: expected THIS, found THAT`.
    void error(std::string_view at, const Mismatch& mismatch);
    void warning(std::string_view at, std::string_view text);

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
