// SPDX-License-Identifier: MIT
// A room pattern as its parser reads it: character by character, with the values in place.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "roomkey/token/placeholder.hpp"

namespace roomkey {

class PatternReader {
public:
    // One character as UTF-8, or a value.
    struct Token {
        std::string_view character;
        const Placeholder* value = nullptr;
    };

    // The text must outlive it.
    explicit PatternReader(const Text& text);

    [[nodiscard]] bool at_end() const { return position == m_tokens.size(); }

    // The ASCII character that is `ahead` of the next one; 0 for any other, a value, and the end.
    [[nodiscard]] char peek(std::size_t ahead = 0) const;

    [[nodiscard]] bool is_value(std::size_t ahead = 0) const;

    // Goes beyond `expected` if it stands here.
    bool take_if(std::string_view expected);

    // Goes on by one.
    const Token& take() { return m_tokens[position++]; }

    [[nodiscard]] const Token& operator[](std::size_t at) const { return m_tokens[at]; }
    [[nodiscard]] std::size_t size() const { return m_tokens.size(); }

    // Of the next token.
    std::size_t position = 0;

private:
    std::vector<Token> m_tokens;
};

}  // namespace roomkey
