// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/pattern_syntax.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>
#include <utility>

#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(pattern_syntax)

struct Odd : test::Case {
    std::string pattern;
    // What of it is found, or nothing.
    std::string odd;
};

const Odd k_odd[] = {
    {{"nothing"}, "", ""},
    {{"text"}, "^observable-room:1 #/&é$", ""},
    {{"groups and alternatives"}, "^(a|(?:b|c)|)$", ""},
    {{"lookahead"}, "^(?=a)(?!b$).+$", ""},
    {{"classes"}, R"(^[a-z][^0-9][\d\-\]\\^-][-a][a-][.:]$)", ""},
    {{"escapes"}, R"(^\d\D\w\W\b\B\.\*\\\/\^$)", ""},
    {{"quantifiers"}, "^a*b+c?d{2}e{2,}f{2,3}(g)*[h]+.?$", ""},
    {{"quantifiers that take little"}, "^a*?b+?c??d{2}?$", ""},
    {{"a possessive quantifier"}, "^a++$", "+"},
    {{"a quantifier twice"}, "^a{2}{3}$", "{"},
    {{"of an assertion"}, "^(?=a)*$", "*"},
    {{"of a word's end"}, R"(^\b+$)", "+"},
    {{"a count that is none"}, "^a{,2}$", "{"},
    {{"another"}, "^a{x}$", "{"},
    {{"a count that is open"}, "^a{2,$", "{"},
    {{"a brace"}, "^a}$", "}"},
    {{"a bracket"}, "^a]$", "]"},
    {{"flags"}, "(?i)^a$", "(?i"},
    {{"flags for a group"}, "^(?i:a)$", "(?i"},
    {{"a comment"}, "^a(?#b)$", "(?#"},
    {{"an atomic group"}, "^(?>a)$", "(?>"},
    {{"a name"}, "^(?<n>a)$", "(?<"},
    {{"lookbehind"}, "^a(?<!b)$", "(?<"},
    {{"a quotation"}, R"(^\Qa\E$)", R"(\Q)"},
    {{"a reference"}, R"(^(a)\1$)", R"(\1)"},
    {{"a hexadecimal escape"}, R"(^\x41$)", R"(\x)"},
    {{"the start of all"}, R"(\Aa$)", R"(\A)"},
    {{"a word's start in Boost"}, R"(^\<a$)", R"(\<)"},
    {{"a quoted letter beyond ASCII"}, "^\\é$", "\\é"},
    {{"anything, or a class that is open"}, "^[^]$", "[^]"},
    {{"a named class"}, "^[[:alpha:]]$", "[["},
    {{"a word's end in a class, or a backspace"}, R"(^[\b]$)", R"([\b)"},
    {{"a quantifier of the start"}, "^*.$", "*"},
    {{"a character beyond U+FFFF, of which JavaScript repeats half"}, "^\xF0\x9F\x98\x80+$", "+"},
    {{"the same in a class"}, "^[\xF0\x9F\x98\x80]$", "[\xF0\x9F\x98\x80"},
    {{"other characters"}, "^\xC3\xA9+[\xC3\xA9-\xE2\x82\xAC]$", ""},
    {{"a class that is empty, or open"}, "^[]$", "[]"},
    {{"spaces, of which JavaScript knows more"}, R"(^\s$)", R"(\s)"},
    {{"other characters than those"}, R"(^[^\S]$)", R"([^\S)"},
    {{"a quoted space, which JavaScript refuses in its u mode"}, R"(^\ $)", R"(\ )"},
    {{"a quoted dash outside of a class"}, R"(^\-$)", R"(\-)"},
    {{"a class as the end of a range"}, R"(^[a-\d]$)", R"([a-\d)"},
    {{"a class as the start of a range"}, R"(^[\d-z]$)", R"([\d-z)"},
    {{"a class's name without its class"}, "^[:a:]$", "[:a:"},
    {{"a count that PCRE2 has not"}, "^a{65536}$", "{"},
    {{"a verb"}, "^(*FAIL)$", "(*"},
    {{"the first of several"}, R"(^\Q(?i)$)", R"(\Q)"},
};

PatternSyntax parsed(const std::string& pattern) {
    // The syntax refers to its text.
    static Text text;
    const test::Variables none{};
    auto made = parse_text(pattern, none.parameters());
    BOOST_REQUIRE(made);
    text = std::move(*made);
    return parse_pattern(text);
}

BOOST_DATA_TEST_CASE(finds_what_engines_read_differently, k_odd, row) {
    const PatternSyntax syntax = parsed(row.pattern);
    BOOST_TEST(syntax.nonportable == row.odd);
    BOOST_TEST(syntax.invalid == "");
    BOOST_TEST(!syntax.value_in_syntax);
}

