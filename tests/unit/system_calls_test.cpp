// SPDX-License-Identifier: MIT
#include "roomkey/system.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cerrno>
#include <ctime>
#include <set>
#include <vector>

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(system_calls)

BOOST_AUTO_TEST_CASE(knows_the_time_in_whole_seconds) {
    const std::time_t before = std::time(nullptr);
    const auto now = current_time().time_since_epoch().count();
    BOOST_TEST(now >= before - 1);
    BOOST_TEST(now <= std::time(nullptr) + 1);
}

// Far more than one block, in sizes that do not divide it.
BOOST_AUTO_TEST_CASE(never_gives_the_same_bytes_twice) {
    SystemRandom random;
    std::set<std::array<unsigned char, 17>> seen;
    constexpr std::size_t k_times = 1000;
    for (std::size_t i = 0; i < k_times; ++i) {
        std::array<unsigned char, 17> bytes{};
        random.fill(bytes);
        seen.insert(bytes);
    }
    BOOST_TEST(seen.size() == k_times);
    BOOST_TEST(!seen.contains(std::array<unsigned char, 17>{}));
}

BOOST_AUTO_TEST_CASE(gives_each_source_bytes_of_its_own) {
    SystemRandom first;
    SystemRandom second;
    std::array<unsigned char, 16> a{};
    std::array<unsigned char, 16> b{};
    first.fill(a);
    second.fill(b);
    BOOST_TEST((a != b));
}

BOOST_AUTO_TEST_CASE(fills_nothing_and_a_whole_block) {
    SystemRandom random;
    random.fill({});
    std::vector<unsigned char> block(1024);
    random.fill(block);
    BOOST_TEST((block != std::vector<unsigned char>(1024)));
}

BOOST_AUTO_TEST_CASE(names_the_current_error) {
    errno = ENOENT;
    BOOST_TEST(with_errno("a file") == "a file: No such file or directory");
}

BOOST_AUTO_TEST_CASE(has_at_least_the_descriptors_that_it_had) {
    BOOST_TEST(raise_descriptor_limit() >= 64U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
