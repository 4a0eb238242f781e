// SPDX-License-Identifier: MIT
#include "roomkey/text/result.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <variant>

namespace {

using roomkey::Result;

BOOST_AUTO_TEST_SUITE(result)

BOOST_AUTO_TEST_CASE(holds_a_value) {
    Result<std::string, int> result(std::string("token"));
    BOOST_TEST(static_cast<bool>(result));
    BOOST_TEST(*result == "token");
    BOOST_TEST(result->size() == 5U);
}

BOOST_AUTO_TEST_CASE(holds_an_error) {
    const Result<std::string, int> result(422);
    BOOST_TEST(!result);
    BOOST_TEST(result.error() == 422);
}

BOOST_AUTO_TEST_CASE(is_readable_when_constant) {
    const Result<std::string, int> result(std::string("token"));
    BOOST_TEST(*result == "token");
    BOOST_TEST(result->size() == 5U);
}

BOOST_AUTO_TEST_CASE(can_be_changed_and_moved_from) {
    Result<std::unique_ptr<int>, std::string> result(std::make_unique<int>(1));
    **result = 2;
    const std::unique_ptr<int> taken = std::move(*result);
    BOOST_TEST(*taken == 2);
}

// Undefined behaviour here would turn a refusal into a token made of whatever memory holds.
BOOST_AUTO_TEST_CASE(throws_when_the_side_that_is_not_there_is_read) {
    Result<std::string, int> refused(1);
    BOOST_CHECK_THROW((void)*refused, std::bad_variant_access);
    BOOST_CHECK_THROW((void)refused->size(), std::bad_variant_access);
    const Result<std::string, int> granted(std::string("token"));
    BOOST_CHECK_THROW((void)granted.error(), std::bad_variant_access);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
