// SPDX-License-Identifier: MIT
#include "roomkey/request/form.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "support.hpp"

namespace {

using namespace roomkey;
using test::verdict;

BOOST_AUTO_TEST_SUITE(form)

const FieldLimits k_read{{"clientID", k_max_field_bytes}, {"b", k_max_field_bytes}, {"long", 8192}};

// The value of a field, "absent", or the refusal.
std::string value_in(const Outcome<Form>& outcome, std::string_view name) {
    if (!outcome) {
        return verdict(outcome);
    }
    const std::string* value = outcome->find(name);
    return value == nullptr ? "absent" : *value;
}

// `count` fields with different names.
std::string many_pairs(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += (i == 0 ? "f" : "&f") + std::to_string(i) + "=v";
    }
    return text;
}

const std::string k_128(128, 'a');
const std::string k_129(129, 'a');

struct Row : test::Case {
    std::string text;
    // What clientID is then.
    std::string expected;
};

const Row k_urlencoded[] = {
    {{"one pair"}, "clientID=bcI:GPhz6A2T", "bcI:GPhz6A2T"},
    {{"the colon escaped, as browsers do"}, "clientID=bcI%3AGPhz6A2T", "bcI:GPhz6A2T"},
    {{"lower case hex"}, "clientID=bcI%3aGPhz6A2T", "bcI:GPhz6A2T"},
    {{"among others"}, "a=1&clientID=x&b=2", "x"},
    {{"plus is a space"}, "clientID=a+b", "a b"},
    {{"an escaped plus"}, "clientID=a%2Bb", "a+b"},
    {{"an escaped percent sign"}, "clientID=100%25", "100%"},
    {{"an escaped name"}, "client%49D=x", "x"},
    {{"further equals signs"}, "clientID=a=b==", "a=b=="},
    {{"empty pairs"}, "&&clientID=x&&", "x"},
    {{"UTF-8"}, "clientID=%C3%A9", "\xC3\xA9"},
    {{"UTF-8 as it is"}, "clientID=\xC3\xA9", "\xC3\xA9"},
    {{"128 bytes"}, "clientID=" + k_128, k_128},
    {{"128 bytes, each escaped"},
     "clientID=" +
         [] {
             std::string text;
             for (int i = 0; i < 128; ++i) {
                 text += "%61";
             }
             return text;
         }(),
     k_128},
    {{"64 characters of two bytes"},
     "clientID=" +
         [] {
             std::string text;
             for (int i = 0; i < 64; ++i) {
                 text += "%C3%A9";
             }
             return text;
         }(),
     [] {
         std::string text;
         for (int i = 0; i < 64; ++i) {
             text += "\xC3\xA9";
         }
         return text;
     }()},
    {{"no pair"}, "", "absent"},
    {{"another case of the name"}, "clientid=x", "absent"},
    {{"a name that starts alike"}, "clientIDs=x", "absent"},
    {{"PHP's array notation"}, "clientID[]=x", "absent"},
    {{"a name without a value"}, "clientID", ""},
    {{"an empty value"}, "clientID=", ""},
    {{"a value without a name"}, "=x", "absent"},
    {{"a semicolon is no separator"}, "a=1;clientID=x", "absent"},
    {{"16 fields"}, many_pairs(15) + "&clientID=x", "x"},
    {{"17 fields"}, many_pairs(16) + "&clientID=x", "413 More than 16 fields"},
    {{"129 bytes"}, "clientID=" + k_129, "422 clientID is longer than 128 bytes"},
    {{"129 bytes in another field"}, "clientID=x&b=" + k_129, "422 b is longer than 128 bytes"},
    {{"8192 bytes where they are allowed"}, "clientID=x&long=" + std::string(8192, 'a'), "x"},
    {{"8193 bytes"},
     "clientID=x&long=" + std::string(8193, 'a'),
     "422 long is longer than 8192 bytes"},
    {{"twice"}, "clientID=x&clientID=y", "400 clientID is given more than once"},
    {{"twice the same"}, "clientID=x&clientID=x", "400 clientID is given more than once"},
    {{"twice, once escaped"}, "clientID=x&client%49D=y", "400 clientID is given more than once"},
    {{"twice, first empty"}, "clientID&clientID=y", "400 clientID is given more than once"},
    {{"another field twice"}, "clientID=x&b=1&b=1", "400 b is given more than once"},
    {{"no hex"}, "clientID=a%zz", "400 Malformed form: bad percent escape"},
    {{"half hex"}, "clientID=a%4z", "400 Malformed form: bad percent escape"},
    {{"a sign for hex"}, "clientID=a%+4", "400 Malformed form: bad percent escape"},
    {{"a space for hex"}, "clientID=a% 4", "400 Malformed form: bad percent escape"},
    {{"one digit at the end"}, "clientID=a%4", "400 Malformed form: bad percent escape"},
    {{"a percent sign at the end"}, "clientID=a%", "400 Malformed form: bad percent escape"},
    {{"an escape over the end of a pair"},
     "clientID=a%4&1=b",
     "400 Malformed form: bad percent escape"},
    {{"a bad escape in a name"}, "%G0=1&clientID=x", "400 Malformed form: bad percent escape"},
    {{"a bad escape in another field"}, "clientID=x&a=%", "400 Malformed form: bad percent escape"},
    {{"UTF-16's escape"}, "clientID=%u0041", "400 Malformed form: bad percent escape"},
    {{"an escaped zero byte"}, "clientID=a%00", "422 clientID has control characters"},
    {{"a zero byte"}, test::with_zeros("clientID=a\0b"), "422 clientID has control characters"},
    {{"a line end"}, "clientID=a%0Ab", "422 clientID has control characters"},
    {{"a line end at the end of the body"},
     "clientID=a\r\n",
     "422 clientID has control characters"},
    {{"a tab"}, "clientID=a%09b", "422 clientID has control characters"},
    {{"DEL"}, "clientID=a%7F", "422 clientID has control characters"},
    {{"C1"}, "clientID=%C2%85", "422 clientID has control characters"},
    {{"not UTF-8"}, "clientID=%FF%FE", "422 clientID is not UTF-8"},
    {{"an overlong slash"}, "clientID=%C0%AF", "422 clientID is not UTF-8"},
    {{"a surrogate"}, "clientID=%ED%A0%80", "422 clientID is not UTF-8"},
    {{"a character cut off"}, "clientID=%E2%82", "422 clientID is not UTF-8"},
    // What nobody reads.
    {{"an advertiser's id of 200 bytes"}, "clientID=x&fbclid=" + std::string(200, 'a'), "x"},
    {{"a captcha's answer of 2000 bytes"},
     "clientID=x&g-recaptcha-response=" + std::string(2000, 'a'),
     "x"},
    {{"a text area"}, "about=one%0D%0Atwo&clientID=x", "x"},
    {{"a page in another encoding"}, "city=K%F6ln&clientID=x", "x"},
    {{"a list, as check boxes send"}, "a=1&a=2&clientID=x&a=2", "x"},
    {{"nameless fields"}, "=1&=2&clientID=x", "x"},
    {{"a name of 129 bytes"}, k_129 + "=1&clientID=x", "x"},
    {{"a name that is not UTF-8"}, "clientID=x&%FF=1", "x"},
    {{"a control character in a name"}, "client%00ID=y&clientID=x", "x"},
    {{"a zero byte behind the name"}, "clientID%00=y&clientID=x", "x"},
};

