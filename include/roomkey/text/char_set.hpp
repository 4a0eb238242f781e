// SPDX-License-Identifier: MIT
// A set of characters that is asked for one at a time: one look-up in a table, where string_view's
// find functions would search the whole set for each character.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace roomkey {

class CharSet {
public:
    constexpr explicit CharSet(std::string_view members) {
        for (const char c : members) {
            m_has[static_cast<unsigned char>(c)] = true;
        }
    }

    [[nodiscard]] constexpr bool has(char c) const { return m_has[static_cast<unsigned char>(c)]; }

    // Whether `text` has no other characters.
    [[nodiscard]] constexpr bool has_all(std::string_view text) const {
        return std::all_of(text.begin(), text.end(), [this](char c) { return has(c); });
    }

private:
    std::array<bool, 256> m_has{};
};

}  // namespace roomkey
