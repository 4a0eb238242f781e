// SPDX-License-Identifier: MIT
#include "roomkey/request/media_type.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(media_type)

struct Parsed : test::Case {
    std::string header;
    std::string value;
    std::string name;
    std::string parameter;
};

const Parsed k_parsed[] = {
    {{"no parameter"}, "text/plain", "text/plain", "charset", "absent"},
    {{"one parameter"}, "text/plain;charset=utf-8", "text/plain", "charset", "utf-8"},
    {{"a space"}, "text/plain; charset=utf-8", "text/plain", "charset", "utf-8"},
    {{"spaces and tabs all over"},
     " \ttext/plain \t; \tcharset=utf-8 \t",
     "text/plain",
     "charset",
     "utf-8"},
    {{"the sender's case is kept"}, "Text/PLAIN; charset=UTF-8", "Text/PLAIN", "charset", "UTF-8"},
    {{"names have no case"}, "text/plain; CharSet=x", "text/plain", "charset", "x"},
    {{"asked for in another case"}, "text/plain; charset=x", "text/plain", "CHARSET", "x"},
    {{"the second of two"}, "form-data; a=1; b=2", "form-data", "b", "2"},
    {{"no spaces between several"}, "form-data;a=1;b=2;c=3", "form-data", "c", "3"},
    {{"quoted"}, "form-data; name=\"clientID\"", "form-data", "name", "clientID"},
    {{"quoted and empty"}, "form-data; name=\"\"", "form-data", "name", ""},
    {{"unquoted and empty"}, "form-data; name=", "form-data", "name", ""},
    {{"a semicolon in quotes"}, "form-data; name=\"a;b=c\"", "form-data", "name", "a;b=c"},
    {{"an escaped quote"}, "form-data; name=\"a\\\"b\"", "form-data", "name", "a\"b"},
    {{"an escape that nobody needs"}, R"(t/t; a="\b")", "t/t", "a", "b"},
    {{"backslashes in what can't be read with escapes"},
     R"(t/t; a="C:\dir\")",
     "t/t",
     "a",
     R"(C:\dir\)"},
    {{"a backslash at the end, as browsers write it"}, R"(t/t; a="C:\")", "t/t", "a", R"(C:\)"},
    {{"two at the end, as Go writes one"}, R"(t/t; a="C:\\")", "t/t", "a", R"(C:\)"},
    {{"a backslash at the end, and another parameter"},
     R"(t/t; a="C:\"; b="c")",
     "t/t",
     "a",
     R"(C:\)"},
    {{"that other parameter"}, R"(t/t; a="C:\"; b="c")", "t/t", "b", "c"},
    {{"a quote and a semicolon, as Go writes them"},
     R"(t/t; a="c\"; b=\"d")",
     "t/t",
     "a",
     R"(c"; b="d)"},
    {{"two semicolons"}, "t/t;; a=b", "t/t", "a", "b"},
    {{"semicolons and spaces"}, "t/t ; ;\t; a=b ;; ", "t/t", "a", "b"},
    {{"an escaped backslash"}, "form-data; name=\"a\\\\\"", "form-data", "name", "a\\"},
    {{"spaces in quotes stay"}, "form-data; name=\" a \"", "form-data", "name", " a "},
    {{"a parameter after a quoted one"}, "form-data; name=\"a\"; b=2", "form-data", "b", "2"},
    {{"a space between quote and semicolon"}, "form-data; name=\"a\" ; b=2", "form-data", "b", "2"},
    {{"an unquoted boundary that is no token"},
     "multipart/form-data; boundary=----a/7:=?",
     "multipart/form-data",
     "boundary",
     "----a/7:=?"},
    {{"a semicolon at the end"}, "text/plain; charset=utf-8;", "text/plain", "charset", "utf-8"},
    {{"only a semicolon after the value"}, "text/plain; ", "text/plain", "charset", "absent"},
    {{"name* is another name"}, "form-data; name*=UTF-8''clientID", "form-data", "name", "absent"},
    {{"name* under its own name"}, "form-data; name*=UTF-8''a", "form-data", "name*", "UTF-8''a"},
    {{"a name that starts alike"}, "form-data; filename=a", "form-data", "name", "absent"},
    {{"eight parameters"}, "t/t; a=1; b=2; c=3; d=4; e=5; f=6; g=7; h=8", "t/t", "h", "8"},
    {{"two values with escapes"},
     "form-data; a=\"a long value with \\\"quotes\\\"\"; b=\"\\b\"",
     "form-data",
     "a",
     "a long value with \"quotes\""},
};

BOOST_DATA_TEST_CASE(reads_value_and_parameters, k_parsed, row) {
    const auto parsed = ParameterizedValue::parse(row.header);
    BOOST_REQUIRE(parsed.has_value());
    BOOST_TEST(parsed->value() == row.value);
    BOOST_TEST(parsed->find(row.name).value_or("absent") == row.parameter);
}

struct Refused : test::Case {
    std::string header;
};

const Refused k_refused[] = {
    {{"empty"}, ""},
    {{"only spaces"}, " \t "},
    {{"only a semicolon"}, ";"},
    {{"a parameter without a value before it"}, "; charset=utf-8"},
    {{"a parameter without an equals sign"}, "text/plain; charset"},
    {{"a parameter without a name"}, "text/plain; =utf-8"},
    {{"a space before the equals sign"}, "text/plain; charset =utf-8"},
    {{"a name in quotes"}, "text/plain; \"charset\"=utf-8"},
    {{"a name that is not ASCII"}, "text/plain; ch\xC3\xA9=utf-8"},
    {{"an unterminated quoted string"}, "form-data; name=\"clientID"},
    {{"only the opening quote"}, "form-data; name=\""},
    {{"a backslash at the very end"}, "form-data; name=\"clientID\\"},
    {{"text behind a quote, however its backslash is read"}, R"(form-data; name="a\"b" c)"},
    {{"text after a quoted string"}, "form-data; name=\"client\"ID"},
    {{"a parameter after a quoted string, without its semicolon"}, "form-data; name=\"a\" b=c"},
    {{"the same without a space"}, "form-data; name=\"a\"xb=c"},
    {{"two quoted strings"}, "form-data; name=\"a\" \"b\""},
    {{"one name twice"}, "form-data; name=a; name=b"},
    {{"one name twice with the same value"}, "form-data; name=a; name=a"},
    {{"one name twice in two cases"}, "form-data; name=a; NAME=b"},
    {{"nine parameters"}, "t/t; a=1; b=2; c=3; d=4; e=5; f=6; g=7; h=8; i=9"},
};

BOOST_DATA_TEST_CASE(refuses_what_is_malformed, k_refused, row) {
    BOOST_TEST(!ParameterizedValue::parse(row.header).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
