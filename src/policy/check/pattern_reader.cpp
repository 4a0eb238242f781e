// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/pattern_reader.hpp"

#include <string>
#include <variant>

namespace roomkey {

namespace {

// Of the UTF-8 character at the front.
std::size_t character_size(std::string_view text) {
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
        ++size;
    }
    return size;
}

}  // namespace

PatternReader::PatternReader(const Text& text) {
    for (const Text::Piece& piece : text.pieces) {
        if (const auto* placeholder = std::get_if<Placeholder>(&piece)) {
            m_tokens.push_back({{}, placeholder});
            continue;
        }
        for (std::string_view rest = std::get<std::string>(piece); !rest.empty();) {
            const std::size_t size = character_size(rest);
            m_tokens.push_back({rest.substr(0, size)});
            rest.remove_prefix(size);
        }
    }
}

char PatternReader::peek(std::size_t ahead) const {
    const std::size_t at = position + ahead;
    return at < m_tokens.size() && m_tokens[at].character.size() == 1
               ? m_tokens[at].character.front()
               : '\0';
}

bool PatternReader::is_value(std::size_t ahead) const {
    return position + ahead < m_tokens.size() && m_tokens[position + ahead].value != nullptr;
}

bool PatternReader::take_if(std::string_view expected) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (peek(i) != expected[i]) {
            return false;
        }
    }
    position += expected.size();
    return true;
}

}  // namespace roomkey
