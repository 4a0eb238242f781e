// SPDX-License-Identifier: MIT
#include "roomkey/gateway/record_reader.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "fastcgi_bytes.hpp"
#include "roomkey/request/http.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;
using fastcgi::InputStatus;
using fastcgi::RecordReader;

BOOST_AUTO_TEST_SUITE(record_reader)

constexpr std::size_t k_most = 64;

std::string in_hex(const std::string& bytes) {
    constexpr std::string_view k_digits = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text.append(1, k_digits[byte >> 4U]).append(1, k_digits[byte & 15U]);
    }
    return text;
}

std::string reply(const std::string& records) {
    return "reply " + in_hex(records) + "; ";
}

std::string refused(const std::string& records = {}) {
    return "refused " + in_hex(records) + "; ";
}

std::string request(const std::string& parameters, const std::string& body, unsigned id = 1) {
    return "request " + std::to_string(id) + " " + in_hex(parameters) + " " + in_hex(body) + "; ";
}

const std::string k_waits = "waits; ";

// All that a reader says of bytes that come in pieces of one size.
std::string read(const std::string& bytes, std::size_t piece = 1'000'000) {
    RecordReader reader(k_most);
    std::string said;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::string part = bytes.substr(at, piece);
        for (fastcgi::Bytes input = bytes_of(part); !input.empty();) {
            const fastcgi::ParseResult result = reader.read(input);
            input = input.subspan(result.size);
            if (result.status == InputStatus::refused) {
                return said + refused(result.reply);
            }
            if (result.status == InputStatus::reply) {
                said += reply(result.reply);
            }
            if (result.status == InputStatus::request) {
                const fastcgi::ReceivedRequest& one = reader.request();
                said += one.refusal ? describe(*one.refusal) + "; "
                                    : request(one.parameters, one.body, one.id);
                if (!one.is_whole) {
                    return said;
                }
                reader.reset();
            }
        }
    }
    return said + (reader.is_idle() ? "" : k_waits);
}

const std::string k_params = pair("REQUEST_METHOD", "POST") + pair("CONTENT_LENGTH", "10");
const std::string k_body = "clientID=x";
const std::string k_params_only = begin() + record(params, k_params) + record(params);
const std::string k_request =
    k_params_only + record(standard_input, k_body) + record(standard_input);
const std::string k_good = request(k_params, k_body);

BOOST_AUTO_TEST_CASE(finds_a_whole_request) {
    BOOST_TEST(read(k_request) == k_good);
}

BOOST_AUTO_TEST_CASE(waits_while_any_byte_is_missing) {
    for (std::size_t size = 1; size < k_request.size(); ++size) {
        BOOST_TEST(read(k_request.substr(0, size)) == k_waits);
    }
}

BOOST_AUTO_TEST_CASE(finds_what_follows_a_request) {
    BOOST_TEST(read(k_request + k_request) == k_good + k_good);
    BOOST_TEST(read(k_request + k_request.substr(0, 5)) == k_good + k_waits);
    BOOST_TEST(read(k_request + "garbage") == k_good + refused());
}

BOOST_AUTO_TEST_CASE(finds_a_request_whose_records_are_cut_at_any_offset) {
    for (std::size_t at = 1; at < k_params.size(); ++at) {
        BOOST_TEST(read(begin() + record(params, k_params.substr(0, at)) +
                        record(params, k_params.substr(at)) + record(params) +
                        record(standard_input, k_body) + record(standard_input)) == k_good);
    }
    for (std::size_t at = 1; at < k_body.size(); ++at) {
        BOOST_TEST(read(k_params_only + record(standard_input, k_body.substr(0, at)) +
                        record(standard_input, k_body.substr(at)) + record(standard_input)) ==
                   k_good);
    }
}

// Section 3.3: the receiver ignores padding, whatever it looks like and wherever it is.
BOOST_AUTO_TEST_CASE(passes_over_padding) {
    const std::string lie =
        record(get_values, pair("FCGI_MAX_CONNS", "") + pair("FCGI_MAX_CONNS", ""), 0);
    const std::string hidden = record(params, pair("ROOMKEY_USER", "root"));
    for (const std::string& padding :
         {std::string(1, '\0'), std::string(8, '\0'), std::string(255, '\xFF'), lie, hidden}) {
        const auto padded = [&padding](std::string bytes) {
            bytes[6] = static_cast<char>(padding.size());
            return bytes + padding;
        };
        const std::string bytes = padded(begin()) + padded(record(params, k_params)) +
                                  padded(record(params)) + padded(record(standard_input, k_body)) +
                                  padded(record(standard_input));
        BOOST_TEST(read(bytes) == k_good);
        BOOST_TEST(read(bytes.substr(0, bytes.size() - 1)) == k_waits);
        BOOST_TEST(read(bytes + k_request) == k_good + k_good);
    }
}

