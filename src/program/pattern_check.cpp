// SPDX-License-Identifier: MIT
#include "roomkey/program/pattern_check.hpp"

#include <optional>
#include <string>
#include <utility>

#include "roomkey/program/pattern.hpp"
#include "roomkey/text/diagnostics.hpp"

namespace roomkey {

namespace {

// Bounds the time of a check, since each pattern is tried on each room.
constexpr std::size_t k_max_tries = 100'000;

class PatternCheck {
public:
    PatternCheck(const std::vector<PermissionRule>& rules, Diagnostics& diagnostics)
        : m_rules(rules), m_diagnostics(diagnostics) {
        for (const PermissionRule& rule : rules) {
            auto pattern = Pattern::compile(rule.pattern);
            if (!pattern) {
                diagnostics.error(rule.at, {"a regular expression", pattern.error()});
            }
            m_patterns.push_back(pattern ? std::optional(std::move(*pattern)) : std::nullopt);
        }
    }

    // Where two patterns disagree, the service lets the stricter one win, which is seldom seen.
    void warn_of_disagreement() {
        std::size_t tries = 0;
        for (const PermissionRule& rule : m_rules) {
            for (std::size_t i = 0; rule.room && i < m_rules.size() && tries < k_max_tries; ++i) {
                const PermissionRule& other = m_rules[i];
                if (m_patterns[i] &&
                    (rule.publish != other.publish || rule.subscribe != other.subscribe)) {
                    ++tries;
                    compare(rule, i);
                }
            }
        }
    }

private:
    void compare(const PermissionRule& rule, std::size_t i) {
        const Match match = m_patterns[i]->match(*rule.room);
        if (match == Match::yes) {
            m_diagnostics.warning(rule.at, "disagrees with the pattern " + m_rules[i].written +
                                               " on the room " + *rule.room +
                                               "; only what both allow is granted there");
        } else if (match == Match::unknown) {
            m_diagnostics.warning(m_rules[i].at, "takes too long to match the room " + *rule.room +
                                                     "; explain grants nothing then");
            m_patterns[i].reset();
        }
    }

    const std::vector<PermissionRule>& m_rules;
    Diagnostics& m_diagnostics;
    // Absent where it is none, or takes too long.
    std::vector<std::optional<Pattern>> m_patterns;
};

}  // namespace

void check_patterns(const PermissionRules& permissions, std::vector<std::string>& warnings) {
    Diagnostics diagnostics(permissions.where);
    PatternCheck(permissions.rules, diagnostics).warn_of_disagreement();
    diagnostics.throw_if_any();
    const std::vector<std::string> found = std::move(diagnostics).take_warnings();
    warnings.insert(warnings.end(), found.begin(), found.end());
}

}  // namespace roomkey
