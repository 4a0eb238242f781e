// SPDX-License-Identifier: MIT
#include "roomkey/gateway/limits.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

#include "roomkey/text/errors.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(limits)

Limits from(const std::string& value) {
    const Variables environment{"ROOMKEY_TEST_LIMITS=" + value};
    return limits_from_environment(environment.parameters());
}

BOOST_AUTO_TEST_CASE(are_the_documented_ones) {
    const Variables nothing{"REQUEST_TIME=1"};
    for (const Limits& limits : {limits_from_environment(nothing.parameters()), from("")}) {
        BOOST_TEST((limits.request_time == 5s));
        BOOST_TEST((limits.silent_stop_time == 250ms));
        BOOST_TEST((limits.stop_time == 2500ms));
    }
}

BOOST_AUTO_TEST_CASE(can_be_shortened_by_a_test) {
    const Limits limits = from("request_time=300,stop_time=1");
    BOOST_TEST((limits.request_time == 300ms));
    BOOST_TEST((limits.stop_time == 1ms));
    BOOST_TEST((limits.silent_stop_time == 250ms));
    BOOST_TEST((from("silent_stop_time=60000").silent_stop_time == 60s));
}

BOOST_DATA_TEST_CASE(refuse_what_they_do_not_know,
                     boost::unit_test::data::make({"1", "request_time", "request_time=",
                                                   "request_time=0", "request_time=60001",
                                                   "request_time=1s", "connections=1", "=1",
                                                   "request_time=1,,stop_time=1", ","}),
                     value) {
    BOOST_CHECK_THROW((void)from(value), ConfigError);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
