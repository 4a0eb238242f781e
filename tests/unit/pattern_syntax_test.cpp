// SPDX-License-Identifier: MIT
#include "roomkey/pattern_syntax.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

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
    {{"classes"}, R"(^[a-z][^0-9][\d\-\]\\^-]$)", ""},
    {{"escapes"}, R"(^\d\D\s\S\w\W\b\B\.\*\\\/\-\_\:$)", ""},
    {{"quantifiers"}, "^a*b+c?d{2}e{2,}f{2,3}(g)*[h]+.?$", ""},
    {{"quantifiers that take little"}, "^a*?b+?c??d{2}?$", ""},
    {{"a possessive quantifier"}, "^a++$", "+"},
    {{"a quantifier twice"}, "^a{2}{3}$", "{3}"},
    {{"a quantifier of nothing"}, "^*.$", "*"},
    {{"of an assertion"}, "^(?=a)*$", "*"},
    {{"of a word's end"}, R"(^\b+$)", "+"},
    {{"of half a character"}, "^é+$", "+"},
    {{"a count that is none"}, "^a{,2}$", "{"},
    {{"another"}, "^a{x}$", "{"},
    {{"a count that is open"}, "^a{2,$", "{"},
    {{"a brace"}, "^a}$", "}"},
    {{"a bracket"}, "^a]$", "]"},
    {{"a parenthesis"}, "^a)$", ")"},
    {{"flags"}, "(?i)^a$", "(?i"},
    {{"flags for a group"}, "^(?i:a)$", "(?i"},
    {{"a comment"}, "^a(?#b)$", "(?#"},
    {{"an atomic group"}, "^(?>a)$", "(?>"},
    {{"a name"}, "^(?<n>a)$", "(?<"},
    {{"lookbehind"}, "^a(?<!b)$", "(?<"},
    {{"a verb"}, "^(*FAIL)$", "*"},
    {{"an open head"}, "^(?", "(?"},
    {{"a quotation"}, R"(^\Qa\E$)", R"(\Q)"},
    {{"a reference"}, R"(^(a)\1$)", R"(\1)"},
    {{"a hexadecimal escape"}, R"(^\x41$)", R"(\x)"},
    {{"the start of all"}, R"(\Aa$)", R"(\A)"},
    {{"a word's start in Boost"}, R"(^\<a$)", R"(\<)"},
    {{"a quoted letter beyond ASCII"}, "^\\é$", "\\"},
    {{"a backslash at the end"}, "^a\\", "\\"},
    {{"an empty class, or one that is open"}, "^[]$", "[]"},
    {{"anything, or a class that is open"}, "^[^]$", "[^]"},
    {{"a named class"}, "^[[:alpha:]]$", "[["},
    {{"half a character in a class"}, "^[é]$", "["},
    {{"a word's end in a class, or a backspace"}, R"(^[\b]$)", R"([\b)"},
    {{"an open class"}, "^[a-z$", "[a-z$"},
    {{"the first of several"}, R"(^\Q(?i)$)", R"(\Q)"},
};

BOOST_DATA_TEST_CASE(finds_what_engines_read_differently, k_odd, row) {
    BOOST_TEST(read_syntax(row.pattern).odd == row.odd);
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
    BOOST_TEST(read_syntax(row.pattern).anchored == row.anchored);
}

struct Value : test::Case {
    // With @ for the value.
    std::string pattern;
    bool in_syntax;
    bool repeated;
};

const Value k_values[] = {
    {{"on its own"}, "^@$", false, false},
    {{"in a group"}, "^(@|a)(?!@$)(?:@)+$", false, false},
    {{"two of them"}, "^@@$", false, false},
    {{"behind an escape"}, R"(^\d@\\@$)", false, false},
    {{"in a class"}, "^[a@]$", true, false},
    {{"first in a class"}, "^[@]$", true, false},
    {{"behind a backslash"}, R"(^\@$)", true, false},
    {{"behind one in a class"}, R"(^[\@]$)", true, false},
    {{"in a group's head"}, "^(?@)$", true, false},
    {{"before each quantifier"}, "^@*$", false, true},
    {{"before a plus"}, "^@+$", false, true},
    {{"before a question mark"}, "^@?$", false, true},
    {{"before a brace"}, "^@{2}$", false, true},
    {{"before a brace that is no count"}, "^@{a$", false, true},
};

BOOST_DATA_TEST_CASE(tells_where_a_value_is_more_than_text, k_values, row) {
    std::string pattern = row.pattern;
    for (std::size_t at; (at = pattern.find('@')) != std::string::npos;) {
        pattern[at] = k_value_mark;
    }
    const PatternSyntax syntax = read_syntax(pattern);
    BOOST_TEST(syntax.value_in_syntax == row.in_syntax);
    BOOST_TEST(syntax.value_repeated == row.repeated);
}

BOOST_AUTO_TEST_CASE(counts_quantifiers) {
    BOOST_TEST(read_syntax("^a$").quantifiers == 0U);
    BOOST_TEST(read_syntax(R"(^a*b+?c{2}[*]\+$)").quantifiers == 3U);
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
    BOOST_TEST(only_room(row.pattern).value_or("-") == row.room);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
