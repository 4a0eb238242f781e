// SPDX-License-Identifier: MIT
#include "roomkey/text/diagnostics.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "roomkey/text/errors.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(diagnostics)

BOOST_AUTO_TEST_CASE(throws_nothing_when_nothing_is_wrong) {
    Diagnostics found("policy.json");
    found.warning("/claims", "is odd");
    BOOST_CHECK_NO_THROW(found.throw_if_any());
    BOOST_TEST((std::move(found).take_warnings() ==
                std::vector<std::string>{"policy.json /claims: is odd"}));
}

BOOST_AUTO_TEST_CASE(throws_all_errors_at_once_in_their_order) {
    Diagnostics found("policy.json");
    found.error("", {"something", "nothing"});
    found.warning("/reply", "is odd");
    found.error("/claims/exp", {"a time", "\"x\""});
    try {
        found.throw_if_any();
        BOOST_ERROR("nothing was thrown");
    } catch (const ConfigError& error) {
        BOOST_TEST(
            (error.findings() ==
             std::vector<std::string>{"policy.json: expected something, found nothing",
                                      "policy.json /claims/exp: expected a time, found \"x\""}));
        BOOST_TEST(error.exit_status() == 78);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
