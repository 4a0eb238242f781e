// SPDX-License-Identifier: MIT
#include "roomkey/claims_check.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "roomkey/pattern.hpp"
#include "roomkey/permissions.hpp"
#include "roomkey/placeholder.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;

// What stands for a value that comes with a request; it has no regex syntax in it.
constexpr std::string_view k_sample = "sample";

struct Rule {
    std::string at;
    std::string written;
    Permission permission;
};

// The pattern with samples for its placeholders.
std::string sampled(const std::vector<Piece>& pieces) {
    std::string text;
    for (const Piece& piece : pieces) {
        if (const auto* placeholder = std::get_if<Placeholder>(&piece)) {
            text += placeholder->constant().value_or(std::string(k_sample));
        } else {
            text += std::get<std::string>(piece);
        }
    }
    return text;
}

bool is_foreign(const Placeholder& placeholder) {
    return placeholder.has(Source::form) || placeholder.has(Source::server);
}

bool is_alphanumeric(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Whether a group such as (?x) switches to the extended syntax, where an unquoted # is a comment to
// the end of the pattern, and spaces mean nothing.
bool has_extended_flag(std::string_view pattern) {
    constexpr std::string_view k_head = "(?";
    for (std::size_t at = pattern.find(k_head); at != std::string_view::npos;
         at = pattern.find(k_head, at + 1)) {
        for (std::size_t i = at + k_head.size();
             i < pattern.size() && (is_alphanumeric(pattern[i]) || pattern[i] == '^'); ++i) {
            if (pattern[i] == 'x') {
                return true;
            }
        }
    }
    return false;
}

template <class Condition>
bool has_placeholder(const std::vector<Piece>& pieces, Condition condition) {
    return std::any_of(pieces.begin(), pieces.end(), [&condition](const Piece& piece) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        return placeholder != nullptr && condition(*placeholder);
    });
}

// Where in a regular expression one is, as far as it matters to what is inserted there.
class PatternPlace {
public:
    void pass(std::string_view text) {
        for (const char c : text) {
            pass(c);
        }
    }

    // Whether quoted text stands for itself here, in Perl's syntax and in JavaScript's.
    [[nodiscard]] bool is_plain() const {
        return !m_after_backslash && !m_in_escape && !m_in_class && !m_in_braces &&
               !m_in_group_head;
    }

private:
    void pass(char c) {
        // An escape such as \x41 or \12 may go on with whatever letters and digits follow.
        m_in_escape = (m_after_backslash || m_in_escape) && is_alphanumeric(c);
        m_in_group_head = !m_after_backslash && c == '?' && m_last == '(';
        const bool quoted = std::exchange(m_after_backslash, !m_after_backslash && c == '\\');
        m_last = quoted || m_after_backslash ? '\0' : c;
        if (quoted || m_after_backslash) {
            m_class_is_empty = m_class_is_empty && !m_in_class;
        } else if (m_in_class) {
            // A bracket that comes first is a member of the class.
            m_in_class = c != ']' || m_class_is_empty;
            m_class_is_empty = m_class_is_empty && c == '^';
        } else if (c == '[') {
            m_in_class = m_class_is_empty = true;
        } else if (c == '{' || c == '}') {
            m_in_braces = c == '{';
        }
    }

    bool m_after_backslash = false;
    bool m_in_escape = false;
    bool m_in_class = false;
    bool m_class_is_empty = false;
    bool m_in_braces = false;
    bool m_in_group_head = false;
    char m_last = '\0';
};

// What comes with a request may name a room in a pattern, but never widen it: it is quoted last, it
// stands where quoting works, and nothing repeats its end. The finding, if it could.
std::optional<std::string> widening(const std::vector<Piece>& pieces) {
    PatternPlace place;
    bool after_foreign = false;
    for (const Piece& piece : pieces) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        if (placeholder == nullptr || !is_foreign(*placeholder)) {
            const std::string text = sampled({piece});
            if (after_foreign && std::string_view("*+?{").find(text.front()) != std::string::npos) {
                return "found a quantifier behind a form. or server. placeholder, which repeats "
                       "its end; (?:${...|regex}) in a group is allowed";
            }
            place.pass(text);
        } else if (placeholder->filters.empty() || placeholder->filters.back() != Filter::regex) {
            return "found a form. or server. placeholder in a pattern without |regex; "
                   "${...|regex} is allowed there";
        } else if (!place.is_plain()) {
            return "found a form. or server. placeholder in brackets or braces, or behind a "
                   "backslash or (?; it is allowed where text stands for itself";
        }
        after_foreign = placeholder != nullptr && is_foreign(*placeholder);
    }
    if (has_placeholder(pieces, is_foreign) && has_extended_flag(sampled(pieces))) {
        return "found the flag x, with which a # in a form. or server. placeholder is a comment; "
               "the other flags are allowed";
    }
    return std::nullopt;
}

