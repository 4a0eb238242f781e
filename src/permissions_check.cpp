// SPDX-License-Identifier: MIT
#include "roomkey/permissions_check.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "roomkey/pattern.hpp"
#include "roomkey/pattern_syntax.hpp"
#include "roomkey/placeholder.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;

// The time that a match may take grows with the square of the pattern's length.
constexpr std::size_t k_longest_pattern = 1024;
// With quantifiers one after the other, it grows with a power of the room's length, too: with more
// of them, or with a longer room, a match is not tried.
constexpr std::size_t k_most_quantifiers = 2;
constexpr std::size_t k_longest_tried_room = 64;
// The service keeps no more messages of a room.
constexpr unsigned k_most_history = 100;

struct Rule {
    std::string at;
    std::string written;
    // With samples in the place of values; absent if it can't be tried out.
    std::optional<Pattern> pattern = {};
    // The only room that it matches, if it is of this kind.
    std::optional<std::string> room = {};
    std::size_t quantifiers = 0;
    bool publish = false;
    bool subscribe = false;
};

// What comes with a request may name a room in a pattern, but never widen it: it is quoted last,
// and stands where quoting works in every engine. The finding, if it could.
std::optional<std::string> widening(const std::vector<Piece>& pieces, const PatternSyntax& syntax) {
    for (const Piece& piece : pieces) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        if (placeholder != nullptr && placeholder->is_foreign() &&
            !placeholder->ends_with(Filter::regex)) {
            return "found a form. or server. placeholder in a pattern without |regex; "
                   "${...|regex} is allowed there";
        }
    }
    if (syntax.value_in_syntax) {
        return "found a form. or server. placeholder in brackets, or behind a backslash or (?; it "
               "is allowed where text stands for itself";
    }
    if (syntax.value_repeated) {
        return "found a quantifier behind a form. or server. placeholder, which repeats its end; "
               "(?:${...|regex}) in a group is allowed";
    }
    if (!syntax.odd.empty()) {
        return "found " + syntax.odd +
               " in a pattern with a form. or server. placeholder; what Perl and JavaScript read "
               "alike is allowed there: . | ^ $ (...) (?:...) (?=...) (?!...) [...] * + ? {n,m} "
               "\\d \\s \\w \\b, and \\ before punctuation";
    }
    if (!syntax.anchored) {
        return "found a form. or server. placeholder in a pattern that matches within longer names "
               "too; ^...$ around the whole is allowed";
    }
    return std::nullopt;
}

// Whether two values follow each other, with text between them or none, and the visitor chooses
// one: for a room a-b-c, "a" and "b-c" do as well as "a-b" and "c".
bool runs_together(const std::vector<Piece>& pieces) {
    const Placeholder* before = nullptr;
    for (const Piece& piece : pieces) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        if (placeholder == nullptr) {
            if (std::get<std::string>(piece).find('|') != std::string::npos) {
                before = nullptr;  // another alternative
            }
        } else if (placeholder->is_foreign()) {
            if (before != nullptr && *before != *placeholder &&
                (before->has(Source::form) || placeholder->has(Source::form))) {
                return true;
            }
            before = placeholder;
        }
    }
    return false;
}

class PermissionCheck {
public:
    PermissionCheck(const Parameters& environment, Findings& findings)
        : m_environment(environment), m_findings(findings) {}

    void check(const Pointer& permissions, const std::string& pattern, const Json& rights) {
        Rule rule{(permissions / pattern).to_string(), pattern};
        check_pattern(rule);
        check_rights(rule, rights);
        m_rules.push_back(std::move(rule));
    }

