// SPDX-License-Identifier: MIT
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "roomkey/request/form.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::verdict;

BOOST_AUTO_TEST_SUITE(multipart)

constexpr std::string_view k_webkit = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

std::string part(const std::string& headers, const std::string& content,
                 std::string_view boundary = "B") {
    return "--" + std::string(boundary) + "\r\n" + headers + "\r\n\r\n" + content + "\r\n";
}

std::string field(const std::string& name, const std::string& value,
                  std::string_view boundary = "B") {
    return part("Content-Disposition: form-data; name=\"" + name + "\"", value, boundary);
}

std::string many_fields(int count) {
    std::string body;
    for (int i = 0; i < count; ++i) {
        body += field("f" + std::to_string(i), "v");
    }
    return body;
}

const FieldLimits k_read{{"clientID", k_max_field_bytes}, {"b", k_max_field_bytes}};

// The field clientID, "absent", or the refusal.
std::string client_id(const std::string& body, std::string_view boundary = "B") {
    const auto form = parse_multipart(body, boundary, k_read);
    if (!form) {
        return verdict(form);
    }
    const std::string* value = form->find("clientID");
    return value == nullptr ? "absent" : *value;
}

const std::string k_end = "--B--\r\n";
const std::string k_no_end = "400 Malformed multipart body: no closing boundary";
const std::string k_no_boundary = "400 Malformed multipart body: the boundary does not occur";
const std::string k_bad_header = "400 Malformed multipart body: bad part header";
const std::string k_bad_disposition = "400 Malformed multipart body: bad Content-Disposition";

BOOST_AUTO_TEST_CASE(reads_what_a_browser_sends) {
    const std::string body =
        field("clientID", "bcI:GPhz6A2T", k_webkit) + "--" + std::string(k_webkit) + "--\r\n";
    BOOST_TEST(client_id(body, k_webkit) == "bcI:GPhz6A2T");
}

struct Row : test::Case {
    std::string body;
    std::string expected;
};