// The one room that an anchored pattern without regex syntax matches.
std::optional<std::string> only_room(std::string_view pattern) {
    if (pattern.size() < 2 || pattern.front() != '^' || pattern.back() != '$') {
        return std::nullopt;
    }
    std::string room;
    for (std::size_t i = 1; i + 1 < pattern.size(); ++i) {
        char c = pattern[i];
        if (c == '\\') {
            // A backslash before a letter or digit is a class or an assertion.
            c = pattern[++i];
            if (i + 1 >= pattern.size() || quote_regex(std::string(1, c)).size() == 1) {
                return std::nullopt;
            }
        } else if (quote_regex(std::string(1, c)).size() > 1 && c != '/') {
            return std::nullopt;
        }
        room += c;
    }
    return room;
}

class PermissionCheck {
public:
    PermissionCheck(const Parameters& environment, Findings& findings)
        : m_environment(environment), m_findings(findings) {}

    void check(const std::string& pattern, const Json& rights) {
        Rule rule{(Pointer("/claims/permissions") / pattern).to_string(), pattern, {}};
        check_pattern(rule);
        check_rights(rule, rights);
        m_rules.push_back(std::move(rule));
    }

    // Where two patterns disagree, the service lets the stricter one win, which is seldom seen.
    void warn_of_disagreement() {
        for (const Rule& rule : m_rules) {
            const auto room = only_room(rule.permission.pattern);
            for (const Rule& other : m_rules) {
                if (room && &other != &rule && disagree(rule, other, *room)) {
                    m_findings.warning(rule.at, "disagrees with the pattern " + other.written +
                                                    " on the room " + *room +
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
        if (const auto finding = widening(*pieces)) {
            m_findings.error(rule.at, *finding);
        }
        rule.permission.pattern = sampled(*pieces);
        const auto pattern = Pattern::compile(rule.permission.pattern);
        if (!pattern) {
            m_findings.error(rule.at, "found no regular expression (" + pattern.error() +
                                          "); one in Perl's syntax is allowed");
        } else if (!rule.written.starts_with('^') || !rule.written.ends_with('$')) {
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
                bool& right = name == "publish" ? rule.permission.publish  //
                                                : rule.permission.subscribe;
                if (!value.is_boolean()) {
                    m_findings.error(at, "found " + value.dump() + "; true or false is allowed");
                    continue;
                }
                right = value.get<bool>();
            } else if (name == "history") {
                if (!value.is_number_unsigned()) {
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

    static bool disagree(const Rule& rule, const Rule& other, const std::string& room) {
        const auto pattern = Pattern::compile(other.permission.pattern);
        return pattern && pattern->matches(room) &&
               (rule.permission.publish != other.permission.publish ||
                rule.permission.subscribe != other.permission.subscribe);
    }

    const Parameters& m_environment;
    Findings& m_findings;
    std::vector<Rule> m_rules;
};

}  // namespace

void check_names(const Json& claims, const Parameters& environment, Findings& findings) {
    for (const auto& [name, value] : claims.items()) {
        const auto pieces = parse_placeholders(name, environment);
        // Text that can't be cut was found already when the claims were compiled.
        if (pieces && has_placeholder(*pieces, is_foreign)) {
            findings.error((Pointer("/claims") / name).to_string(),
                           "found a form. or server. placeholder in a claim's name; env. is "
                           "allowed there");
        }
    }
}

void check_permissions(const Json& claims, const Parameters& environment, Findings& findings) {
    PermissionCheck check(environment, findings);
    for (const auto& [name, value] : claims.items()) {
        // The name may come from the environment.
        const auto pieces = parse_placeholders(name, environment);
        if (!pieces || sampled(*pieces) != "permissions" || !value.is_object()) {
            continue;
        }
        for (const auto& [pattern, rights] : value.items()) {
            check.check(pattern, rights);
        }
    }
    check.warn_of_disagreement();
}

void check_identity(const Json& claims, const Parameters& environment, Findings& findings) {
    constexpr std::array<const char*, 3> k_identities{"sub", "user_id", "x-ably-clientId"};
    for (const char* name : k_identities) {
        const auto claim = claims.find(name);
        if (claim == claims.end() || !claim->is_string()) {
            continue;
        }
        const auto pieces = parse_placeholders(claim->get<std::string>(), environment);
        if (!pieces) {
            continue;
        }
        for (const Piece& piece : *pieces) {
            const auto* placeholder = std::get_if<Placeholder>(&piece);
            if (placeholder != nullptr && placeholder->has(Source::form)) {
                findings.warning((Pointer("/claims") / name).to_string(),
                                 "is whatever the visitor sends, so anybody can be anyone; "
                                 "server.ROOMKEY_USER is what the web server vouches for");
            }
        }
    }
}

}  // namespace roomkey
