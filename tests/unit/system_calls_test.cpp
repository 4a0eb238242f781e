// SPDX-License-Identifier: MIT
#include "roomkey/gateway/system.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <set>
#include <span>
#include <system_error>
#include <thread>
#include <vector>

#include "failing_calls.hpp"
#include "next_function.hpp"

namespace {

// What the kernel gives, in the place of what it would: errors (negative) and short counts, in
// turn.
std::vector<ssize_t> g_answers;

}  // namespace

// This program's own, which stands in the way of the C library's.
extern "C" ssize_t getrandom(void* buffer, std::size_t size, unsigned flags) {
    static auto* const real = roomkey::test::next(&getrandom, "getrandom");
    if (g_answers.empty()) {
        return real(buffer, size, flags);
    }
    const ssize_t answer = g_answers.front();
    g_answers.erase(g_answers.begin());
    if (answer < 0) {
        errno = static_cast<int>(-answer);
        return -1;
    }
    return real(buffer, std::min(size, static_cast<std::size_t>(answer)), flags);
}

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(system_calls)

BOOST_AUTO_TEST_CASE(knows_the_time_in_whole_seconds) {
    const std::time_t before = std::time(nullptr);
    const auto now = current_time().time_since_epoch().count();
    BOOST_TEST(now >= before - 1);
    BOOST_TEST(now <= std::time(nullptr) + 1);
}

// A time that was made up would be a token that is valid for ever, or never was.
BOOST_AUTO_TEST_CASE(has_no_time_without_a_clock) {
    bool refused = false;
    std::thread([&refused] {
        const test::FailingCall failing(test::Call::clock_gettime, EINVAL);
        try {
            (void)current_time();
        } catch (const std::system_error& error) {
            refused = error.code().value() == EINVAL;
        }
    }).join();
    BOOST_TEST(refused);
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

BOOST_AUTO_TEST_CASE(goes_on_after_a_signal_and_after_a_part) {
    SystemRandom random;
    g_answers = {-EINTR, 1, 0, 100, -EINTR};
    std::vector<unsigned char> block(1024);
    random.fill(block);
    BOOST_TEST(g_answers.empty());
    // Each part of it was filled: 100 zero bytes in a row do not happen.
    const std::vector<unsigned char> zeros(100);
    BOOST_TEST(
        (std::search(block.begin(), block.end(), zeros.begin(), zeros.end()) == block.end()));
}

// Never halfway: what was not filled could be guessed.
BOOST_AUTO_TEST_CASE(gives_nothing_without_the_kernels_randomness) {
    for (const int error : {EIO, ENOSYS, EFAULT, EAGAIN}) {
        for (const ssize_t before : {ssize_t{1}, ssize_t{512}}) {
            SystemRandom random;
            g_answers = {before, -error};
            std::array<unsigned char, 16> bytes{};
            BOOST_CHECK_THROW(random.fill(bytes), std::system_error);
            BOOST_TEST((bytes == std::array<unsigned char, 16>{}));
            // The next one starts anew.
            random.fill(bytes);
            BOOST_TEST((bytes != std::array<unsigned char, 16>{}));
        }
    }
}

// What a token was made of must not be left for who reads the process's memory later.
BOOST_AUTO_TEST_CASE(keeps_nothing_of_what_it_gave) {
    SystemRandom random;
    const auto holds = [&random](std::span<const unsigned char> wanted) {
        const auto* memory = reinterpret_cast<const unsigned char*>(&random);
        const auto* end = memory + sizeof(random);
        return std::search(memory, end, wanted.begin(), wanted.end()) != end;
    };
    std::array<unsigned char, 16> first{};
    random.fill(first);
    BOOST_TEST(!holds(first));
    // The next bytes are there until they are given: what is looked at is the right memory.
    constexpr std::size_t k_in_block = 32;
    std::array<unsigned char, k_in_block> next{};
    const auto* memory = reinterpret_cast<const unsigned char*>(&random);
    std::vector<unsigned char> before(memory, memory + sizeof(random));
    random.fill(next);
    BOOST_TEST(
        (std::search(before.begin(), before.end(), next.begin(), next.end()) != before.end()));
    BOOST_TEST(!holds(next));
}

BOOST_AUTO_TEST_CASE(fills_more_than_a_block) {
    constexpr std::size_t k_piece = 16;
    constexpr std::size_t k_pieces = 500;
    SystemRandom random;
    std::vector<unsigned char> bytes(k_piece * k_pieces + 1);
    random.fill(bytes);
    std::set<std::vector<unsigned char>> seen;
    for (auto at = bytes.begin(); bytes.end() - at > static_cast<std::ptrdiff_t>(k_piece);
         at += k_piece) {
        seen.emplace(at, at + k_piece);
    }
    BOOST_TEST(seen.size() == k_pieces);
    BOOST_TEST(!seen.contains(std::vector<unsigned char>(k_piece)));
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
