// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/pattern_syntax.hpp"

#include <algorithm>
#include <utility>

#include "roomkey/policy/check/pattern_reader.hpp"
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

// Ends the parse where it can't go on.
struct Stop {};

class Parser {
public:
    explicit Parser(const Text& text) : m_reader(text) {}

    PatternSyntax parse() && {
        try {
            m_syntax.alternatives = parse_alternatives();
            if (!m_reader.at_end()) {
                invalid("a ) without its (");
            }
        } catch (const Stop&) {
            m_syntax.alternatives.clear();
        }
        return std::move(m_syntax);
    }

private:
    [[noreturn]] void invalid(std::string_view what) {
        m_syntax.invalid = what;
        throw Stop{};
    }

    [[noreturn]] void nonportable(std::size_t size) {
        for (std::size_t at = m_reader.position;
             at < std::min(m_reader.position + size, m_reader.size()); ++at) {
            m_syntax.value_in_syntax = m_syntax.value_in_syntax || m_reader[at].value != nullptr;
            m_syntax.nonportable += m_reader[at].character;
        }
        throw Stop{};
    }

    void refuse_value(std::size_t ahead = 0) {
        if (m_reader.is_value(ahead)) {
            m_syntax.value_in_syntax = true;
            throw Stop{};
        }
    }

    std::vector<PatternSequence> parse_alternatives() {
        std::vector<PatternSequence> alternatives(1);
        while (!m_reader.at_end() && m_reader.peek() != ')') {
            if (m_reader.take_if("|")) {
                alternatives.emplace_back();
            } else {
                alternatives.back().push_back(parse_quantified());
            }
        }
        return alternatives;
    }

    PatternItem parse_quantified() {
        PatternItem item = parse_item();
        if (is_in(m_reader.peek(), "*+?{")) {
            if (item.kind == Kind::value) {
                m_syntax.value_in_syntax = true;
                throw Stop{};
            }
            // JavaScript repeats half of a character beyond U+FFFF.
            const bool is_repeatable = (item.kind == Kind::literal && item.character.size() < 4) ||
                                       item.kind == Kind::variable || item.kind == Kind::group;
            const std::size_t size = m_reader.peek() == '{' ? count_size() : 1;
            if (!is_repeatable || size == 0) {
                nonportable(std::max<std::size_t>(size, 1));
            }
            m_reader.position += size;
            (void)m_reader.take_if("?");
            if (is_in(m_reader.peek(), "*+?{")) {
                nonportable(1);
            }
            item.is_quantified = true;
        }
        return item;
    }

    PatternItem parse_item() {
        if (m_reader.is_value()) {
            return {Kind::value, {}, m_reader.take().value};
        }
        switch (m_reader.peek()) {
            case '^': ++m_reader.position; return {Kind::start};
            case '$': ++m_reader.position; return {Kind::end};
            case '.': ++m_reader.position; return {Kind::variable};
            case '\\': return parse_escape();
            case '[': return parse_class();
            case '(': return parse_group();
            case '*':
            case '+':
            case '?': invalid("a quantifier behind nothing");
            case '{':
            case '}':
            case ']': nonportable(1);
            default: return {Kind::literal, m_reader.take().character};
        }
    }

    PatternItem parse_escape() {
        refuse_value(1);
        if (m_reader.position + 1 == m_reader.size()) {
            invalid("a backslash at the end");
        }
        const char c = m_reader.peek(1);
        if (c != '\0' && is_in(c, k_syntax_characters)) {
            m_reader.position += 2;
            return {Kind::literal, m_reader[m_reader.position - 1].character};
        }
        const bool is_class = is_in(c, k_class_escapes);
        if (!is_class && !is_in(c, "bB")) {
            nonportable(2);
        }
        m_reader.position += 2;
        return {is_class ? Kind::variable : Kind::assertion};
    }

    // A class of characters and ranges. In Perl a bracket that comes first is a member of the
    // class; in JavaScript it is its end.
    PatternItem parse_class() {
        const std::size_t open = m_reader.position++;
        (void)m_reader.take_if("^");
        const std::size_t first = m_reader.position;
        while (m_reader.peek() != ']' || m_reader.position == first) {
            if (m_reader.at_end()) {
                invalid("a [ without its ]");
            }
            refuse_value();
            const std::string_view from = parse_class_character(open);
            if (m_reader.peek() == '-' && m_reader.peek(1) != ']') {
                ++m_reader.position;
                refuse_value();
                const std::string_view to = m_reader.at_end() ? ""sv : parse_class_character(open);
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
        if (m_reader.position - first > 1 && is_in(m_reader[first].character.front(), ":.=") &&
            m_reader[first].character == m_reader[m_reader.position - 1].character) {
            nonportable_since(open);
        }
        ++m_reader.position;
        return {Kind::variable};
    }

    // The character, or nothing for an escape that stands for several.
    std::string_view parse_class_character(std::size_t open) {
        if (m_reader.peek() == '\\') {
            refuse_value(1);
            const char c = m_reader.peek(1);
            if (c == '\0' ||
                !(is_in(c, k_syntax_characters) || is_in(c, k_class_escapes) || c == '-')) {
                m_reader.position += 2;
                nonportable_since(open);
            }
            m_reader.position += 2;
            return is_in(c, k_class_escapes) ? ""sv : m_reader[m_reader.position - 1].character;
        }
        const std::string_view character = m_reader.take().character;
        if (character == "[" || character == "]" || character.size() > 3) {
            nonportable_since(open);
        }
        return character;
    }

    [[noreturn]] void nonportable_since(std::size_t open) {
        const std::size_t size = std::exchange(m_reader.position, open) - open;
        nonportable(size);
    }

    PatternItem parse_group() {
        PatternItem item{Kind::group};
        if (m_reader.take_if("(?=") || m_reader.take_if("(?!")) {
            item.kind = Kind::lookahead;
        } else if (m_reader.peek(1) == '?' && m_reader.peek(2) != ':') {
            refuse_value(2);
            nonportable(3);
        } else if (m_reader.peek(1) == '*') {
            nonportable(2);
        } else if (!m_reader.take_if("(?:")) {
            ++m_reader.position;
        }
        item.alternatives = parse_alternatives();
        if (!m_reader.take_if(")")) {
            invalid("a ( without its )");
        }
        return item;
    }

    // The size of {n}, {n,} or {n,m}, or 0.
    std::size_t count_size() {
        std::string digits[2];
        std::size_t part = 0;
        std::size_t size = 1;
        for (; m_reader.peek(size) != '}'; ++size) {
            const char c = m_reader.peek(size);
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

    PatternReader m_reader;
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
