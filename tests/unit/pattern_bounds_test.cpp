// SPDX-License-Identifier: MIT
#include "roomkey/policy/check/pattern_bounds.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(pattern_bounds)

// What is found, or nothing.
std::string found_in(const std::string& pattern) {
    const test::Variables none{};
    const auto text = parse_text(pattern, none.parameters());
    BOOST_REQUIRE(text);
    const PatternSyntax syntax = parse_pattern(*text);
    BOOST_TEST_REQUIRE(syntax.invalid == "");
    BOOST_TEST_REQUIRE(syntax.nonportable == "");
    const auto mismatch = find_unbounded(syntax);
    return mismatch ? mismatch->found : "";
}

struct Row : test::Case {
    std::string pattern;
};

const Row k_bounded[] = {
    {{"alone"}, "^${form.a|regex}$"},
    {{"with fixed text"}, "^room-${form.a|regex}-x$"},
    {{"in a group"}, "^room-(${form.a|regex}|lobby)$"},
    {{"in a group of one"}, "^(?:room-(?:${form.a|regex}))$"},
    {{"forbidden"}, "^private-room-(?!${form.a|regex}$).+$"},
    {{"looked for"}, "^(?=a:${form.a}$).+$"},
    {{"a name before what varies"}, "^user:${server.ROOMKEY_USER}:.+$"},
    {{"a name behind what varies"}, "^.+:${server.ROOMKEY_USER}$"},
    {{"a name behind a count"}, "^x{2}:${form.a}$"},
    {{"a name behind a class"}, R"(^\d+/${form.a}$)"},
    {{"two names"}, "^${form.a}:${form.b}$"},
    {{"two names around what varies"}, "^${form.a}:.*:${form.b}$"},
    {{"with text of its own characters on the way"}, "^a-${form.a}-b:.*$"},
    {{"alternatives that begin differently"}, "^(?:a${form.a}|b${form.a})$"},
    {{"alternatives that end differently"}, "^(?:${form.a}a|${form.a}b)$"},
    {{"alternatives of the whole"}, "^a-${form.a|regex}$|^lobby$|^b-${form.b|regex}$"},
    {{"a random one"}, "^${guest.name}:.*$"},
};

BOOST_DATA_TEST_CASE(accepts_a_value_that_keeps_its_place, k_bounded, row) {
    BOOST_TEST(found_in(row.pattern) == "");
}

const Row k_unbounded[] = {
    {{"al has alice's rooms"}, "^room-${server.ROOMKEY_USER|regex}.*$"},
    {{"or those with a dash"}, "^room-${server.ROOMKEY_USER|regex}(-.+)?$"},
    {{"or with any separator, as the value may have it"}, "^room:${server.ROOMKEY_USER|regex}:.*$"},
    {{"a name before what varies"}, "^room-${form.a}.*$"},
    {{"behind a dash, which a name may have"}, "^room-${form.a}-.*$"},
    {{"before a class"}, "^room-${form.a}[a-z]$"},
    {{"before a point"}, "^room-${form.a}.$"},
    {{"before an optional letter"}, "^room-${form.a}x?$"},
    {{"before an optional colon"}, "^room-${form.a}:?$"},
    {{"before a group that may be empty"}, "^room-${form.a}(?:|:x)$"},
    {{"before what varies behind fixed text"}, "^room-${form.a|regex}:x.*$"},
    {{"behind what varies"}, "^.*${form.a}$"},
    {{"behind a digit"}, R"(^\d${form.a}$)"},
    {{"behind alternatives"}, "^(?:a|a-)${form.a}$"},
    {{"looked for anywhere"}, "^(?=.*${form.a|regex}).*$"},
    {{"forbidden at the beginning only"}, "^room-(?!${form.a|regex}).+$"},
    {{"forbidden anywhere"}, "^(?!.*${form.a|regex}$).+$"},
    {{"two values with one of their characters between"}, "^${form.a|regex}[|]${form.b|regex}$"},
    {{"two values with a quoted one"}, R"(^${form.a|regex}\|${form.b|regex}$)"},
    {{"two names with a dash"}, "^${form.a}-${form.b}$"},
    {{"two names with a dash in a group"}, "^${form.a}(?:-)${form.b}$"},
    {{"two values of the web server"}, "^${server.ROOMKEY_A|regex}:${server.ROOMKEY_B|regex}$"},
    {{"between parts that vary"}, "^.*:${form.a}:.*$"},
    {{"repeated"}, "^(?:,${form.a},)+$"},
    {{"in an optional group"}, "^room(?:-${form.a})?$"},
    {{"alternatives that begin alike"}, "^(?:a${form.a}|a-${form.a})$"},
    {{"alternatives of values"}, "^(?:${form.a|regex}|${form.b|regex})$"},
    {{"alternatives behind what varies"}, "^.*(?:a:${form.a}|ba:${form.a}-x)$"},
    {{"a colour, which has a #"}, "^${guest.color}#.*$"},
};

BOOST_DATA_TEST_CASE(finds_a_value_that_may_run_into_others, k_unbounded, row) {
    BOOST_TEST(found_in(row.pattern) != "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
