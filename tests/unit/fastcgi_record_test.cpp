// SPDX-License-Identifier: MIT
#include "roomkey/fastcgi_record.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "fastcgi_bytes.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;
using fastcgi::Scan;
using fastcgi::Verdict;

BOOST_AUTO_TEST_SUITE(fastcgi_record)

constexpr std::size_t k_most = 64;

enum class Buffer { more_to_come, full };

Scan scan(const std::string& bytes, Buffer buffer = Buffer::more_to_come) {
    return fastcgi::scan(bytes_of(bytes), buffer == Buffer::full, k_most);
}

std::string name_of(Verdict verdict) {
    switch (verdict) {
        case Verdict::incomplete: return "incomplete";
        case Verdict::request: return "request";
        case Verdict::oversized: return "oversized";
        case Verdict::answer: return "answer";
        case Verdict::answer_and_close: return "answer_and_close";
    }
    return {};
}

// "request 120", and the reply in hex if there is one.
std::string shown(const Scan& scan) {
    constexpr std::string_view k_digits = "0123456789abcdef";
    std::string text = name_of(scan.verdict) + " " + std::to_string(scan.size);
    if (scan.start > 0) {
        text += " at " + std::to_string(scan.start);
    }
    if (!scan.reply.empty()) {
        text += " ";
    }
    for (const char c : scan.reply) {
        const auto byte = static_cast<unsigned char>(c);
        text.append(1, k_digits[byte >> 4U]).append(1, k_digits[byte & 15U]);
    }
    return text;
}

std::string shown(Verdict verdict, std::size_t size, const std::string& reply = {},
                  std::size_t start = 0) {
    return shown(Scan{verdict, size, reply, start});
}

const std::string k_params = pair("REQUEST_METHOD", "POST") + pair("CONTENT_LENGTH", "10");
const std::string k_request = begin() + record(params, k_params) + record(params) +
                              record(standard_input, "clientID=x") + record(standard_input);

BOOST_AUTO_TEST_CASE(finds_a_whole_request) {
    BOOST_TEST(shown(scan(k_request)) == shown(Verdict::request, k_request.size()));
}

BOOST_AUTO_TEST_CASE(waits_while_any_byte_is_missing) {
    for (std::size_t size = 0; size < k_request.size(); ++size) {
        BOOST_TEST(shown(scan(k_request.substr(0, size))) == shown(Verdict::incomplete, 0));
    }
}

BOOST_AUTO_TEST_CASE(covers_one_request_and_leaves_the_next) {
    BOOST_TEST(shown(scan(k_request + k_request)) == shown(Verdict::request, k_request.size()));
    BOOST_TEST(shown(scan(k_request + "garbage")) == shown(Verdict::request, k_request.size()));
}

BOOST_AUTO_TEST_CASE(finds_a_request_whose_records_are_cut_at_any_offset) {
    const std::string body = "clientID=x";
    for (std::size_t at = 1; at < k_params.size(); ++at) {
        const std::string bytes = begin() + record(params, k_params.substr(0, at)) +
                                  record(params, k_params.substr(at)) + record(params) +
                                  record(standard_input, body) + record(standard_input);
        BOOST_TEST(shown(scan(bytes)) == shown(Verdict::request, bytes.size()));
    }
    for (std::size_t at = 1; at < body.size(); ++at) {
        const std::string bytes = begin() + record(params, k_params) + record(params) +
                                  record(standard_input, body.substr(0, at)) +
                                  record(standard_input, body.substr(at)) + record(standard_input);
        BOOST_TEST(shown(scan(bytes)) == shown(Verdict::request, bytes.size()));
    }
}

// libfcgi would allocate the length that a parameter claims to have, and abort without that memory.
BOOST_AUTO_TEST_CASE(refuses_parameters_that_are_longer_than_their_stream) {
    const std::string cut = k_params.substr(0, k_params.size() - 1);
    const std::string lies[] = {"\x7F\xFF\xFF\xFF\xFF" + std::string("A"), "\x80",
                                "\x05\x05"
                                "A",
                                "\x80" + std::string(2, '\0'), cut};
    const std::string rest = record(params) + record(standard_input, "clientID=x");
    for (const std::string& lie : lies) {
        const std::string one = begin() + record(params, k_params + lie) + rest;
        const std::string two = begin() + record(params, k_params) + record(params, lie) + rest;
        for (const std::string& start : {one, two}) {
            BOOST_TEST(shown(scan(start + record(standard_input))) ==
                       shown(Verdict::answer_and_close, 0));
            BOOST_TEST(shown(scan(start, Buffer::full)) == shown(Verdict::answer_and_close, 0));
        }
    }
}