BOOST_DATA_TEST_CASE(reads_urlencoded_text, k_urlencoded, row) {
    BOOST_TEST(value_in(parse_urlencoded(row.text, k_read), "clientID") == row.expected);
}

struct Body : test::Case {
    std::string content_type;
    std::string body;
    std::string query;
    std::string expected;
};

const std::string k_multipart =
    "--B\r\nContent-Disposition: form-data; name=\"clientID\"\r\n\r\nx\r\n--B--\r\n";
const std::string k_unsupported =
    "415 Content type not supported: use multipart/form-data, application/x-www-form-urlencoded "
    "or application/json, in UTF-8";

const std::string k_accented = R"({"clientID":"\u00e9"})";

const Body k_bodies[] = {
    {{"urlencoded"}, "application/x-www-form-urlencoded", "clientID=x", "", "x"},
    {{"multipart"}, "multipart/form-data; boundary=B", k_multipart, "", "x"},
    {{"JSON"}, "application/json", R"({"clientID":"x"})", "", "x"},
    {{"the query string"}, "", "", "clientID=x", "x"},
    {{"types have no case"}, "Application/X-WWW-Form-URLencoded", "clientID=x", "", "x"},
    {{"multipart in another case"}, "MULTIPART/form-DATA; Boundary=B", k_multipart, "", "x"},
    {{"JSON in another case"}, "Application/JSON", R"({"clientID":"x"})", "", "x"},
    {{"charset UTF-8"}, "application/x-www-form-urlencoded; charset=UTF-8", "clientID=x", "", "x"},
    {{"charset in quotes"}, "application/json; charset=\"utf-8\"", R"({"clientID":"x"})", "", "x"},
    {{"an unknown parameter"}, "application/json; profile=a", R"({"clientID":"x"})", "", "x"},
    {{"a quoted boundary"}, "multipart/form-data; boundary=\"B\"", k_multipart, "", "x"},
    {{"the body wins over the query"},
     "application/x-www-form-urlencoded",
     "clientID=x",
     "clientID=y",
     "x"},
    {{"an empty field of the body wins, too"},
     "application/x-www-form-urlencoded",
     "clientID=",
     "clientID=y",
     ""},
    {{"the query adds what the body has not"},
     "application/x-www-form-urlencoded",
     "a=1",
     "clientID=y",
     "y"},
    {{"each may have 16 fields"},
     "application/x-www-form-urlencoded",
     many_pairs(16),
     "clientID=y&" + many_pairs(15),
     "y"},
    {{"nothing anywhere"}, "", "", "", "absent"},
    {{"an empty body of any type"}, "image/png", "", "clientID=y", "y"},
    {{"another type"}, "text/plain", "clientID=x", "", k_unsupported},
    {{"XML"}, "application/xml", "<clientID>x</clientID>", "", k_unsupported},
    {{"another multipart type"}, "multipart/mixed; boundary=B", k_multipart, "", k_unsupported},
    {{"a type that starts alike"},
     "application/json-seq",
     R"({"clientID":"x"})",
     "",
     k_unsupported},
    {{"a JSON type of something else"},
     "application/ld+json",
     R"({"clientID":"x"})",
     "",
     k_unsupported},
    {{"a list of types"}, "application/json, text/plain", R"({"clientID":"x"})", "", k_unsupported},
    {{"no type"}, "", "clientID=x", "", k_unsupported},
    {{"a malformed type"}, "application/json; charset", R"({"clientID":"x"})", "", k_unsupported},
    {{"UTF-16"},
     "application/x-www-form-urlencoded; charset=UTF-16",
     "clientID=x",
     "",
     k_unsupported},
    {{"Latin-1 in name only"}, "application/json; charset=ISO-8859-1", k_accented, "", "\xC3\xA9"},
    {{"utf8"}, "application/json; charset=utf8", k_accented, "", "\xC3\xA9"},
    {{"UTF8 in multipart"}, "multipart/form-data; charset=UTF8; boundary=B", k_multipart, "", "x"},
    {{"us-ascii"}, "application/x-www-form-urlencoded;charset=US-ASCII", "clientID=x", "", "x"},
    {{"Latin-1 in deed"},
     "application/x-www-form-urlencoded; charset=iso-8859-1",
     "clientID=%E9",
     "",
     "422 clientID is not UTF-8"},
    {{"Windows-1252"},
     "application/x-www-form-urlencoded; charset=windows-1252",
     "clientID=x",
     "",
     k_unsupported},
    {{"an empty charset"}, "application/json; charset=", R"({"clientID":"x"})", "", k_unsupported},
    {{"empty parameters"}, "application/json;; charset=utf-8 ; ;", k_accented, "", "\xC3\xA9"},
    {{"an empty parameter before the boundary"},
     "multipart/form-data;; boundary=B",
     k_multipart,
     "",
     "x"},
    {{"UTF-7 in multipart"},
     "multipart/form-data; charset=utf-7; boundary=B",
     k_multipart,
     "",
     k_unsupported},
    {{"a bad type, though the query is good"}, "text/plain", "x", "clientID=y", k_unsupported},
    {{"a bad query, though the body is good"},
     "application/json",
     R"({"clientID":"x"})",
     "clientID=%",
     "400 Malformed form: bad percent escape"},
    {{"twice in the query, though the body wins"},
     "application/json",
     R"({"clientID":"x"})",
     "clientID=y&clientID=z",
     "400 clientID is given more than once"},
    {{"no boundary"},
     "multipart/form-data",
     k_multipart,
     "",
     "400 Malformed multipart body: bad boundary"},
    {{"an empty boundary"},
     "multipart/form-data; boundary=",
     k_multipart,
     "",
     "400 Malformed multipart body: bad boundary"},
    {{"two boundaries"},
     "multipart/form-data; boundary=B; boundary=B",
     k_multipart,
     "",
     "400 Malformed multipart body: bad boundary"},
    {{"a boundary in an open quote"},
     "Multipart/Form-Data ; boundary=\"B",
     k_multipart,
     "",
     "400 Malformed multipart body: bad boundary"},
    {{"a query of 16384 bytes"}, "", "", std::string(16384 - 10, '&') + "clientID=y", "y"},
    {{"a query over 16384 bytes"},
     "",
     "",
     std::string(16384 - 9, '&') + "clientID=y",
     "413 The body is over 16384 bytes"},
};

