// SPDX-License-Identifier: MIT
#include "roomkey/gateway/connections.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>

#include <list>
#include <optional>
#include <string>

#include "fastcgi_bytes.hpp"
#include "support.hpp"

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

bool oldest_is(const Connections& all, ConnectionState state, int fd) {
    const auto oldest = all.oldest(state);
    return oldest && oldest->fd == fd;
}

BOOST_AUTO_TEST_CASE(begins_silent) {
    Connections all;
    const int fd = add_one(all);
    BOOST_TEST(all.size() == 1U);
    BOOST_TEST((all.state_of(fd) == ConnectionState::silent));
    BOOST_TEST(oldest_is(all, ConnectionState::silent, fd));
    BOOST_TEST(!all.oldest(ConnectionState::idle).has_value());
}

BOOST_AUTO_TEST_CASE(orders_a_state_by_how_long_ago_it_was_entered) {
    Connections all;
    const int first = add_one(all);
    const int second = add_one(all);
    const int third = add_one(all);
    BOOST_TEST((all.in(ConnectionState::silent) == std::list<int>{first, second, third}));
    all.move(second, ConnectionState::idle);
    all.move(first, ConnectionState::idle);
    BOOST_TEST((all.in(ConnectionState::silent) == std::list<int>{third}));
    BOOST_TEST((all.in(ConnectionState::idle) == std::list<int>{second, first}));
    BOOST_TEST(oldest_is(all, ConnectionState::idle, second));
    // Starting over in a state makes it the youngest there.
    all.move(second, ConnectionState::idle);
    BOOST_TEST(oldest_is(all, ConnectionState::idle, first));
    BOOST_TEST((all.oldest(ConnectionState::idle)->since <= SteadyClock::now()));
}

BOOST_AUTO_TEST_CASE(closes_what_it_is_told_to) {
    Connections all;
    const int first = add_one(all);
    const int second = add_one(all);
    all.move(first, ConnectionState::draining);
    all.close(first);
    BOOST_TEST(!is_open(first));
    BOOST_TEST(is_open(second));
    BOOST_TEST(all.size() == 1U);
    BOOST_TEST(!all.state_of(first).has_value());
    BOOST_TEST(!all.oldest(ConnectionState::draining).has_value());
}

BOOST_AUTO_TEST_CASE(knows_what_its_readers_hold) {
    Connections all;
    const int first = add_one(all);
    const int second = add_one(all);
    BOOST_TEST(all.reader(first) == nullptr);
    BOOST_TEST(all.buffered() == 0U);
    fastcgi::RecordReader reader(1);
    const std::string bytes = test::begin() + test::record(test::params, std::string(5000, 'x'));
    (void)reader.read(test::bytes_of(bytes));
    for (const int fd : {first, second}) {
        all.keep_reader(fd, reader);
        BOOST_TEST(all.reader(fd) != &reader);
    }
    BOOST_TEST(all.buffered() >= 10'000U);
    BOOST_TEST(all.buffered() == all.reader(first)->memory() + all.reader(second)->memory());
    (void)all.reader(first)->read(test::bytes_of(bytes.substr(16)));
    all.keep_reader(first, *all.reader(first));
    BOOST_TEST(all.buffered() == all.reader(first)->memory() + all.reader(second)->memory());
    all.drop_reader(first);
    BOOST_TEST(all.reader(first) == nullptr);
    BOOST_TEST(all.buffered() == all.reader(second)->memory());
    all.close(second);
    BOOST_TEST(all.buffered() == 0U);
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
