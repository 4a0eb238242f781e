// SPDX-License-Identifier: MIT
#include "roomkey/pattern_syntax.hpp"

#include <algorithm>
#include <vector>

#include "roomkey/placeholder.hpp"

namespace roomkey {

namespace {

bool is_ascii(char c) {
    return static_cast<unsigned char>(c) < 0x80;
}

bool is_in(char c, std::string_view set) {
    return set.find(c) != std::string_view::npos;
}

// Boost takes \< \> \' and \` for assertions.
constexpr std::string_view k_quotable = "^$\\.*+?()[]{}|/-_ !\"#%&,:;=@~";
constexpr std::string_view k_digits = "0123456789";

class Reader {
public:
    explicit Reader(std::string_view pattern) : m_rest(pattern) {}

    PatternSyntax read() && {
        while (!m_rest.empty()) {
            read_one();
        }
        end_alternative();
        return std::move(m_syntax);
    }

private:
    // What a quantifier would repeat.
    enum class Last { nothing, atom, value };

    void read_one() {
        switch (const char c = m_rest.front()) {
            case '\\': read_escape(); break;
            case '[': read_class(); break;
            case '(': open_group(); break;
            case ')': close_group(); break;
            case '*':
            case '+':
            case '?':
            case '{': read_quantifier(); break;
            case '|':
                if (m_groups.empty()) {
                    end_alternative();
                }
                take(1, Last::nothing);
                m_begins = m_groups.empty();
                break;
            case '^':
                m_anchored_start = m_anchored_start || m_begins;
                take(1, Last::nothing);
                break;
            case '$':
                take(1, Last::nothing);
                m_anchored_end = m_groups.empty();
                break;
            case ']':
            case '}':
                odd(1);
                take(1, Last::atom);
                break;
            case k_value_mark: take(1, Last::value); break;
            // A quantifier would repeat the last byte to one engine, and the whole to the other.
            default: take(1, is_ascii(c) ? Last::atom : Last::nothing);
        }
    }

    void take(std::size_t size, Last last) {
        m_rest.remove_prefix(size);
        m_last = last;
        m_begins = false;
        m_anchored_end = false;
    }

    void odd(std::size_t size) {
        if (m_syntax.odd.empty()) {
            const std::string_view found = m_rest.substr(0, size);
            // Neither half a character nor a mark.
            m_syntax.odd.assign(found.begin(),
                                std::find_if_not(found.begin(), found.end(), is_ascii));
        }
    }

    // The size of the escape at `at`; `letters` are those that may stand in it.
    std::size_t escape(std::size_t at, std::string_view letters) {
        if (at + 1 == m_rest.size()) {
            odd(m_rest.size());
            return 1;
        }
        const char c = m_rest[at + 1];
        m_syntax.value_in_syntax = m_syntax.value_in_syntax || c == k_value_mark;
        if (!is_in(c, letters) && !is_in(c, k_quotable)) {
            odd(at + 2);
        }
        return 2;
    }

    void read_escape() {
        const bool is_assertion = m_rest.starts_with("\\b") || m_rest.starts_with("\\B");
        take(escape(0, "dDsSwWbB"), is_assertion ? Last::nothing : Last::atom);
    }

    // In Perl a bracket that comes first is a member of the class; in JavaScript it is its end.
    void read_class() {
        const std::size_t first = m_rest.starts_with("[^") ? 2 : 1;
        for (std::size_t at = first; at < m_rest.size();) {
            const char c = m_rest[at];
            if (c == ']' && at > first) {
                take(at + 1, Last::atom);
                return;
            }
            if (c == '[' || c == ']' || !is_ascii(c)) {
                odd(at + 1);
            }
            m_syntax.value_in_syntax = m_syntax.value_in_syntax || c == k_value_mark;
            at += c == '\\' ? escape(at, "dDsSwW") : 1;
        }
        odd(m_rest.size());
        take(m_rest.size(), Last::atom);
    }

    void open_group() {
        const bool has_head = m_rest.starts_with("(?");
        const char kind = has_head && m_rest.size() > 2 ? m_rest[2] : '\0';
        if (has_head && !is_in(kind, ":=!")) {
            m_syntax.value_in_syntax = m_syntax.value_in_syntax || kind == k_value_mark;
            odd(3);
        }
        m_groups.push_back(has_head && kind != ':' ? Last::nothing : Last::atom);
        take(has_head ? std::min<std::size_t>(3, m_rest.size()) : 1, Last::nothing);
    }

    void close_group() {
        if (m_groups.empty()) {
            odd(1);
            take(1, Last::atom);
            return;
        }
        const Last last = m_groups.back();
        m_groups.pop_back();
        take(1, last);
    }

    // The size of {n}, {n,} or {n,m} at the front, or 0.
    [[nodiscard]] std::size_t count_size() const {
        const std::size_t comma = m_rest.find_first_not_of(k_digits, 1);
        if (comma == 1 || comma == std::string_view::npos) {
            return 0;
        }
        const std::size_t end =
            m_rest[comma] == ',' ? m_rest.find_first_not_of(k_digits, comma + 1) : comma;
        return end != std::string_view::npos && m_rest[end] == '}' ? end + 1 : 0;
    }

    void read_quantifier() {
        const std::size_t size = m_rest.front() == '{' ? count_size() : 1;
        if (size == 0 || m_last == Last::nothing) {
            odd(std::max<std::size_t>(size, 1));
        }
        m_syntax.value_repeated = m_syntax.value_repeated || m_last == Last::value;
        ++m_syntax.quantifiers;
        take(std::max<std::size_t>(size, 1), Last::nothing);
        if (m_rest.starts_with('?')) {
            take(1, Last::nothing);
        }
    }

    void end_alternative() {
        m_syntax.anchored = m_syntax.anchored && m_anchored_start && m_anchored_end;
        m_anchored_start = m_anchored_end = false;
    }

    std::string_view m_rest;
    PatternSyntax m_syntax;
    Last m_last = Last::nothing;
    // What a quantifier behind each open group would repeat: an assertion can't be repeated.
    std::vector<Last> m_groups;
    // Of the current alternative of the whole.
    bool m_begins = true;
    bool m_anchored_start = false;
    bool m_anchored_end = false;
};

}  // namespace

PatternSyntax read_syntax(std::string_view pattern) {
    return Reader(pattern).read();
}

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

}  // namespace roomkey