BOOST_DATA_TEST_CASE(takes_body_and_query_together, k_bodies, row) {
    BOOST_TEST(value_in(parse_form(row.content_type, row.body, row.query, k_read), "clientID") ==
               row.expected);
}

BOOST_AUTO_TEST_CASE(limits_fields_one_by_one) {
    Form fields;
    BOOST_TEST(verdict(fields.add({"clientID", k_128})) == "accepted");
    BOOST_TEST(verdict(fields.add({"name", k_129})) == "422 name is longer than 128 bytes");
    BOOST_TEST(verdict(fields.add({"long", k_129}, 129)) == "accepted");
    BOOST_TEST(verdict(fields.add({"long2", k_129 + "a"}, 129)) ==
               "422 long2 is longer than 129 bytes");
    BOOST_TEST(fields.find("name") == nullptr);
    BOOST_TEST(verdict(fields.add({"clientID", "y"})) == "400 clientID is given more than once");
    BOOST_TEST(*fields.find("clientID") == k_128);
}

BOOST_AUTO_TEST_CASE(counts_what_is_passed_over_with_the_fields) {
    FormBuilder fields(k_read);
    for (std::size_t i = 0; i < k_max_fields; ++i) {
        const auto counted = i % 2 == 0 ? fields.pass_over() : fields.add(std::to_string(i), "");
        BOOST_TEST(verdict(counted) == "accepted");
    }
    BOOST_TEST(verdict(fields.add("clientID", "x")) == "413 More than 16 fields");
    BOOST_TEST(verdict(fields.pass_over()) == "413 More than 16 fields");
}

