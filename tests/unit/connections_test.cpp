// SPDX-License-Identifier: MIT
#include "roomkey/connections.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>

#include <list>
#include <optional>

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(connections)

// Any descriptor will do.
int add_one(Connections& all) {
    Descriptor descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    BOOST_REQUIRE(static_cast<bool>(descriptor));
    const int fd = descriptor.get();
    all.add(std::move(descriptor));
    return fd;
}

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

bool oldest_is(const Connections& all, State state, int fd) {
    const auto oldest = all.oldest(state);
    return oldest && oldest->fd == fd;
}

BOOST_AUTO_TEST_CASE(begins_silent) {
    Connections all;
    const int fd = add_one(all);
    BOOST_TEST(all.size() == 1U);
    BOOST_TEST((all.state_of(fd) == State::silent));
    BOOST_TEST(oldest_is(all, State::silent, fd));
    BOOST_TEST(!all.oldest(State::idle).has_value());
}

BOOST_AUTO_TEST_CASE(orders_a_state_by_how_long_ago_it_was_entered) {
    Connections all;
    const int first = add_one(all);
    const int second = add_one(all);
    const int third = add_one(all);
    BOOST_TEST((all.in(State::silent) == std::list<int>{first, second, third}));
    all.move(second, State::idle);
    all.move(first, State::idle);
    BOOST_TEST((all.in(State::silent) == std::list<int>{third}));
    BOOST_TEST((all.in(State::idle) == std::list<int>{second, first}));
    BOOST_TEST(oldest_is(all, State::idle, second));
    // Starting over in a state makes it the youngest there.
    all.move(second, State::idle);
    BOOST_TEST(oldest_is(all, State::idle, first));
    BOOST_TEST((all.oldest(State::idle)->since <= SteadyClock::now()));
}

BOOST_AUTO_TEST_CASE(closes_what_it_is_told_to) {
    Connections all;
    const int first = add_one(all);
    const int second = add_one(all);
    all.move(first, State::draining);
    all.close(first);
    BOOST_TEST(!is_open(first));
    BOOST_TEST(is_open(second));
    BOOST_TEST(all.size() == 1U);
    BOOST_TEST(!all.state_of(first).has_value());
    BOOST_TEST(!all.oldest(State::draining).has_value());
}

BOOST_AUTO_TEST_CASE(forgets_without_closing) {
    Connections all;
    const int fd = add_one(all);
    all.forget(fd);
    BOOST_TEST(!all.state_of(fd).has_value());
    BOOST_TEST(is_open(fd));
    const Descriptor closes_it(fd);
}

BOOST_AUTO_TEST_CASE(closes_all_at_its_end) {
    int fd = -1;
    {
        Connections all;
        fd = add_one(all);
    }
    BOOST_TEST(!is_open(fd));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