const Row k_accepted[] = {
    {{"several fields"}, field("a", "1") + field("clientID", "x") + field("b", "2") + k_end, "x"},
    {{"an empty form"}, k_end, "absent"},
    {{"an empty value"}, field("clientID", "") + k_end, ""},
    {{"no line end at the end"}, field("clientID", "x") + "--B--", "x"},
    {{"a preamble"}, "This is a form.\r\n" + field("clientID", "x") + k_end, "x"},
    {{"an empty line as preamble"}, "\r\n" + field("clientID", "x") + k_end, "x"},
    {{"an epilogue"}, field("clientID", "x") + k_end + "Nobody reads this.", "x"},
    {{"a form as epilogue"}, field("clientID", "x") + k_end + field("clientID", "y") + k_end, "x"},
    {{"spaces after the boundary"}, "--B \t \r\n" + field("clientID", "x").substr(5) + k_end, "x"},
    {{"spaces after the closing boundary"}, field("clientID", "x") + "--B-- \t\r\n", "x"},
    {{"spaces to the very end"}, field("clientID", "x") + "--B-- \t", "x"},
    {{"an unquoted name"}, part("Content-Disposition: form-data; name=clientID", "x") + k_end, "x"},
    {{"headers in another case"},
     part("CONTENT-DISPOSITION: Form-Data; NAME=\"clientID\"", "x") + k_end,
     "x"},
    {{"no space after the colon"},
     part("Content-Disposition:form-data;name=\"clientID\"", "x") + k_end,
     "x"},
    {{"a content type"},
     part("Content-Disposition: form-data; name=\"clientID\"\r\nContent-Type: text/plain", "x") +
         k_end,
     "x"},
    {{"an encoding, which nobody undoes (RFC 7578 4.7)"},
     part("Content-Disposition: form-data; name=\"clientID\"\r\n"
          "Content-Transfer-Encoding: base64",
          "YmNJ") +
         k_end,
     "YmNJ"},
    {{"a content type first"},
     part("Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"clientID\"", "x") +
         k_end,
     "x"},
    {{"an escaped quote in another name"},
     field("a\\\"; name=\\\"clientID", "y") + field("clientID", "x") + k_end,
     "x"},
    {{"UTF-8"}, field("clientID", "\xC3\xA9") + k_end, "\xC3\xA9"},
    {{"128 bytes"}, field("clientID", std::string(128, 'a')) + k_end, std::string(128, 'a')},
    {{"16 parts"}, many_fields(15) + field("clientID", "x") + k_end, "x"},
    {{"dashes as value"}, field("clientID", "--") + k_end, "--"},
    {{"the boundary's text as value"}, field("clientID", "B") + k_end, "B"},
    {{"a longer boundary as value"}, field("clientID", "--BB") + k_end, "--BB"},
    {{"the dashed boundary within a value"}, field("clientID", "a--B") + k_end, "a--B"},
    {{"the closing boundary within a value"}, field("clientID", "a--B--") + k_end, "a--B--"},
    {{"a value that reads like a header"},
     field("clientID", "Content-Disposition: form-data") + k_end,
     "Content-Disposition: form-data"},
    // Names as those write them who escape nothing, and as Go writes them.
    {{"a file's name that ends in a backslash"},
     part(R"(Content-Disposition: form-data; name="f"; filename="C:\")", "y") +
         field("clientID", "x") + k_end,
     "x"},
    {{"an upload of that name whose file's name ends in a backslash"},
     part(R"(Content-Disposition: form-data; name="clientID"; filename="C:\")", "y") +
         field("clientID", "x") + k_end,
     "x"},
    {{"a name that ends in a backslash"},
     part(R"(Content-Disposition: form-data; name="clientID\"; filename="a")", "y") +
         field("clientID", "x") + k_end,
     "x"},
    {{"a quote in a file's name, as Go writes it"},
     part(R"(Content-Disposition: form-data; name="clientID"; filename="a\"; x=\"")", "y") +
         field("clientID", "x") + k_end,
     "x"},
    // What nobody reads.
    {{"a text area"}, field("about", "one\r\ntwo") + field("clientID", "x") + k_end, "x"},
    {{"a long text in another encoding"},
     field("about", std::string(4000, '\xE9')) + field("clientID", "x") + k_end,
     "x"},
    {{"check boxes"}, field("a", "1") + field("a", "2") + field("clientID", "x") + k_end, "x"},
    // What is no field is left out, but the fields around it count.
    {{"an upload beside it"},
     part("Content-Disposition: form-data; name=\"f\"; filename=\"a.png\"",
          std::string("\x89PNG\r\n\x1A\n\x00\xFF", 10)) +
         field("clientID", "x") + k_end,
     "x"},
    {{"an upload over a field's limit"},
     part("Content-Disposition: form-data; name=\"f\"; filename=\"a\"", std::string(4000, 'a')) +
         field("clientID", "x") + k_end,
     "x"},
    {{"an upload of that name"},
     part("Content-Disposition: form-data; name=\"clientID\"; filename=\"a\"", "x") + k_end,
     "absent"},
    {{"an upload of that name and a field"},
     part("Content-Disposition: form-data; name=\"clientID\"; filename=\"a\"", "y") +
         field("clientID", "x") + k_end,
     "x"},
    {{"an upload without a file's name"},
     part("Content-Disposition: form-data; name=\"clientID\"; filename=\"\"", "x") + k_end,
     "absent"},
    {{"filename in another case"},
     part("Content-Disposition: form-data; name=\"clientID\"; FileName=a", "x") + k_end,
     "absent"},
    {{"filename*"},
     part("Content-Disposition: form-data; name=\"clientID\"; filename*=UTF-8''a", "x") + k_end,
     "absent"},
    {{"name* is no name (RFC 7578 4.2)"},
     part("Content-Disposition: form-data; name*=UTF-8''clientID", "x") + k_end,
     "absent"},
    {{"no name"}, part("Content-Disposition: form-data", "x") + k_end, "absent"},
    {{"another disposition"},
     part("Content-Disposition: attachment; name=\"clientID\"", "x") + k_end,
     "absent"},
    {{"no disposition"}, part("Content-Type: text/plain", "x") + k_end, "absent"},
    {{"no headers"}, "--B\r\n\r\nx\r\n" + k_end, "absent"},
    {{"another header of a like name"},
     part("X-Content-Disposition: form-data; name=\"clientID\"", "x") + k_end,
     "absent"},
    {{"the name of a field in another case"}, field("ClientId", "x") + k_end, "absent"},
    // RFC 7578 4.3 deprecates nested multipart; its text is just a text with line ends.
    {{"a nested multipart"},
     part("Content-Disposition: form-data; name=\"clientID\"\r\n"
          "Content-Type: multipart/mixed; boundary=C",
          "--C\r\n\r\nx\r\n--C--") +
         k_end,
     "422 clientID has control characters"},
};

BOOST_DATA_TEST_CASE(reads_the_field_wherever_it_stands, k_accepted, row) {
    BOOST_TEST(client_id(row.body) == row.expected);
}

