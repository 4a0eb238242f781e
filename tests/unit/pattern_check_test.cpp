// SPDX-License-Identifier: MIT
#include "roomkey/program/pattern_check.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ctime>
#include <string>
#include <vector>

#include "roomkey/policy/policy.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(pattern_check)

// Errors, or warnings, one a line.
std::string with(const std::string& permissions) {
    const test::Variables none{};
    const Policy policy =
        compile_policy(R"({"claims": {"exp": "${now+1}", "permissions": {)" + permissions + "}}}",
                       "p", none.parameters());
    std::string lines;
    try {
        std::vector<std::string> warnings;
        check_patterns(policy.permissions, warnings);
        for (const std::string& warning : warnings) {
            lines += "warning " + warning + "\n";
        }
    } catch (const ConfigError& error) {
        for (const std::string& finding : error.findings()) {
            lines += "error " + finding + "\n";
        }
    }
    return lines;
}

struct Row : test::Case {
    std::string permissions;
    std::string expected;
};

const Row k_rows[] = {
    {{"no expression to PCRE2"},
     R"("^(?<n>a)(?<n>b)$": {})",
     "error p /claims/permissions/^(?<n>a)(?<n>b)$: expected a regular expression, found two named "
     "subpatterns have the same name (PCRE2_DUPNAMES not set)\n"},
    {{"one that takes too long"},
     "\"^" + std::string(64, 'a') + R"(b$": {}, "^(a|aa)+(a|aa)+(a|aa)+$": {"publish": true})",
     "warning p /claims/permissions/^(a|aa)+(a|aa)+(a|aa)+$: takes too long to match the room " +
         std::string(64, 'a') + "b; explain grants nothing then\n"},
    {{"two that disagree on a room"},
     R"("^main$": {"publish": false}, "^.*$": {"publish": true})",
     "warning p /claims/permissions/^main$: disagrees with the pattern ^.*$ on the room main; only "
     "what both allow is granted there\n"},
    {{"two that agree"}, R"("^main$": {"publish": true}, "^.*$": {"publish": true})", ""},
    {{"two that do not meet"}, R"("^a$": {"publish": false}, "^b.*$": {"publish": true})", ""},
    {{"a longer room"},
     "\"^" + std::string(64, 'a') + R"($": {}, "^a*a*$": {"publish": true})",
     "warning p /claims/permissions/^" + std::string(64, 'a') +
         "$: disagrees with the pattern ^a*a*$ on the room " + std::string(64, 'a') +
         "; only what both allow is granted there\n"},
    {{"the same with one"},
     "\"^" + std::string(65, 'a') + R"($": {}, "^a*$": {"publish": true})",
     "warning p /claims/permissions/^" + std::string(65, 'a') +
         "$: disagrees with the pattern ^a*$ on the room " + std::string(65, 'a') +
         "; only what both allow is granted there\n"},
    {{"a quoted room"},
     R"("^a\\.b$": {"publish": false}, "^a.*$": {"publish": true})",
     "warning p /claims/permissions/^a\\.b$: disagrees with the pattern ^a.*$ on the room a.b; "
     "only what both allow is granted there\n"},
    {{"one room in two spellings"},
     R"("^a/b$": {"publish": false}, "^a\\/b$": {"publish": true})",
     "warning p /claims/permissions/^a~1b$: disagrees with the pattern ^a\\/b$ on the room a/b; "
     "only what both allow is granted there\nwarning p /claims/permissions/^a\\~1b$: disagrees "
     "with the pattern ^a/b$ on the room a/b; only what both allow is granted there\n"},
    {{"a class is no room"}, R"("^\\d$": {"publish": false}, "^d$": {"publish": true})", ""},
};

BOOST_DATA_TEST_CASE(tries_patterns_out, k_rows, row) {
    BOOST_TEST(with(row.permissions) == row.expected);
}

// The processor's time, as others may be busy.
template <class Work>
double seconds_of_processor(const Work& work) {
    const std::clock_t start = std::clock();
    work();
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

// A measure of the processor, or of what emulates it: a tenth of a second to one.
double seconds_to_count_to(unsigned end) {
    return seconds_of_processor([end] {
        volatile unsigned number = 0;
        while (number < end) {
            number = number + 1;
        }
    });
}

// The largest policy must not keep a start or a reload for minutes, whatever its patterns are.
BOOST_AUTO_TEST_CASE(ends_in_bounded_time) {
    const auto repeated = [](const std::string& text, std::size_t size) {
        std::string all;
        while (all.size() + text.size() <= size) {
            all += text;
        }
        return all;
    };
    // An engine without limits takes seconds for one room of a few letters.
    std::string slow;
    for (int i = 0; i < 30; ++i) {
        const std::string number = std::to_string(i);
        slow += "\"^" + number + repeated("a?", 1000) + "$\": {\"publish\": true}, ";
        slow += "\"^" + number + std::string(100, 'a') + "b$\": {},";
    }
    // Many patterns, each of which is compared with each room.
    std::string many;
    for (int i = 0; many.size() < 40'000; ++i) {
        const std::string number = std::to_string(i);
        many += "\"^" + number + "$\":{},\"^.*.*" + number + "x$\":{\"publish\":true},";
    }
    const auto seconds = seconds_of_processor([&] {
        (void)with(slow + "\"^x$\": {}");
        BOOST_TEST(with(many + "\"^x$\": {}").empty());
    });
    BOOST_TEST(seconds < 60 * seconds_to_count_to(300'000'000));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