    // Where two patterns disagree, the service lets the stricter one win, which is seldom seen.
    void warn_of_disagreement() {
        for (const Rule& rule : m_rules) {
            for (const Rule& other : m_rules) {
                if (rule.room && &other != &rule && disagree(rule, other)) {
                    m_findings.warning(rule.at, "disagrees with the pattern " + other.written +
                                                    " on the room " + *rule.room +
                                                    "; only what both allow is granted there");
                }
            }
        }
    }

private:
    void check_pattern(Rule& rule) {
        const auto pieces = parse_placeholders(rule.written, m_environment);
        if (!pieces) {
            return;  // found already when the claims were compiled
        }
        const std::string pattern = with_stand_in(*pieces, k_sample);
        if (pattern.size() > k_longest_pattern) {
            m_findings.error(rule.at, "found a pattern of " + std::to_string(pattern.size()) +
                                          " bytes; 1024 are allowed, and several patterns");
            return;
        }
        const PatternSyntax syntax =
            read_syntax(with_stand_in(*pieces, std::string_view(&k_value_mark, 1)));
        if (has_foreign(*pieces)) {
            if (const auto finding = widening(*pieces, syntax)) {
                m_findings.error(rule.at, *finding);
            } else if (runs_together(*pieces)) {
                m_findings.warning(rule.at,
                                   "has two values in a row, one of them the visitor's, who can "
                                   "so name the room of others: a-b-c is a and b-c, or a-b and c; "
                                   "a pattern of one value is safe");
            }
        }
        auto compiled = Pattern::compile(pattern);
        if (!compiled) {
            m_findings.error(rule.at, "found no regular expression (" + compiled.error() +
                                          "); one in Perl's syntax is allowed");
            return;
        }
        rule.pattern = std::move(*compiled);
        rule.room = only_room(pattern);
        rule.quantifiers = syntax.quantifiers;
        if (!has_foreign(*pieces)) {
            warn_of_syntax(rule, syntax);
        }
    }

    // Allowed where only the policy says what the pattern is.
    void warn_of_syntax(const Rule& rule, const PatternSyntax& syntax) {
        if (!syntax.odd.empty()) {
            m_findings.warning(rule.at, "has " + syntax.odd +
                                            ", which Perl and JavaScript read differently; the "
                                            "service may see another pattern in it");
        }
        if (!syntax.anchored) {
            m_findings.warning(rule.at,
                               "is not anchored and matches within longer names too; ^...$ "
                               "matches whole names");
        }
    }

    void check_rights(Rule& rule, const Json& rights) {
        if (!rights.is_object()) {
            m_findings.error(rule.at,
                             "found " + rights.dump() + "; an object of rights is allowed");
            return;
        }
        for (const auto& [name, value] : rights.items()) {
            const std::string at = (Pointer(rule.at) / name).to_string();
            if (name == "publish" || name == "subscribe") {
                bool& right = name == "publish" ? rule.publish : rule.subscribe;
                if (!value.is_boolean()) {
                    m_findings.error(at, "found " + value.dump() + "; true or false is allowed");
                    continue;
                }
                right = value.get<bool>();
            } else if (name == "history") {
                if (!value.is_number_unsigned() || value.get<std::uint64_t>() > k_most_history) {
                    m_findings.error(at, "found " + value.dump() +
                                             "; a number of messages, 0 to 100, is allowed");
                }
            } else {
                m_findings.error(at,
                                 "found an unknown right; publish, subscribe and history are "
                                 "allowed");
            }
        }
    }

    // Whether it can be shown that they do. Patterns that may take long to match are let pass.
    static bool disagree(const Rule& rule, const Rule& other) {
        if (rule.publish == other.publish && rule.subscribe == other.subscribe) {
            return false;
        }
        if (other.room) {
            return rule.room == other.room;
        }
        const bool takes_long =
            other.quantifiers > k_most_quantifiers ||
            (other.quantifiers == k_most_quantifiers && rule.room->size() > k_longest_tried_room);
        return other.pattern && !takes_long && other.pattern->matches(*rule.room);
    }

    // What stands for a value that comes with a request; it has no regex syntax in it.
    static constexpr std::string_view k_sample = "sample";

    const Parameters& m_environment;
    Findings& m_findings;
    std::vector<Rule> m_rules;
};

}  // namespace

void check_permissions(const Json& claims, const Parameters& environment, Findings& findings) {
    PermissionCheck check(environment, findings);
    for (const auto& [name, value] : claims.items()) {
        // The name may come from the environment.
        const auto pieces = parse_placeholders(name, environment);
        if (!pieces || with_stand_in(*pieces, {}) != "permissions" || !value.is_object()) {
            continue;
        }
        for (const auto& [pattern, rights] : value.items()) {
            check.check(Pointer("/claims") / name, pattern, rights);
        }
    }
    check.warn_of_disagreement();
}

}  // namespace roomkey
