// SPDX-License-Identifier: MIT
#include "roomkey/gateway/fastcgi_record.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "fastcgi_bytes.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;

BOOST_AUTO_TEST_SUITE(fastcgi_record)

constexpr std::size_t k_most = 64;

std::string reply_to(unsigned char type, const std::string& content) {
    return fastcgi::management_reply(type, bytes_of(content), k_most);
}

// The names that GET_VALUES asks for, and the pairs of the answer.
struct Values : Case {
    std::string query;
    std::string pairs;
};

const std::string k_conns = pair("FCGI_MAX_CONNS", "64");
const std::string k_reqs = pair("FCGI_MAX_REQS", "64");
const std::string k_mpxs = pair("FCGI_MPXS_CONNS", "0");

std::string names(int count, const std::string& name) {
    std::string query;
    for (int i = 0; i < count; ++i) {
        query += pair(name, "");
    }
    return query;
}

const Values k_values[] = {
    {{"no name"}, "", ""},
    {{"one name"}, pair("FCGI_MAX_CONNS", ""), k_conns},
    {{"three names"},
     pair("FCGI_MAX_CONNS", "") + pair("FCGI_MAX_REQS", "") + pair("FCGI_MPXS_CONNS", ""),
     k_conns + k_reqs + k_mpxs},
    {{"in another order"},
     pair("FCGI_MPXS_CONNS", "") + pair("FCGI_MAX_CONNS", ""),
     k_mpxs + k_conns},
    {{"four names, at which libfcgi aborts"},
     pair("FCGI_MAX_CONNS", "") + pair("FCGI_MAX_REQS", "") + pair("FCGI_MPXS_CONNS", "") +
         pair("FCGI_MAX_CONNS", ""),
     k_conns + k_reqs + k_mpxs},
    {{"ten times the same name"}, names(10, "FCGI_MAX_REQS"), k_reqs},
    {{"a thousand times"}, names(1000, "FCGI_MAX_REQS"), k_reqs},
    {{"an unknown name"}, pair("FCGI_COLOR", ""), ""},
    {{"an unknown name among known ones"},
     pair("FCGI_MAX_CONNS", "") + pair("FCGI_COLOR", "") + pair("FCGI_MPXS_CONNS", ""),
     k_conns + k_mpxs},
    {{"an empty name"}, pair("", "") + pair("FCGI_MAX_CONNS", ""), k_conns},
    {{"a name in another case"}, pair("fcgi_max_conns", ""), ""},
    {{"a value with the name"}, pair("FCGI_MAX_CONNS", "99"), k_conns},
    {{"lengths of four bytes"},
     std::string("\x80\x00\x00\x0E\x80\x00\x00\x00", 8) + "FCGI_MAX_CONNS",
     k_conns},
    {{"a name cut off"},
     pair("FCGI_MAX_CONNS", "") + pair("FCGI_MAX_REQS", "").substr(0, 9),
     k_conns},
    {{"a length cut off"}, pair("FCGI_MAX_CONNS", "") + "\x80\x01", k_conns},
    {{"no length of the value"}, pair("FCGI_MAX_CONNS", "") + "\x05", k_conns},
    {{"a value cut off"}, std::string("\x0E\x05", 2) + "FCGI_MAX_CONNSabc", ""},
    {{"a name of two gigabytes"}, std::string("\xFF\xFF\xFF\xFF\x00", 5) + "FCGI_MAX_CONNS", ""},
    {{"a value of two gigabytes"}, std::string("\x0E\xFF\xFF\xFF\xFF", 5) + "FCGI_MAX_CONNS", ""},
    {{"both of two gigabytes"},
     std::string("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8) + "FCGI_MAX_CONNS",
     ""},
};

BOOST_DATA_TEST_CASE(answers_get_values_with_what_is_known, k_values, row) {
    BOOST_TEST(reply_to(get_values, row.query) == record(get_values_result, row.pairs, 0));
}

BOOST_AUTO_TEST_CASE(tells_the_limit_that_it_is_given) {
    BOOST_TEST(fastcgi::management_reply(get_values, bytes_of(pair("FCGI_MAX_CONNS", "")), 16384) ==
               record(get_values_result, pair("FCGI_MAX_CONNS", "16384"), 0));
}

BOOST_AUTO_TEST_CASE(names_a_type_that_it_does_not_know) {
    BOOST_TEST(reply_to(12, "x") == record(11, with_zeros("\x0C\0\0\0\0\0\0\0"), 0));
    BOOST_TEST(reply_to(255, "") == record(11, with_zeros("\xFF\0\0\0\0\0\0\0"), 0));
}

BOOST_AUTO_TEST_CASE(ends_a_request_with_a_status) {
    BOOST_TEST(fastcgi::end_request(0x1234, fastcgi::ProtocolStatus::unknown_role) ==
               end_request(0x1234, 3));
}

BOOST_AUTO_TEST_CASE(takes_pairs_off_one_by_one) {
    const std::string stream = pair("A", "b") + pair("", "") + pair("C", std::string(200, 'c'));
    fastcgi::Bytes bytes = bytes_of(stream);
    BOOST_TEST(fastcgi::take_pair(bytes)->name == "A");
    BOOST_TEST(fastcgi::take_pair(bytes)->name == "");
    BOOST_TEST(fastcgi::take_pair(bytes)->value == std::string(200, 'c'));
    BOOST_TEST(!fastcgi::take_pair(bytes).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
