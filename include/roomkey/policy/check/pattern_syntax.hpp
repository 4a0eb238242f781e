// SPDX-License-Identifier: MIT
// A room pattern, parsed: the regular expressions that PCRE2 and JavaScript read alike.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "roomkey/token/placeholder.hpp"

namespace roomkey {

struct PatternItem;
using PatternSequence = std::vector<PatternItem>;

struct PatternItem {
    enum class Kind {
        literal,    // one character
        variable,   // one of several characters: . [a-z] \d
        start,      // ^
        end,        // $
        assertion,  // \b or \B
        group,      // (...) or (?:...)
        lookahead,  // (?=...) or (?!...)
        value,      // what is only known with a request
    };
    Kind kind;
    // The literal's character, as UTF-8.
    std::string_view character = {};
    const Placeholder* value = nullptr;
    // Of a group or lookahead.
    std::vector<PatternSequence> alternatives = {};
    bool is_quantified = false;
};

// Refers to the text that it was parsed from.
struct PatternSyntax {
    std::vector<PatternSequence> alternatives;
    // What is no regular expression to either engine, or empty.
    std::string invalid;
    // The first construct that the engines may read differently, or empty. The parse ends there.
    std::string nonportable;
    // A value stands in a class, behind a backslash, before a quantifier or in a group's head.
    bool value_in_syntax = false;

    // Each alternative begins with ^ and ends with $.
    [[nodiscard]] bool is_anchored() const;
    // The one room that an anchored pattern without variable parts matches.
    [[nodiscard]] std::optional<std::string> only_room() const;
};

[[nodiscard]] PatternSyntax parse_pattern(const Text& text);

}  // namespace roomkey