// Who reads an environment finds another name or value there than what was sent.
BOOST_AUTO_TEST_CASE(leaves_out_what_can_be_no_variable) {
    const std::string good = pair("A", "b=c") + pair("", "x") + pair("A", std::string(300, 'x'));
    const std::string nul("a\0b", 3);
    for (const std::string& bad : {pair(nul, "x"), pair("ROOMKEY_USER", nul),
                                   pair("ROOMKEY_USER=root", ""), pair("=", "")}) {
        for (const std::string& stream : {bad + good, good + bad, bad + bad + good + bad}) {
            BOOST_TEST(read(begin() + record(params, stream) + record(params) +
                            record(standard_input)) == request(good, ""));
        }
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

const std::string k_empty = record(params) + record(standard_input);
const std::string k_malformed = "400 The request's parameters are malformed; ";
const std::string k_too_long = "431 The request's parameters are over 65536 bytes; ";

std::string with_parameters(const std::string& stream) {
    return begin() + record(params, stream) + record(params) + record(standard_input, k_body) +
           record(standard_input);
}

const Row k_rows[] = {
    {{"an id of two bytes"},
     begin(0x1234) + record(params, {}, 0x1234) + record(standard_input, {}, 0x1234),
     request("", "", 0x1234)},
    {{"no parameters and no body"}, begin() + k_empty, request("", "")},
    {{"the flag to keep the connection"}, begin(1, 1) + k_empty, request("", "")},

    {{"an abort on a connection that is kept"},
     begin(1, 1) + record(abort_request) + k_request,
     reply(end_request(1, 0)) + k_good},
    {{"an abort on a connection that is not kept"},
     begin() + record(abort_request),
     refused(end_request(1, 0))},
    {{"an abort within the parameters"},
     begin(7, 1) + record(params, k_params, 7) + record(abort_request, {}, 7),
     reply(end_request(7, 0))},
    {{"an abort within the body"},
     begin(1, 1) + k_params_only.substr(16) + record(standard_input, "clie") +
         record(abort_request) + k_request,
     reply(end_request(1, 0)) + k_good},
    {{"an abort that is not whole"}, begin() + record(abort_request).substr(0, 7), k_waits},
    {{"an abort of no request"}, record(abort_request) + k_request, k_good},
    {{"an abort of another request"},
     begin() + record(abort_request, {}, 2) + k_empty,
     request("", "")},

    {{"a second request on the connection"},
     begin(1) + begin(2) + record(params, k_params, 2) + k_empty,
     reply(end_request(2, 1)) + request("", "")},
    {{"a second request within the first one's body"},
     k_params_only + begin(2) + record(standard_input),
     reply(end_request(2, 1)) + request(k_params, "")},
    {{"the same request begun again"}, begin(1) + begin(1), refused()},
    {{"the authorizer's role"}, begin(1, 0, 0, 2), refused(end_request(1, 3))},
    {{"the filter's role"}, begin(1, 0, 0, 3), refused(end_request(1, 3))},
    {{"role 0"}, begin(1, 0, 0, 0), refused(end_request(1, 3))},
    {{"role 257, of which only one byte is right"},
     begin(1, 0, 0, 257),
     refused(end_request(1, 3))},
    {{"the beginning with 7 bytes"}, record(begin_request, std::string(7, '\1')), refused()},
    {{"the beginning with 9 bytes"}, record(begin_request, begin().substr(8) + "x"), refused()},
    {{"the beginning without content"}, record(begin_request), refused()},
    {{"parameters of no request"}, record(params, k_params) + k_request, k_good},
    {{"a body of no request"}, record(standard_input, k_body) + k_request, k_good},
    {{"parameters of another request"},
     begin(1) + record(params, k_params, 2) + k_empty,
     request("", "")},
    {{"a body of another request"},
     k_params_only + record(standard_input, {}, 2) + record(standard_input),
     request(k_params, "")},
    {{"a body before the parameters' end"}, begin() + record(standard_input), refused()},
    {{"parameters after their end"}, k_params_only + record(params, k_params), refused()},
    {{"another end of the parameters"}, k_params_only + record(params), refused()},
    {{"a filter's data"}, k_params_only + record(8, "x"), refused()},
    {{"an answer instead of a request"}, record(6, "x") + k_request, k_good},
    {{"an unknown type within a request"}, begin() + record(200), refused()},

    {{"version 0"}, with_version(k_request, 0), refused()},
    {{"version 2, and no more of it"}, "\x02", refused()},
    {{"HTTP"}, "POST /auth HTTP/1.1\r\n", refused()},
    {{"TLS"}, "\x16\x03\x01", refused()},
    {{"version 2 in a later record"},
     begin() + with_version(record(params, k_params), 2),
     refused()},
    {{"a management record of another version"},
     begin() + with_version(record(get_values, {}, 0), 2),
     refused()},

    {{"a management record between requests"},
     record(12, "x", 0) + k_request,
     reply(record(11, with_zeros("\x0C\0\0\0\0\0\0\0"), 0)) + k_good},
    {{"one with padding"},
     record(255, {}, 0, 3),
     reply(record(11, with_zeros("\xFF\0\0\0\0\0\0\0"), 0))},
    {{"one within a request"},
     k_params_only + record(get_values, pair("FCGI_MPXS_CONNS", ""), 0) + record(standard_input),
     reply(record(get_values_result, pair("FCGI_MPXS_CONNS", "0"), 0)) + request(k_params, "")},
    {{"one that is not whole"}, record(12, "x", 0).substr(0, 8), k_waits},

    // libfcgi would allocate what a length claims, and abort without that memory.
    {{"a parameter of two gigabytes"},
     with_parameters(k_params + "\x7F\xFF\xFF\xFF\xFF"
                                "A"),
     k_malformed},
    {{"a length that is cut off"}, with_parameters(k_params + "\x80"), k_malformed},
    {{"a value that is cut off"},
     with_parameters(k_params.substr(0, k_params.size() - 1)),
     k_malformed},
    {{"lengths that are cut off by the next record"},
     begin() + record(params, k_params) +
         record(params,
                "\x05\x05"
                "A") +
         k_empty,
     k_malformed},
    {{"malformed parameters, and another request"},
     with_parameters("\x80") + k_request,
     k_malformed + k_good},
};

// Whatever the pieces, down to single bytes.
BOOST_DATA_TEST_CASE(says_the_same_of_each_record_in_any_pieces, k_rows, row) {
    for (const std::size_t piece : {1'000'000U, 1U, 3U, 7U, 8U, 13U}) {
        BOOST_TEST(read(row.bytes, piece) == row.expected);
    }
}

BOOST_AUTO_TEST_CASE(takes_the_largest_parameters_with_the_largest_body) {
    const std::string stream = pair("X", std::string(fastcgi::k_max_parameters - 6, 'x'));
    BOOST_TEST(stream.size() == fastcgi::k_max_parameters);
    const std::string body(k_max_body, 'b');
    const std::string rest = record(params) + record(standard_input, body) + record(standard_input);
    const std::string begun = begin() + record(params, stream.substr(0, 40'000));
    for (const std::size_t piece : {1'000'000U, 4096U}) {
        BOOST_TEST((read(begun + record(params, stream.substr(40'000)) + rest, piece) ==
                    request(stream, body)));
        BOOST_TEST((read(begun + record(params, stream.substr(40'000) + "x") + rest, piece) ==
                    k_too_long));
    }
}

BOOST_AUTO_TEST_CASE(takes_no_more_of_a_body_than_shows_that_it_is_too_large) {
    const std::string body(k_max_body, 'b');
    const std::string one = k_params_only + record(standard_input, body + "bb");
    const std::string two =
        k_params_only + record(standard_input, body) + record(standard_input, "bb");
    for (const std::string& bytes : {one, two}) {
        BOOST_TEST((read(bytes) == request(k_params, body + "b")));
        BOOST_TEST((read(bytes, 999) == request(k_params, body + "b")));
    }
}

BOOST_AUTO_TEST_CASE(holds_no_more_memory_than_has_come) {
    RecordReader reader(k_most);
    const std::size_t empty = reader.memory();
    BOOST_TEST(reader.is_idle());
    // A header that promises the most that a record can have.
    const std::string start = begin() + record(params, std::string(65'535, 'x')).substr(0, 20);
    BOOST_TEST((reader.read(bytes_of(start)).status == InputStatus::incomplete));
    BOOST_TEST(!reader.is_idle());
    BOOST_TEST(reader.memory() < empty + 200);
    // A copy has what is there, and not what was there once.
    const std::string more(60'000, 'x');
    BOOST_TEST((reader.read(bytes_of(more)).status == InputStatus::incomplete));
    const RecordReader copy(reader);
    BOOST_TEST(reader.memory() > 60'000U);
    BOOST_TEST(copy.memory() <= reader.memory());
    reader.reset();
    BOOST_TEST(reader.is_idle());
    BOOST_TEST(RecordReader(reader).memory() < empty + 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
