// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/permissions_check.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <variant>

#include "roomkey/policy/check/pattern_bounds.hpp"
#include "roomkey/policy/check/pattern_syntax.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

// Beyond this an expression is no pattern of rooms any more, and slow to match.
constexpr std::size_t k_max_pattern = 1024;
// The service keeps no more messages of a room.
constexpr long long k_max_history = 100;

// Calls `see(rule, place)` for each entry of the permissions.
template <class See>
void for_each_rule(const Object& claims, const See& see) {
    const Place root("claims");
    for (const Member& claim : claims.members) {
        if (const Object* permissions = permissions_of(claim)) {
            const Place place = root / claim.key.written;
            for (const Member& rule : permissions->members) {
                see(rule, place / rule.key.written);
            }
        }
    }
}

// Whether a value is text for itself in a pattern: quoted, or a name whatever is taken.
bool is_plain_in_pattern(const Placeholder& value) {
    return value.filter == Filter::regex ||
           (value.is_name_in_text() &&
            std::all_of(value.alternatives.begin(), value.alternatives.end(),
                        [](const Reference& each) {
                            return each.source != Source::constant || is_name(each.name);
                        }));
}

std::optional<Mismatch> find_injection(const Text& pattern, const PatternSyntax& syntax) {
    for (const Placeholder* value : pattern.placeholders()) {
        if (!is_plain_in_pattern(*value)) {
            return Mismatch{"a name or |regex for each value of a pattern",
                            "another filter, or a fallback that is no name"};
        }
    }
    if (syntax.value_in_syntax) {
        return Mismatch{"a value where text stands for itself",
                        "one in [ ], behind a backslash or (?, or before a quantifier"};
    }
    if (!syntax.nonportable.empty()) {
        return Mismatch{
            "what PCRE2 and JavaScript read alike in a pattern with a value: . | ^ $ (...) (?:...) "
            "(?=...) (?!...) [...] * + ? {n,m} \\d \\w \\b, and \\ before syntax characters",
            syntax.nonportable};
    }
    if (!syntax.is_anchored()) {
        return Mismatch{"^...$ around each alternative of a pattern with a value",
                        "one that matches within longer names"};
    }
    return find_unbounded(syntax);
}

// The pattern with a name in the place of each value, as it may be tried out.
std::string sample(const Text& pattern) {
    std::string text;
    for (const Text::Piece& piece : pattern.pieces) {
        const auto* literal = std::get_if<std::string>(&piece);
        text += literal == nullptr ? "sample" : *literal;
    }
    return text;
}

void check_pattern(const Text& pattern, const std::string& at, Diagnostics& diagnostics) {
    const std::size_t size = sample(pattern).size();
    if (size > k_max_pattern) {
        diagnostics.error(at, {"a pattern of 1024 bytes at most", std::to_string(size)});
        return;
    }
    const PatternSyntax syntax = parse_pattern(pattern);
    if (!syntax.invalid.empty()) {
        diagnostics.error(at, {"a regular expression", syntax.invalid});
    } else if (!pattern.placeholders().empty()) {
        if (const auto injection = find_injection(pattern, syntax)) {
            diagnostics.error(at, *injection);
        }
    } else if (!syntax.nonportable.empty()) {
        diagnostics.warning(at, "has " + syntax.nonportable +
                                    ", which PCRE2 and JavaScript may read differently; the "
                                    "service may see another pattern in it");
    } else if (!syntax.is_anchored()) {
        diagnostics.warning(at,
                            "is not anchored and matches within longer names too; ^...$ matches "
                            "whole names");
    }
}

void check_rights(const Node& rights, const Place& place, Diagnostics& diagnostics) {
    const auto* object = std::get_if<Object>(&rights.value);
    if (object == nullptr) {
        diagnostics.error(place.pointer(), {"an object of rights", shown(rights)});
        return;
    }
    for (const auto& [key, value] : object->members) {
        const std::string at = (place / key.written).pointer();
        const std::string name = key.constant() == nullptr ? "" : *key.constant();
        const auto* literal = std::get_if<Literal>(&value.value);
        const auto kind = literal == nullptr ? Literal::Kind::null : literal->kind;
        if (name == "publish" || name == "subscribe") {
            if (kind != Literal::Kind::boolean) {
                diagnostics.error(at, {"true or false", shown(value)});
            }
        } else if (name == "history") {
            const long long count =
                kind == Literal::Kind::number ? parse_decimal(literal->json) : -1;
            if (count < 0 || count > k_max_history) {
                diagnostics.error(at, {"a number of messages, 0 to 100", shown(value)});
            }
        } else {
            diagnostics.error(at, {"publish, subscribe or history", shown(key)});
        }
    }
}

bool grants(const Node& rights, std::string_view right) {
    const auto* object = std::get_if<Object>(&rights.value);
    const Node* node = object == nullptr ? nullptr : find_claim(*object, right);
    const auto* literal = node == nullptr ? nullptr : std::get_if<Literal>(&node->value);
    return literal != nullptr && literal->json == "true";
}

}  // namespace

const Object* permissions_of(const Member& claim) {
    const std::string* name = claim.key.constant();
    return name != nullptr && *name == "permissions" ? std::get_if<Object>(&claim.value.value)
                                                     : nullptr;
}

void check_permissions(const Object& claims, Diagnostics& diagnostics) {
    const Node* claim = find_claim(claims, "permissions");
    if (claim != nullptr && std::holds_alternative<JsonText>(claim->value)) {
        diagnostics.warning("/claims/permissions",
                            "is a string, and no object of patterns, so nothing in it is checked");
    }
    for_each_rule(claims, [&](const Member& rule, const Place& place) {
        check_pattern(rule.key, place.pointer(), diagnostics);
        check_rights(rule.value, place, diagnostics);
    });
}

std::vector<PermissionRule> permission_rules(const Object& claims) {
    std::vector<PermissionRule> rules;
    for_each_rule(claims, [&](const Member& rule, const Place& place) {
        rules.push_back({place.pointer(), rule.key.written, sample(rule.key),
                         parse_pattern(rule.key).only_room(), grants(rule.value, "publish"),
                         grants(rule.value, "subscribe")});
    });
    return rules;
}

}  // namespace roomkey