struct Invalid : test::Case {
    std::string pattern;
    std::string found;
};

const Invalid k_invalid[] = {
    {{"a quantifier of nothing"}, "*a", "a quantifier behind nothing"},
    {{"in a group"}, "^(+)$", "a quantifier behind nothing"},
    {{"a parenthesis"}, "^a)$", "a ) without its ("},
    {{"a group without its end"}, "^(a$", "a ( without its )"},
    {{"a class without its end"}, "^[a-z$", "a [ without its ]"},
    {{"a backslash at the end"}, "^a\\", "a backslash at the end"},
    {{"a range upside down"}, "^[z-a]$", "a range upside down"},
    {{"one beyond ASCII"}, "^[\xE2\x82\xAC-\xC3\xA9]$", "a range upside down"},
    {{"a count upside down"}, "^a{3,2}$", "a count upside down"},
};

BOOST_DATA_TEST_CASE(tells_what_is_no_expression, k_invalid, row) {
    BOOST_TEST(parsed(row.pattern).invalid == row.found);
}

struct Anchored : test::Case {
    std::string pattern;
    bool anchored;
};

const Anchored k_anchored[] = {
    {{"the whole"}, "^a$", true},
    {{"nothing in between"}, "^$", true},
    {{"alternatives within"}, "^(a|b)$", true},
    {{"each alternative"}, "^a$|^b$", true},
    {{"nothing"}, "", false},
    {{"neither"}, "a", false},
    {{"the start"}, "^a", false},
    {{"the end"}, "a$", false},
    {{"the start of one, and the end of another"}, "^a|b$", false},
    {{"all but one"}, "^a$|b|^c$", false},
    {{"all but an empty one"}, "^a$|", false},
    {{"a quoted end"}, R"(^a\$)", false},
    {{"an end behind a quoted backslash"}, R"(^a\\$)", true},
    {{"a quoted start"}, R"(\^a$)", false},
    {{"an end in a class"}, "^a[$]", false},
    {{"an end in a group, which may be passed by"}, "^a(b$|c)", false},
    {{"a start in a group"}, "(^a|b)$", false},
    {{"text before the start"}, "a^b$", false},
    {{"text behind the end"}, "^a$b", false},
    {{"an end that is repeated"}, "^a$?", false},
};

BOOST_DATA_TEST_CASE(tells_whether_it_is_anchored, k_anchored, row) {
    BOOST_TEST(parsed(row.pattern).is_anchored() == row.anchored);
}

struct Value : test::Case {
    // With @ for the value.
    std::string pattern;
    bool in_syntax;
};

const Value k_values[] = {
    {{"on its own"}, "^@$", false},
    {{"in a group"}, "^(@|a)(?!@$)(?:@)+$", false},
    {{"two of them"}, "^@@$", false},
    {{"behind an escape"}, R"(^\d@\\@$)", false},
    {{"in a class"}, "^[a@]$", true},
    {{"first in a class"}, "^[@]$", true},
    {{"in a negated class"}, "^[^@]$", true},
    {{"at the end of a range"}, "^[a-@]$", true},
    {{"behind a backslash"}, R"(^\@$)", true},
    {{"behind one in a class"}, R"(^[\@]$)", true},
    {{"in a group's head"}, "^(?@)$", true},
    {{"before each quantifier"}, "^@*$", true},
    {{"before a plus"}, "^@+$", true},
    {{"before a question mark"}, "^@?$", true},
    {{"before a brace"}, "^@{2}$", true},
    {{"before a brace that is no count"}, "^@{a$", true},
};

BOOST_DATA_TEST_CASE(tells_where_a_value_is_more_than_text, k_values, row) {
    std::string pattern = row.pattern;
    for (std::size_t at; (at = pattern.find('@')) != std::string::npos;) {
        pattern.replace(at, 1, "${form.a|regex}");
    }
    BOOST_TEST(parsed(pattern).value_in_syntax == row.in_syntax);
}

struct Room : test::Case {
    std::string pattern;
    // Or "-" if it is none, or one of several.
    std::string room;
};

const Room k_rooms[] = {
    {{"a name"}, "^room:1-a$", "room:1-a"},
    {{"an empty name"}, "^$", ""},
    {{"quoted syntax"}, R"(^a\.b\/c/d\$$)", "a.b/c/d$"},
    {{"not anchored"}, "room", "-"},
    {{"anchored by a quoted end"}, R"(^a\$)", "-"},
    {{"a class"}, R"(^\d$)", "-"},
    {{"any character"}, "^a.b$", "-"},
    {{"alternatives"}, "^a$|^b$", "-"},
};

BOOST_DATA_TEST_CASE(knows_a_pattern_of_one_room, k_rooms, row) {
    BOOST_TEST(parsed(row.pattern).only_room().value_or("-") == row.room);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
