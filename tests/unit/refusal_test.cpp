// SPDX-License-Identifier: MIT
#include "roomkey/request/refusal.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <iterator>
#include <string>

#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(refusal)

struct Row : test::Case {
    Reason reason;
    int status;
    std::string text;
};

const Row k_rows[] = {
    {{"bad_content_length"},
     Reason::bad_content_length,
     400,
     "CONTENT_LENGTH is not a plain decimal number"},
    {{"body_not_read"}, Reason::body_not_read, 400, "The request was cut off"},
    {{"parameters_malformed"},
     Reason::parameters_malformed,
     400,
     "The request's parameters are malformed"},
    {{"body_too_short"}, Reason::body_too_short, 400, "The body is shorter than CONTENT_LENGTH"},
    {{"body_too_long"}, Reason::body_too_long, 400, "The body is longer than CONTENT_LENGTH"},
    {{"bad_percent_escape"}, Reason::bad_percent_escape, 400, "Malformed form: bad percent escape"},
    {{"bad_multipart"}, Reason::bad_multipart, 400, "Malformed multipart body"},
    {{"bad_json"}, Reason::bad_json, 400, "Malformed JSON body"},
    {{"duplicate_field"}, Reason::duplicate_field, 400, "clientID is given more than once"},
    {{"field_not_string"},
     Reason::field_not_string,
     400,
     "Malformed JSON body: clientID is not a string"},
    {{"not_logged_in"}, Reason::not_logged_in, 401, "Not logged in"},
    {{"method_not_allowed"}, Reason::method_not_allowed, 405, "Method not allowed: use POST"},
    {{"body_too_large"}, Reason::body_too_large, 413, "The body is over 7 bytes"},
    {{"too_many_fields"}, Reason::too_many_fields, 413, "More than 7 fields"},
    {{"unsupported_media_type"},
     Reason::unsupported_media_type,
     415,
     "Content type not supported: use multipart/form-data, application/x-www-form-urlencoded or "
     "application/json, in UTF-8"},
    {{"parameters_too_long"},
     Reason::parameters_too_long,
     431,
     "The request's parameters are over 7 bytes"},
    {{"missing_field"}, Reason::missing_field, 422, "No clientID defined"},
    {{"field_too_long"}, Reason::field_too_long, 422, "clientID is longer than 7 bytes"},
    {{"field_not_utf8"}, Reason::field_not_utf8, 422, "clientID is not UTF-8"},
    {{"field_has_control_characters"},
     Reason::field_has_control_characters,
     422,
     "clientID has control characters"},
    {{"field_not_a_name"},
     Reason::field_not_a_name,
     422,
     "clientID may have letters, digits, - and _ only"},
    {{"field_is_dot_segment"}, Reason::field_is_dot_segment, 422, "clientID may not be . or .."},
    {{"parameter_too_long"}, Reason::parameter_too_long, 422, "clientID is longer than 7 bytes"},
    {{"claims_repeat_a_key"},
     Reason::claims_repeat_a_key,
     422,
     "These fields would give the same claim twice"},
};

// Another reason fails to compile here (-Wswitch) until somebody has thought of its row above.
std::string name_of(Reason reason) {
    switch (reason) {
        case Reason::bad_content_length: return "bad_content_length";
        case Reason::body_not_read: return "body_not_read";
        case Reason::parameters_malformed: return "parameters_malformed";
        case Reason::body_too_short: return "body_too_short";
        case Reason::body_too_long: return "body_too_long";
        case Reason::bad_percent_escape: return "bad_percent_escape";
        case Reason::bad_multipart: return "bad_multipart";
        case Reason::bad_json: return "bad_json";
        case Reason::duplicate_field: return "duplicate_field";
        case Reason::field_not_string: return "field_not_string";
        case Reason::not_logged_in: return "not_logged_in";
        case Reason::method_not_allowed: return "method_not_allowed";
        case Reason::body_too_large: return "body_too_large";
        case Reason::too_many_fields: return "too_many_fields";
        case Reason::unsupported_media_type: return "unsupported_media_type";
        case Reason::parameters_too_long: return "parameters_too_long";
        case Reason::missing_field: return "missing_field";
        case Reason::field_too_long: return "field_too_long";
        case Reason::field_not_utf8: return "field_not_utf8";
        case Reason::field_has_control_characters: return "field_has_control_characters";
        case Reason::field_not_a_name: return "field_not_a_name";
        case Reason::field_is_dot_segment: return "field_is_dot_segment";
        case Reason::parameter_too_long: return "parameter_too_long";
        case Reason::claims_repeat_a_key: return "claims_repeat_a_key";
    }
    return "";
}

BOOST_DATA_TEST_CASE(has_the_promised_status_and_text, k_rows, row) {
    BOOST_TEST(row.name == name_of(row.reason));
    BOOST_TEST(status_of(row.reason) == row.status);
    BOOST_TEST(public_text({row.reason, "clientID", {}, 7}) == row.text);
}

BOOST_AUTO_TEST_CASE(has_a_row_for_each_reason) {
    for (int number = 0; !name_of(static_cast<Reason>(number)).empty(); ++number) {
        BOOST_TEST_CONTEXT(name_of(static_cast<Reason>(number))) {
            BOOST_TEST(std::any_of(std::begin(k_rows), std::end(k_rows), [number](const Row& row) {
                return row.reason == static_cast<Reason>(number);
            }));
        }
    }
}

BOOST_DATA_TEST_CASE(is_one_line_whatever_the_name, k_rows, row) {
    for (const std::string name : {"", "clientID", "a\r\nSet-Cookie: a=b", "%", "%s%n", "#"}) {
        const std::string text = public_text({row.reason, name});
        BOOST_TEST(text.find_first_of("\r\n%#") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(appends_a_detail) {
    BOOST_TEST(public_text({Reason::bad_json, {}, "syntax error"}) ==
               "Malformed JSON body: syntax error");
}

struct Name : test::Case {
    std::string field;
    std::string shown;
};

const std::string k_64(64, 'n');
const std::string k_65(65, 'n');

const Name k_names[] = {
    {{"letters, digits, underscore, point, dash"}, "a_Z-0.9", "a_Z-0.9"},
    {{"64 characters"}, k_64, k_64},
    {{"65 characters"}, k_65, "a field"},
    {{"empty"}, "", "a field"},
    {{"a space"}, "client ID", "a field"},
    {{"markup"}, "<b>clientID", "a field"},
    {{"a line end"}, "clientID\n", "a field"},
    {{"a zero byte"}, test::with_zeros("client\0ID"), "a field"},
    {{"letters that are not ASCII"}, "cli\xC3\xA9ntID", "a field"},
    {{"broken UTF-8"}, "\xFF", "a field"},
};

// The name is the visitor's; in an answer it must be nothing that a page or a log could take for
// something else.
BOOST_DATA_TEST_CASE(shows_only_short_and_plain_names, k_names, row) {
    BOOST_TEST(public_text({Reason::field_not_utf8, row.field}) == row.shown + " is not UTF-8");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
