// SPDX-License-Identifier: MIT
#include "roomkey/program/pattern.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "roomkey/text/escape.hpp"
#include "roomkey/token/placeholder.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(pattern)

struct Row : test::Case {
    std::string expression;
    std::string room;
    bool matches;
};

const Row k_rows[] = {
    {{"the whole name"}, "^observable-room$", "observable-room", true},
    {{"anchored at the start"}, "^room$", "a-room", false},
    {{"anchored at the end"}, "^room$", "room-a", false},
    {{"not anchored"}, "main", "domain-2", true},
    {{"its own private room is none of the others'"},
     "^private-room-(?!bcI:GPhz6A2T$).+$",
     "private-room-bcI:GPhz6A2T",
     false},
    {{"another's private room"}, "^private-room-(?!bcI:GPhz6A2T$).+$", "private-room-x", true},
    {{"a longer id than its own"},
     "^private-room-(?!bcI:GPhz6A2T$).+$",
     "private-room-bcI:GPhz6A2T2",
     true},
    {{"case counts"}, "^room$", "Room", false},
    {{"a quoted point"}, "^a\\.b$", "axb", false},
    {{"a quoted slash"}, "^a\\/b$", "a/b", true},
    {{"digits"}, "^room-\\d+$", "room-42", true},
    {{"the end is the very end"}, "^room$", "room\n", false},
    {{"the start is no line's start"}, "^room$", "x\nroom", false},
    {{"an empty room"}, "^$", "", true},
    {{"a point is a character, not a byte"},
     "^room-.{7}$",
     "room-\xD0\xBF\xD1\x8F\xD1\x82\xD0\xBD\xD0\xB8\xD1\x86\xD0\xB0",
     true},
    {{"and so is a letter in a class"}, "^[\xD0\xB0-\xD1\x8F]$", "\xD1\x8F", true},
    {{"a point is no line end of Unicode"},
     "^a.b$",
     "a\xE2\x80\xA8"
     "b",
     false},
    {{"empty matches anything"}, "", "room", true},
};

BOOST_DATA_TEST_CASE(matches_as_the_service_does, k_rows, row) {
    const auto made = Pattern::compile(row.expression);
    BOOST_REQUIRE(static_cast<bool>(made));
    BOOST_TEST(made->matches(row.room) == row.matches);
}

struct Refused : test::Case {
    std::string expression;
};

const Refused k_refused[] = {
    {{"nothing to repeat"}, "*"},
    {{"an open group"}, "^(room$"},
    {{"a group that was not opened"}, "^room)$"},
    {{"an open class"}, "^[a-z$"},
    {{"a range upside down"}, "^[z-a]$"},
    {{"a backslash at the end"}, "^room\\"},
    {{"an unknown group"}, "^(?<room$"},
};

BOOST_DATA_TEST_CASE(refuses_what_is_no_expression, k_refused, row) {
    const auto made = Pattern::compile(row.expression);
    BOOST_REQUIRE(!made);
    BOOST_TEST(!made.error().empty());
    BOOST_TEST(made.error().find_first_of("\r\n") == std::string::npos);
}

// One pattern must not keep `explain` busy for hours.
BOOST_AUTO_TEST_CASE(gives_up_on_a_pattern_that_takes_too_long) {
    const auto made = Pattern::compile("^(a|aa)+(a|aa)+(a|aa)+$");
    BOOST_REQUIRE(static_cast<bool>(made));
    BOOST_TEST((made->match(std::string(128, 'a') + "!") == Match::unknown));
}

// Whatever a visitor calls himself, his room is that room and no other.
BOOST_AUTO_TEST_CASE(matches_a_quoted_name_and_no_other) {
    const std::string names[] = {"bcI:GPhz6A2T", ".*",  "x|^.*", "a(b)c[d]e{1}", "^$",   "\\d+\\",
                                 "?+*",          "a/b", "(?i)x", "\\Q.*",        "#- ,&"};
    for (const std::string& name : names) {
        BOOST_TEST_CONTEXT(name) {
            const auto made = Pattern::compile("^private-room-" + quote_regex(name) + "$");
            BOOST_REQUIRE(static_cast<bool>(made));
            BOOST_TEST(made->matches("private-room-" + name));
            for (const std::string& other : names) {
                BOOST_TEST(made->matches("private-room-" + other) == (other == name));
            }
            BOOST_TEST(!made->matches("private-room-" + name + "x"));
            BOOST_TEST(!made->matches("lobby"));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
