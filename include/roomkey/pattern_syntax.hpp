// SPDX-License-Identifier: MIT
// What the syntax of a room pattern tells, without matching anything.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace roomkey {

// Stands in a pattern's text for a value that is only known with a request. No UTF-8 has it.
inline constexpr char k_value_mark = '\xFF';

struct PatternSyntax {
    // The first piece of it that Perl's engine and JavaScript's may read differently; empty if all
    // of it means the same to both. Only then do the next two tell everything about a value.
    std::string odd;
    // A value stands in a class, or completes an escape or the head of a group.
    bool value_in_syntax = false;
    // A quantifier repeats the end of a value.
    bool value_repeated = false;
    // Each alternative of the whole begins with ^ and ends with $.
    bool anchored = true;
    // How many quantifiers it has, by which the time that matching may take grows.
    std::size_t quantifiers = 0;
};

[[nodiscard]] PatternSyntax read_syntax(std::string_view pattern);

// The one room that an anchored pattern without regex syntax matches.
[[nodiscard]] std::optional<std::string> only_room(std::string_view pattern);

}  // namespace roomkey
