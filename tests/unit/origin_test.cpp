// SPDX-License-Identifier: MIT
#include "roomkey/policy/origin.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <string>

#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(origin)

struct Row : test::Case {
    std::string text;
    bool is_origin;
};

const Row k_rows[] = {
    {{"a host"}, "https://chat.example.com", true},
    {{"without TLS"}, "http://chat.example.com", true},
    {{"one label"}, "http://localhost", true},
    {{"a port"}, "http://localhost:8080", true},
    {{"the highest port"}, "https://a.example:65535", true},
    {{"the other scheme's port"}, "http://a.example:443", true},
    {{"the other scheme's port, turned around"}, "https://a.example:80", true},
    {{"a name of many characters"}, "https://xn--caf-dma.a-b_c.example", true},
    {{"an address"}, "http://127.0.0.1:8080", true},
    {{"an address of version 6"}, "http://[::1]", true},
    {{"the same with a port"}, "http://[2001:db8::1:0:0:1]:8443", true},

    {{"nothing"}, "", false},
    {{"a scheme"}, "https://", false},
    {{"a host alone"}, "a.example", false},
    {{"another scheme"}, "ftp://a.example", false},
    {{"the null origin"}, "null", false},
    {{"any"}, "*", false},
    {{"any host below one"}, "https://*.example.com", false},
    {{"no slashes"}, "https:a.example", false},
    {{"a scheme within a host"}, "https:a://b", false},
    {{"capitals in the scheme"}, "HTTPS://a.example", false},
    {{"capitals in the host"}, "https://A.example", false},
    {{"a path"}, "https://a.example/", false},
    {{"a query"}, "https://a.example?b", false},
    {{"a user"}, "https://a@b.example", false},
    {{"a space"}, "https://a.example ", false},
    {{"a line end"}, "https://a.example\n", false},
    {{"letters beyond ASCII, which browsers send otherwise"}, "https://caf\xC3\xA9.example", false},
    {{"an empty label"}, "https://a..example", false},
    {{"a dot in front"}, "https://.example", false},
    {{"a dot at the end"}, "https://a.example.", false},
    {{"the port of https"}, "https://a.example:443", false},
    {{"the port of http"}, "http://a.example:80", false},
    {{"no port"}, "https://a.example:", false},
    {{"a port of 0"}, "https://a.example:0", false},
    {{"a port with a zero in front"}, "https://a.example:0443", false},
    {{"a port that is none"}, "https://a.example:65536", false},
    {{"a port below zero"}, "https://a.example:-1", false},
    {{"two ports"}, "https://a:b:c", false},
    {{"two ports that are numbers"}, "https://a.example:1:2", false},
    {{"half an address"}, "http://127.1", false},
    {{"an address with zeros in front"}, "http://127.0.0.01", false},
    {{"a number"}, "http://2130706433", false},
    {{"a number at the end"}, "http://a.example.1", false},
    {{"an address of version 6 without brackets"}, "http://::1", false},
    {{"in its long form"}, "http://[0:0:0:0:0:0:0:1]", false},
    {{"in capitals"}, "http://[2001:DB8::1]", false},
    {{"with a zone"}, "http://[fe80::1%eth0]", false},
    {{"an open bracket"}, "http://[::1", false},
    {{"empty brackets"}, "http://[]", false},
    {{"brackets around a name"}, "http://[a]", false},
    {{"text behind the brackets"}, "http://[::1]a:80", false},
    {{"two brackets"}, "http://[[::1]]", false},
    {{"the port of http behind brackets"}, "http://[::1]:80", false},
};

BOOST_DATA_TEST_CASE(is_what_browsers_send_and_nothing_else, k_rows, row) {
    BOOST_TEST(is_origin(row.text) == row.is_origin);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