const Row k_refused[] = {
    {{"an empty body"}, "", k_no_boundary},
    {{"no boundary in it"}, "clientID=x", k_no_boundary},
    {{"another boundary"}, field("clientID", "x", "C") + "--C--\r\n", k_no_boundary},
    {{"the boundary without its dashes"},
     "B\r\n" + field("clientID", "x").substr(5),
     k_no_boundary},
    {{"a longer boundary"}, field("clientID", "x", "Bx") + "--Bx--\r\n", k_no_boundary},
    {{"the boundary in another case"}, field("clientID", "x", "b") + "--b--\r\n", k_no_boundary},
    {{"a space before the boundary"}, " " + field("clientID", "x"), k_no_boundary},
    {{"only the opening"}, "--B\r\n", k_no_end},
    {{"no closing delimiter"}, field("clientID", "x"), k_no_end},
    {{"another part instead of the closing"}, field("clientID", "x") + "--B\r\n", k_no_end},
    {{"a closing delimiter with one dash"}, field("clientID", "x") + "--B-", k_no_end},
    {{"a closing delimiter with three dashes"}, field("clientID", "x") + "--B---", k_no_end},
    {{"text after the closing delimiter's dashes"},
     field("clientID", "x") + "--B--x\r\n",
     k_no_end},
    {{"a closing delimiter within a line"},
     "--B\r\nContent-Disposition: form-data; "
     "name=\"clientID\"\r\n\r\nx--B--\r\n",
     k_no_end},
    {{"bare LF all over"},
     "--B\nContent-Disposition: form-data; name=\"clientID\"\n\nx\n--B--\n",
     k_no_boundary},
    {{"bare LF before the boundary"},
     "--B\r\nContent-Disposition: form-data; name=\"clientID\"\r\n\r\nx\n--B--\r\n",
     k_no_end},
    {{"bare LF after the boundary, then no other part"},
     "--B\nContent-Disposition: form-data; name=\"clientID\"\r\n\r\nx\r\n--B--\r\n",
     "absent"},
    {{"bare LF between headers"},
     part("Content-Type: text/plain\nContent-Disposition: form-data; name=\"clientID\"", "x") +
         k_end,
     k_bad_header},
    {{"bare CR in a header"},
     part("Content-Disposition: form-data;\r name=\"clientID\"", "x") + k_end,
     k_bad_header},
    {{"a folded header"},
     part("Content-Disposition: form-data;\r\n name=\"clientID\"", "x") + k_end,
     k_bad_header},
    {{"a header folded with a tab"},
     part("Content-Disposition: form-data;\r\n\tname=\"clientID\"", "x") + k_end,
     k_bad_header},
    {{"a folded header with a colon in its second line"},
     part("Content-Disposition: form-data;\r\n name=\"a:b\"", "x") + k_end,
     k_bad_header},
    {{"the same folded with a tab"},
     part("Content-Disposition: form-data;\r\n\tname=\"a:b\"", "x") + k_end,
     k_bad_header},
    {{"a header without a colon"}, part("Content-Disposition", "x") + k_end, k_bad_header},
    {{"a header without a name"}, part(": form-data", "x") + k_end, k_bad_header},
    {{"no empty line after the headers"},
     "--B\r\nContent-Disposition: form-data; name=\"clientID\"\r\nx\r\n--B--\r\n",
     "400 Malformed multipart body: part without an end of its headers"},
    {{"the headers run into the boundary"},
     "--B\r\nContent-Disposition: form-data; name=\"clientID\"\r\n\r\n--B--\r\n",
     "400 Malformed multipart body: part without an end of its headers"},
    {{"a boundary's line as the value"},
     field("clientID", "--B") + k_end,
     "400 Malformed multipart body: part without an end of its headers"},
    {{"a closing boundary's line as the value"},
     field("clientID", "--B--") + k_end,
     "400 Malformed multipart body: part without an end of its headers"},
    {{"two dispositions"},
     part("Content-Disposition: form-data; name=\"clientID\"\r\n"
          "Content-Disposition: form-data; name=\"b\"",
          "x") +
         k_end,
     "400 Malformed multipart body: two Content-Disposition headers in one part"},
    {{"two names"},
     part("Content-Disposition: form-data; name=\"clientID\"; name=\"b\"", "x") + k_end,
     k_bad_disposition},
    {{"two names in two cases"},
     part("Content-Disposition: form-data; name=\"b\"; NAME=\"clientID\"", "x") + k_end,
     k_bad_disposition},
    {{"an empty disposition"}, part("Content-Disposition:", "x") + k_end, k_bad_disposition},
    {{"an unterminated name"},
     part("Content-Disposition: form-data; name=\"clientID", "x") + k_end,
     k_bad_disposition},
    {{"text after the name"},
     part("Content-Disposition: form-data; name=\"client\"ID", "x") + k_end,
     k_bad_disposition},
    {{"twice"},
     field("clientID", "x") + field("clientID", "y") + k_end,
     "400 clientID is given more than once"},
    {{"twice the same"},
     field("clientID", "x") + field("clientID", "x") + k_end,
     "400 clientID is given more than once"},
    {{"another field twice"},
     field("clientID", "x") + field("b", "1") + field("b", "2") + k_end,
     "400 b is given more than once"},
    {{"17 parts"}, many_fields(16) + field("clientID", "x") + k_end, "413 More than 16 fields"},
    {{"17 parts, of which one is an upload"},
     part("Content-Disposition: form-data; name=\"f\"; filename=\"a\"", "") + many_fields(15) +
         field("clientID", "x") + k_end,
     "413 More than 16 fields"},
    {{"17 parts that are no fields"},
     [] {
         std::string body;
         for (int i = 0; i < 17; ++i) {
             body += "--B\r\n\r\n\r\n";
         }
         return body + k_end;
     }(),
     "413 More than 16 fields"},
    {{"129 bytes"},
     field("clientID", std::string(129, 'a')) + k_end,
     "422 clientID is longer than 128 bytes"},
    {{"not UTF-8"}, field("clientID", "\xFF") + k_end, "422 clientID is not UTF-8"},
    {{"a zero byte"},
     field("clientID", std::string(1, '\0')) + k_end,
     "422 clientID has control characters"},
    {{"a line end in the value"},
     field("clientID", "a\r\nb") + k_end,
     "422 clientID has control characters"},
    {{"one more line end before the boundary"},
     field("clientID", "x\r\n") + k_end,
     "422 clientID has control characters"},
    {{"a longer boundary's line in the value"},
     field("clientID", "x\r\n--Bx\r\ny") + k_end,
     "422 clientID has control characters"},
    {{"a boundary's line with text after it in the value"},
     field("clientID", "x\r\n--B y\r\nz") + k_end,
     "422 clientID has control characters"},
};