BOOST_AUTO_TEST_CASE(keeps_nothing_of_a_field_that_nobody_reads) {
    FormBuilder fields(k_read);
    BOOST_TEST(verdict(fields.add("a", "\xFF\n" + k_129)) == "accepted");
    BOOST_TEST(verdict(fields.add("clientID", "x")) == "accepted");
    const Form form = std::move(fields).take();
    BOOST_TEST(form.find("a") == nullptr);
    BOOST_TEST(*form.find("clientID") == "x");
}

// Each encoding by itself would read everything, if it were asked to.
BOOST_AUTO_TEST_CASE(reads_nothing_where_nothing_is_asked_for) {
    for (const auto& form :
         {parse_urlencoded("clientID=%FF&clientID=x", {}), parse_multipart(k_multipart, "B", {}),
          parse_json_form(R"({"clientID":1,"clientID":"x"})", {})}) {
        BOOST_TEST(value_in(form, "clientID") == "absent");
    }
}

BOOST_AUTO_TEST_CASE(keeps_its_own_fields_when_merged) {
    Form body;
    Form query;
    BOOST_TEST(verdict(body.add({"a", "body"})) == "accepted");
    BOOST_TEST(verdict(query.add({"a", "query"})) == "accepted");
    BOOST_TEST(verdict(query.add({"b", "query"})) == "accepted");
    body.merge(std::move(query));
    BOOST_TEST(*body.find("a") == "body");
    BOOST_TEST(*body.find("b") == "query");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
