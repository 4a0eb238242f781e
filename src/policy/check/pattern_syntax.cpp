// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/pattern_syntax.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

using Kind = PatternItem::Kind;
using namespace std::string_view_literals;

// What JavaScript lets stand behind a backslash in its u mode, too.
constexpr std::string_view k_syntax_characters = "^$\\.*+?()[]{}|/";
constexpr std::string_view k_class_escapes = "dDwW";
// As many as PCRE2 counts.
constexpr long long k_max_count = 65'535;

// One character, or a value.
struct Token {
    std::string_view character;
    const Placeholder* value = nullptr;
};

// Of the UTF-8 character at the front.
std::size_t character_size(std::string_view text) {
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
        ++size;
    }
    return size;
}

std::vector<Token> tokens_of(const Text& text) {
    std::vector<Token> tokens;
    for (const Text::Piece& piece : text.pieces) {
        if (const auto* placeholder = std::get_if<Placeholder>(&piece)) {
            tokens.push_back({{}, placeholder});
            continue;
        }
        for (std::string_view rest = std::get<std::string>(piece); !rest.empty();) {
            const std::size_t size = character_size(rest);
            tokens.push_back({rest.substr(0, size)});
            rest.remove_prefix(size);
        }
    }
    return tokens;
}

// Ends the parse where it can't go on.
struct Stop {};

class Parser {
public:
    explicit Parser(const Text& text) : m_tokens(tokens_of(text)) {}

    PatternSyntax parse() && {
        try {
            m_syntax.alternatives = parse_alternatives();
            if (!at_end()) {
                invalid("a ) without its (");
            }
        } catch (const Stop&) {
            m_syntax.alternatives.clear();
        }
        return std::move(m_syntax);
    }

private:
    [[nodiscard]] bool at_end() const { return m_at == m_tokens.size(); }

    // The ASCII character that is `ahead` of the next one; 0 for any other, a value, and the end.
    [[nodiscard]] char peek(std::size_t ahead = 0) const {
        const std::size_t at = m_at + ahead;
        return at < m_tokens.size() && m_tokens[at].character.size() == 1
                   ? m_tokens[at].character.front()
                   : '\0';
    }

    [[nodiscard]] bool is_value(std::size_t ahead = 0) const {
        return m_at + ahead < m_tokens.size() && m_tokens[m_at + ahead].value != nullptr;
    }

    bool take_if(std::string_view expected) {
        for (std::size_t i = 0; i < expected.size(); ++i) {
            if (peek(i) != expected[i]) {
                return false;
            }
        }
        m_at += expected.size();
        return true;
    }

    [[noreturn]] void invalid(std::string_view what) {
        m_syntax.invalid = what;
        throw Stop{};
    }

    [[noreturn]] void nonportable(std::size_t size) {
        for (std::size_t at = m_at; at < std::min(m_at + size, m_tokens.size()); ++at) {
            m_syntax.value_in_syntax = m_syntax.value_in_syntax || m_tokens[at].value != nullptr;
            m_syntax.nonportable += m_tokens[at].character;
        }
        throw Stop{};
    }

    void refuse_value(std::size_t ahead = 0) {
        if (is_value(ahead)) {
            m_syntax.value_in_syntax = true;
            throw Stop{};
        }
    }

    std::vector<PatternSequence> parse_alternatives() {
        std::vector<PatternSequence> alternatives(1);
        while (!at_end() && peek() != ')') {
            if (take_if("|")) {
                alternatives.emplace_back();
            } else {
                alternatives.back().push_back(parse_quantified());
            }
        }
        return alternatives;
    }

    PatternItem parse_quantified() {
        PatternItem item = parse_item();
        if (is_in(peek(), "*+?{")) {
            if (item.kind == Kind::value) {
                m_syntax.value_in_syntax = true;
                throw Stop{};
            }
            // JavaScript repeats half of a character beyond U+FFFF.
            const bool is_repeatable = (item.kind == Kind::literal && item.character.size() < 4) ||
                                       item.kind == Kind::variable || item.kind == Kind::group;
            const std::size_t size = peek() == '{' ? count_size() : 1;
            if (!is_repeatable || size == 0) {
                nonportable(std::max<std::size_t>(size, 1));
            }
            m_at += size;
            (void)take_if("?");
            if (is_in(peek(), "*+?{")) {
                nonportable(1);
            }
            item.is_quantified = true;
        }
        return item;
    }

    PatternItem parse_item() {
        if (is_value()) {
            return {Kind::value, {}, m_tokens[m_at++].value};
        }
        switch (peek()) {
            case '^': ++m_at; return {Kind::start};
            case '$': ++m_at; return {Kind::end};
            case '.': ++m_at; return {Kind::variable};
            case '\\': return parse_escape();
            case '[': return parse_class();
            case '(': return parse_group();
            case '*':
            case '+':
            case '?': invalid("a quantifier behind nothing");
            case '{':
            case '}':
            case ']': nonportable(1);
            default: return {Kind::literal, m_tokens[m_at++].character};
        }
    }