BOOST_DATA_TEST_CASE(refuses_what_is_malformed, k_refused, row) {
    BOOST_TEST(client_id(row.body) == row.expected);
}

struct Boundary : test::Case {
    std::string boundary;
    bool allowed;
};

const Boundary k_boundaries[] = {
    {{"one character"}, "B", true},
    {{"all the characters that are allowed"}, "0123456789abcxyzABCXYZ'()+_,-./:=? x", true},
    {{"70 characters"}, std::string(70, 'b'), true},
    {{"dashes only"}, "--", true},
    {{"dashes at the end"}, "a--", true},
    {{"a space inside"}, "a b", true},
    {{"empty"}, "", false},
    {{"71 characters"}, std::string(71, 'b'), false},
    {{"a space at the end"}, "b ", false},
    {{"a line end"}, "a\r\nb", false},
    {{"a zero byte"}, test::with_zeros("a\0b"), false},
    {{"a quote"}, "a\"b", false},
    {{"an at sign"}, "a@b", false},
    {{"a semicolon"}, "a;b", false},
    {{"an asterisk"}, "a*b", false},
    {{"not ASCII"}, "a\xC3\xA9", false},
};

BOOST_DATA_TEST_CASE(takes_boundaries_of_rfc_2046_only, k_boundaries, row) {
    const std::string body = field("clientID", "x", row.boundary) + "--" + row.boundary + "--\r\n";
    BOOST_TEST(client_id(body, row.boundary) ==
               (row.allowed ? "x" : "400 Malformed multipart body: bad boundary"));
}

// A body that was cut off on its way must never be signed with half a value.
BOOST_AUTO_TEST_CASE(never_takes_a_value_from_a_body_that_is_cut_off) {
    const std::string body = "preamble\r\n" + field("a", "1") + field("clientID", "bcI:GPhz6A2T") +
                             field("b", "2") + "--B--\r\nepilogue";
    const std::size_t whole = body.find("--B--") + 5;
    for (std::size_t size = 0; size < whole; ++size) {
        BOOST_TEST_CONTEXT("cut after " << size << " bytes") {
            BOOST_TEST(client_id(body.substr(0, size)).starts_with("400 "));
        }
    }
    // After the closing delimiter nothing counts; while it is cut off, it may still become text.
    BOOST_TEST(client_id(body.substr(0, whole)) == "bcI:GPhz6A2T");
    BOOST_TEST(client_id(body.substr(0, whole + 1)).starts_with("400 "));
    for (std::size_t size = whole + 2; size <= body.size(); ++size) {
        BOOST_TEST(client_id(body.substr(0, size)) == "bcI:GPhz6A2T");
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
