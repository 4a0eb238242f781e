// SPDX-License-Identifier: MIT
#include "roomkey/request/http.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;

BOOST_AUTO_TEST_SUITE(http)

BOOST_AUTO_TEST_CASE(finds_a_variable_by_its_whole_name) {
    const Variables variables{"REQUEST_METHOD=POST", "CONTENT_TYPE=text/plain"};
    BOOST_TEST(variables.parameters().find("CONTENT_TYPE").value() == "text/plain");
    BOOST_TEST(variables.parameters().get("REQUEST_METHOD") == "POST");
}

BOOST_AUTO_TEST_CASE(tells_an_absent_variable_from_an_empty_one) {
    const Variables variables{"QUERY_STRING="};
    BOOST_TEST(!variables.parameters().find("HTTP_ORIGIN").has_value());
    BOOST_TEST(variables.parameters().get("HTTP_ORIGIN").empty());
    BOOST_TEST(variables.parameters().find("QUERY_STRING").has_value());
    BOOST_TEST(variables.parameters().find("QUERY_STRING").value().empty());
}

BOOST_AUTO_TEST_CASE(takes_the_first_of_a_repeated_name) {
    const Variables variables{"REQUEST_METHOD=POST", "REQUEST_METHOD=GET"};
    BOOST_TEST(variables.parameters().get("REQUEST_METHOD") == "POST");
}

BOOST_AUTO_TEST_CASE(keeps_equals_signs_in_a_value) {
    const Variables variables{"QUERY_STRING=a=b&c==d="};
    BOOST_TEST(variables.parameters().get("QUERY_STRING") == "a=b&c==d=");
}

struct Absent : test::Case {
    std::string pair;
};

const Absent k_absent[] = {
    {{"a longer name"}, "HTTP_ORIGINAL=x"},
    {{"a shorter name"}, "HTTP_ORIGI=x"},
    {{"another case"}, "http_origin=x"},
    {{"a name without a value"}, "HTTP_ORIGIN"},
    {{"a space after the name"}, "HTTP_ORIGIN =x"},
    {{"the name as a value"}, "A=HTTP_ORIGIN=x"},
    {{"nothing at all"}, ""},
    {{"only an equals sign"}, "="},
};

BOOST_DATA_TEST_CASE(does_not_take_another_variable_for_the_one_asked_for, k_absent, row) {
    const Variables variables{row.pair};
    BOOST_TEST(!variables.parameters().find("HTTP_ORIGIN").has_value());
}

BOOST_AUTO_TEST_CASE(finds_nothing_in_an_empty_list) {
    const Variables variables{};
    BOOST_TEST(!variables.parameters().find("PATH").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