    PatternItem parse_escape() {
        refuse_value(1);
        if (m_at + 1 == m_tokens.size()) {
            invalid("a backslash at the end");
        }
        const char c = peek(1);
        if (c != '\0' && is_in(c, k_syntax_characters)) {
            m_at += 2;
            return {Kind::literal, m_tokens[m_at - 1].character};
        }
        const bool is_class = is_in(c, k_class_escapes);
        if (!is_class && !is_in(c, "bB")) {
            nonportable(2);
        }
        m_at += 2;
        return {is_class ? Kind::variable : Kind::assertion};
    }

    // A class of characters and ranges. In Perl a bracket that comes first is a member of the
    // class; in JavaScript it is its end.
    PatternItem parse_class() {
        const std::size_t open = m_at++;
        (void)take_if("^");
        const std::size_t first = m_at;
        while (peek() != ']' || m_at == first) {
            if (at_end()) {
                invalid("a [ without its ]");
            }
            refuse_value();
            const std::string_view from = parse_class_character(open);
            if (peek() == '-' && peek(1) != ']') {
                ++m_at;
                refuse_value();
                const std::string_view to = at_end() ? ""sv : parse_class_character(open);
                if (from.empty() || to.empty()) {
                    nonportable_since(open);
                }
                // UTF-8 sorts as the characters do.
                if (from > to) {
                    invalid("a range upside down");
                }
            }
        }
        // To PCRE2 [:a:], [.a.] and [=a=] are names.
        if (m_at - first > 1 && is_in(m_tokens[first].character.front(), ":.=") &&
            m_tokens[first].character == m_tokens[m_at - 1].character) {
            nonportable_since(open);
        }
        ++m_at;
        return {Kind::variable};
    }

    // The character, or nothing for an escape that stands for several.
    std::string_view parse_class_character(std::size_t open) {
        if (peek() == '\\') {
            refuse_value(1);
            const char c = peek(1);
            if (c == '\0' ||
                !(is_in(c, k_syntax_characters) || is_in(c, k_class_escapes) || c == '-')) {
                m_at += 2;
                nonportable_since(open);
            }
            m_at += 2;
            return is_in(c, k_class_escapes) ? ""sv : m_tokens[m_at - 1].character;
        }
        const std::string_view character = m_tokens[m_at++].character;
        if (character == "[" || character == "]" || character.size() > 3) {
            nonportable_since(open);
        }
        return character;
    }

    [[noreturn]] void nonportable_since(std::size_t open) {
        const std::size_t size = std::exchange(m_at, open) - open;
        nonportable(size);
    }

    PatternItem parse_group() {
        PatternItem item{Kind::group};
        if (take_if("(?=") || take_if("(?!")) {
            item.kind = Kind::lookahead;
        } else if (peek(1) == '?' && peek(2) != ':') {
            refuse_value(2);
            nonportable(3);
        } else if (peek(1) == '*') {
            nonportable(2);
        } else if (!take_if("(?:")) {
            ++m_at;
        }
        item.alternatives = parse_alternatives();
        if (!take_if(")")) {
            invalid("a ( without its )");
        }
        return item;
    }

    // The size of {n}, {n,} or {n,m}, or 0.
    std::size_t count_size() {
        std::string digits[2];
        std::size_t part = 0;
        std::size_t size = 1;
        for (; peek(size) != '}'; ++size) {
            const char c = peek(size);
            if (c == ',' && part == 0) {
                part = 1;
            } else if (c >= '0' && c <= '9') {
                digits[part] += c;
            } else {
                return 0;
            }
        }
        const long long least = parse_decimal(digits[0]);
        const long long most = part == 1 ? parse_decimal(digits[1]) : least;
        if (digits[0].empty() || least < 0 || std::max(least, most) > k_max_count) {
            return 0;
        }
        if (part == 1 && !digits[1].empty() && most < least) {
            invalid("a count upside down");
        }
        return size + 1;
    }

    [[nodiscard]] static bool is_in(char c, std::string_view set) {
        return c != '\0' && set.find(c) != std::string_view::npos;
    }

    std::vector<Token> m_tokens;
    std::size_t m_at = 0;
    PatternSyntax m_syntax;
};

}  // namespace

bool PatternSyntax::is_anchored() const {
    return !alternatives.empty() && std::all_of(alternatives.begin(), alternatives.end(),
                                                [](const PatternSequence& sequence) {
                                                    return sequence.size() >= 2 &&
                                                           sequence.front().kind == Kind::start &&
                                                           sequence.back().kind == Kind::end;
                                                });
}

std::optional<std::string> PatternSyntax::only_room() const {
    if (alternatives.size() != 1 || !is_anchored()) {
        return std::nullopt;
    }
    std::string room;
    const PatternSequence& items = alternatives.front();
    for (std::size_t i = 1; i + 1 < items.size(); ++i) {
        if (items[i].kind != Kind::literal || items[i].is_quantified) {
            return std::nullopt;
        }
        room += items[i].character;
    }
    return room;
}

PatternSyntax parse_pattern(const Text& text) {
    return Parser(text).parse();
}

}  // namespace roomkey
