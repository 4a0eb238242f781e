// SPDX-License-Identifier: MIT
// A room pattern of a token's permissions, tried out: a regular expression that may match anywhere
// in a room's name unless it is anchored. For `check` and `explain`; no request waits for it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "roomkey/text/result.hpp"

namespace roomkey {

enum class Match {
    no,
    yes,
    unknown,  // it takes too long to find out
};

class Pattern {
public:
    // Takes UTF-8. The error says in a few words what is wrong with the expression.
    [[nodiscard]] static Result<Pattern, std::string> compile(std::string_view expression);

    // By characters. Ends after a bounded number of steps.
    [[nodiscard]] Match match(std::string_view room) const;
    [[nodiscard]] bool matches(std::string_view room) const { return match(room) == Match::yes; }

private:
    class Expression;
    explicit Pattern(std::shared_ptr<const Expression> expression);
    std::shared_ptr<const Expression> m_expression;
};

}  // namespace roomkey