BOOST_AUTO_TEST_CASE(passes_over_padding) {
    for (const std::size_t padding : {1U, 7U, 8U, 255U}) {
        const std::string bytes = begin(1, 0, padding) + record(params, k_params, 1, padding) +
                                  record(params, {}, 1, padding) +
                                  record(standard_input, "clientID=x", 1, padding) +
                                  record(standard_input, {}, 1, padding);
        BOOST_TEST(shown(scan(bytes)) == shown(Verdict::request, bytes.size()));
        BOOST_TEST(shown(scan(bytes.substr(0, bytes.size() - 1))) == shown(Verdict::incomplete, 0));
    }
}

struct Row : Case {
    std::string bytes;
    std::string expected;
};

std::string with_version(std::string bytes, char version) {
    bytes[0] = version;
    return bytes;
}

const std::string k_refused = shown(Verdict::answer_and_close, 0);
const std::string k_params_only = begin() + record(params, k_params) + record(params);

const Row k_rows[] = {
    {{"nothing"}, "", shown(Verdict::incomplete, 0)},
    {{"an id of two bytes"},
     begin(0x1234) + record(params, {}, 0x1234) + record(standard_input, {}, 0x1234),
     shown(Verdict::request, 32)},
    {{"no parameters and no body"},
     begin() + record(params) + record(standard_input),
     shown(Verdict::request, 32)},
    {{"the flag to keep the connection"},
     begin(1, 1) + record(params) + record(standard_input),
     shown(Verdict::request, 32)},
    {{"the largest record"},
     begin() + record(params, pair("x", std::string(65529, 'x'))) + record(params) +
         record(standard_input),
     shown(Verdict::request, 16 + 8 + 65535 + 8 + 8)},
    {{"an abort on a connection that is kept"},
     begin(1, 1) + record(abort_request),
     shown(Verdict::answer, 24, end_request(1, 0))},
    {{"an abort on a connection that is not kept"},
     begin() + record(abort_request),
     shown(Verdict::answer_and_close, 24, end_request(1, 0))},
    {{"an abort within the parameters"},
     begin(7, 1) + record(params, k_params, 7) + record(abort_request, {}, 7),
     shown(Verdict::answer, 16 + 8 + k_params.size() + 8, end_request(7, 0))},
    {{"an abort within the body"},
     begin(1, 1) + k_params_only.substr(16) + record(standard_input, "clie") +
         record(abort_request),
     shown(Verdict::answer, k_params_only.size() + 12 + 8, end_request(1, 0))},
    {{"an abort that is not whole"},
     begin() + record(abort_request).substr(0, 7),
     shown(Verdict::incomplete, 0)},
    {{"an abort of no request"}, record(abort_request), shown(Verdict::answer, 8)},
    {{"an abort of another request"},
     begin() + record(abort_request, {}, 2) + record(params) + record(standard_input),
     shown(Verdict::answer, 8, {}, 16)},

    {{"a second request on the connection"},
     begin(1) + begin(2),
     shown(Verdict::answer, 16, end_request(2, 1), 16)},
    {{"a second request within the first one's body"},
     k_params_only + record(standard_input, "clie") + begin(2),
     shown(Verdict::answer, 16, end_request(2, 1), k_params_only.size() + 12)},
    {{"the same request begun again"}, begin(1) + begin(1), k_refused},
    {{"the authorizer's role"},
     begin(1, 0, 0, 2),
     shown(Verdict::answer_and_close, 0, end_request(1, 3))},
    {{"the filter's role"},
     begin(1, 0, 0, 3),
     shown(Verdict::answer_and_close, 0, end_request(1, 3))},
    {{"role 0"}, begin(1, 0, 0, 0), shown(Verdict::answer_and_close, 0, end_request(1, 3))},
    {{"role 257, of which only one byte is right"},
     begin(1, 0, 0, 257),
     shown(Verdict::answer_and_close, 0, end_request(1, 3))},
    {{"the beginning with 7 bytes"}, record(begin_request, std::string(7, '\1')), k_refused},
    {{"the beginning with 9 bytes"}, record(begin_request, begin().substr(8) + "x"), k_refused},
    {{"the beginning without content"}, record(begin_request), k_refused},
    {{"parameters of no request"},
     record(params, k_params),
     shown(Verdict::answer, 8 + k_params.size())},
    {{"a body of no request"}, record(standard_input, "clientID=x"), shown(Verdict::answer, 18)},
    {{"parameters of another request"},
     begin(1) + record(params, k_params, 2),
     shown(Verdict::answer, 8 + k_params.size(), {}, 16)},
    {{"a body of another request"},
     k_params_only + record(standard_input, {}, 2),
     shown(Verdict::answer, 8, {}, k_params_only.size())},
    {{"a management record within a request"},
     k_params_only + record(get_values, {}, 0) + record(standard_input),
     shown(Verdict::answer, 8, record(get_values_result, {}, 0), k_params_only.size())},
    {{"one of another version within a request"},
     begin() + with_version(record(get_values, {}, 0), 2),
     k_refused},
    {{"the largest body"},
     k_params_only + record(standard_input, std::string(16384, 'x')) + record(standard_input),
     shown(Verdict::request, k_params_only.size() + 8 + 16384 + 8)},
    {{"a body that is larger, though there is no end of it yet"},
     k_params_only + record(standard_input, std::string(16384, 'x')) + record(standard_input, "x"),
     shown(Verdict::oversized, k_params_only.size() + 8 + 16384 + 8 + 1)},
    {{"a body before the parameters' end"}, begin() + record(standard_input), k_refused},
    {{"parameters after their end"}, k_params_only + record(params, k_params), k_refused},
    {{"another end of the parameters"}, k_params_only + record(params), k_refused},
    {{"a filter's data"}, k_params_only + record(8, "x"), k_refused},
    {{"an answer instead of a request"}, record(6, "x"), shown(Verdict::answer, 9)},
    {{"an unknown type within a request"}, begin() + record(200), k_refused},

    {{"version 0"}, with_version(k_request, 0), k_refused},
    {{"version 2"}, with_version(k_request, 2), k_refused},
    {{"version 2, and no more of it"}, "\x02", k_refused},
    {{"HTTP"}, "POST /auth HTTP/1.1\r\n", k_refused},
    {{"TLS"}, "\x16\x03\x01", k_refused},
    {{"version 2 in a later record"},
     begin() + with_version(record(params, k_params), 2),
     k_refused},

    {{"an unknown management record"},
     record(12, "x", 0),
     shown(Verdict::answer, 9, record(11, std::string("\x0C\0\0\0\0\0\0\0", 8), 0))},
    {{"a management record of the highest type"},
     record(255, {}, 0, 3),
     shown(Verdict::answer, 11, record(11, std::string("\xFF\0\0\0\0\0\0\0", 8), 0))},
    {{"one that is not whole"}, record(12, "x", 0).substr(0, 8), shown(Verdict::incomplete, 0)},
};

