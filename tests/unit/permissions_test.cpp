// SPDX-License-Identifier: MIT
#include "roomkey/program/permissions.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(permissions)

struct Row : test::Case {
    std::vector<Permission> permissions;
    // publish, subscribe, history and the indices of what matched.
    std::string expected;
};

std::string shown(const Access& access) {
    std::string text = std::string(access.publish ? "yes" : "no") + " " +
                       (access.subscribe ? "yes" : "no") + " " + std::to_string(access.history);
    for (const std::size_t index : access.deciding) {
        text += " #" + std::to_string(index);
    }
    return text;
}

const Row k_rows[] = {
    {{"no permissions"}, {}, "no no 0"},
    {{"none that matches"}, {{"^lobby$", true, true, 10}}, "no no 0"},
    {{"one that matches"}, {{"^room$", true, true, 10}}, "yes yes 10 #0"},
    {{"publishing only"}, {{"^room$", true, false, 0}}, "yes no 0 #0"},
    {{"subscribing only"}, {{"^room$", false, true, 0}}, "no yes 0 #0"},
    {{"one that forbids all"}, {{"^room$", false, false, 0}}, "no no 0 #0"},
    {{"the second matches"},
     {{"^lobby$", true, true, 1}, {"^room$", true, true, 2}},
     "yes yes 2 #1"},
    {{"two that agree"}, {{"^room$", true, true, 5}, {".*", true, true, 9}}, "yes yes 5 #0 #1"},
    {{"the later forbids"}, {{".*", true, true, 9}, {"^room$", false, false, 0}}, "no no 0 #0 #1"},
    {{"the earlier forbids"},
     {{"^room$", false, false, 0}, {".*", true, true, 9}},
     "no no 0 #0 #1"},
    {{"each forbids something"},
     {{"^room$", true, false, 3}, {".*", false, true, 7}},
     "no no 3 #0 #1"},
    {{"three, the middle one forbids"},
     {{"room", true, true, 9}, {"^room$", true, false, 4}, {".*", true, true, 6}},
     "yes no 4 #0 #1 #2"},
    {{"one that is no expression matches nothing"},
     {{"^*.$", true, true, 9}, {"^room$", true, true, 2}},
     "yes yes 2 #1"},
};

BOOST_DATA_TEST_CASE(grants_what_all_matching_patterns_allow, k_rows, row) {
    BOOST_TEST(shown(access_to("room", row.permissions)) == row.expected);
}

// It might be the one that forbids.
BOOST_AUTO_TEST_CASE(grants_nothing_with_a_pattern_that_takes_too_long) {
    const std::string room = std::string(128, 'a') + "!";
    const Access access =
        access_to(room, {{".*", true, true, 9}, {"^(a|aa)+(a|aa)+(a|aa)+$", false, false, 0}});
    BOOST_TEST(shown(access) == "no no 0 #0");
    BOOST_TEST((access.undecided == std::vector<std::size_t>{1}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