BOOST_DATA_TEST_CASE(judges_each_record, k_rows, row) {
    BOOST_TEST(shown(scan(row.bytes)) == row.expected);
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
    const std::string query = record(get_values, row.query, 0);
    BOOST_TEST(shown(scan(query)) ==
               shown(Verdict::answer, query.size(), record(get_values_result, row.pairs, 0)));
    // A request right behind it is looked at afterwards.
    BOOST_TEST(scan(query + k_request).size == query.size());
    BOOST_TEST(shown(scan(query.substr(0, query.size() - 1))) == shown(Verdict::incomplete, 0));
}

BOOST_AUTO_TEST_CASE(tells_the_limit_that_it_is_given) {
    const std::string query = record(get_values, pair("FCGI_MAX_CONNS", ""), 0);
    BOOST_TEST(fastcgi::scan(bytes_of(query), false, 16384).reply ==
               record(get_values_result, pair("FCGI_MAX_CONNS", "16384"), 0));
}

const std::string k_long_body = record(standard_input, std::string(16385, 'x'));

const Row k_full[] = {
    {{"nothing"}, "", k_refused},
    {{"half a header"}, begin().substr(0, 4), k_refused},
    {{"a management record that is larger"},
     record(get_values, std::string(1000, '\0'), 0).substr(0, 900),
     k_refused},
    {{"parameters without an end"}, begin() + record(params, k_params), k_refused},
    {{"parameters cut off"}, begin() + record(params, k_params).substr(0, 20), k_refused},
    {{"a body that is larger"},
     k_params_only + k_long_body,
     shown(Verdict::oversized, k_params_only.size() + k_long_body.size())},
    {{"a body's record cut off"},
     k_params_only + record(standard_input, std::string(60000, 'x')).substr(0, 40000),
     shown(Verdict::oversized, k_params_only.size() + 40000)},
    {{"a request that just fits"}, k_request, shown(Verdict::request, k_request.size())},
    {{"a management record that just fits"},
     record(get_values, {}, 0),
     shown(Verdict::answer, 8, record(get_values_result, {}, 0))},
    {{"another version"}, with_version(k_request, 2), k_refused},
};

BOOST_DATA_TEST_CASE(decides_when_no_more_can_be_looked_at, k_full, row) {
    BOOST_TEST(shown(scan(row.bytes, Buffer::full)) == row.expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
