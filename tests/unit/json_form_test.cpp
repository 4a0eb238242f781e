// SPDX-License-Identifier: MIT
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "roomkey/request/form.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::verdict;

BOOST_AUTO_TEST_SUITE(json_form)

const FieldLimits k_read{{"clientID", k_max_field_bytes}, {"b", k_max_field_bytes}};

std::string client_id(const std::string& text) {
    const auto form = parse_json_form(text, k_read);
    if (!form) {
        return verdict(form);
    }
    const std::string* value = form->find("clientID");
    return value == nullptr ? "absent" : *value;
}

std::string object_of(int members) {
    std::string text = "{";
    for (int i = 0; i < members; ++i) {
        text += "\"f" + std::to_string(i) + "\":\"v\",";
    }
    return text + R"("clientID":"x"})";
}

const std::string k_syntax = "400 Malformed JSON body: syntax error";
const std::string k_no_string = "400 Malformed JSON body: clientID is not a string";
const std::string k_object_expected = "400 Malformed JSON body: an object is expected";

struct Row : test::Case {
    std::string text;
    std::string expected;
};

const Row k_rows[] = {
    {{"an object"}, R"({"clientID":"bcI:GPhz6A2T"})", "bcI:GPhz6A2T"},
    {{"spaces and line ends"}, " \r\n\t{ \"clientID\" :\n\"x\" } \n", "x"},
    {{"several members"}, R"({"a":"1","clientID":"x","b":""})", "x"},
    {{"an escaped name"}, R"({"client\u0049D":"x"})", "x"},
    {{"escapes"}, R"({"clientID":"\"\\\/A"})", "\"\\/A"},
    {{"a character beyond the basic plane"}, R"({"clientID":"\ud83d\udd11"})", "\xF0\x9F\x94\x91"},
    {{"UTF-8"}, "{\"clientID\":\"\xC3\xA9\"}", "\xC3\xA9"},
    {{"an empty value"}, R"({"clientID":""})", ""},
    {{"an empty object"}, "{}", "absent"},
    {{"an empty name"}, R"({"":"x"})", "absent"},
    {{"16 members"}, object_of(15), "x"},
    {{"128 bytes"}, "{\"clientID\":\"" + std::string(128, 'a') + "\"}", std::string(128, 'a')},
    {{"17 members"}, object_of(16), "413 More than 16 fields"},
    {{"129 bytes"},
     "{\"clientID\":\"" + std::string(129, 'a') + "\"}",
     "422 clientID is longer than 128 bytes"},
    {{"twice"}, R"({"clientID":"x","clientID":"y"})", "400 clientID is given more than once"},
    {{"twice, once escaped"},
     R"({"clientID":"x","\u0063lientID":"y"})",
     "400 clientID is given more than once"},
    {{"an escaped zero byte"}, R"({"clientID":"a\u0000b"})", "422 clientID has control characters"},
    {{"an escaped line end"}, R"({"clientID":"a\nb"})", "422 clientID has control characters"},
    {{"an escaped C1"}, R"({"clientID":"a\u0085b"})", "422 clientID has control characters"},
    {{"a number"}, R"({"clientID":1})", k_no_string},
    {{"a negative number"}, R"({"clientID":-1})", k_no_string},
    {{"a fraction"}, R"({"clientID":1.5})", k_no_string},
    {{"true"}, R"({"clientID":true})", k_no_string},
    {{"null"}, R"({"clientID":null})", k_no_string},
    {{"an array for it"}, R"({"clientID":["x"]})", k_no_string},
    {{"an empty array"}, R"({"clientID":[]})", k_no_string},
    {{"an object within"}, R"({"clientID":{"a":"x"}})", k_no_string},
    {{"a bad value beside it"},
     R"({"clientID":"x","b":0})",
     "400 Malformed JSON body: b is not a string"},
    {{"a string and then a number"}, R"({"clientID":"x","clientID":1})", k_no_string},
    // What nobody reads.
    {{"an object of that member within"}, R"({"a":{"clientID":"y"}})", "absent"},
    {{"the same before it"}, R"({"a":{"clientID":"y","b":1},"clientID":"x"})", "x"},
    {{"the same behind it"}, R"({"clientID":"x","a":{"clientID":"y"}})", "x"},
    {{"that member within an array"}, R"({"a":[{"clientID":"y"}],"clientID":"x"})", "x"},
    {{"a value behind a nested one"}, R"({"a":{"clientID":{}},"b":"1","clientID":"x"})", "x"},
    {{"numbers and the like"},
     R"({"age":7,"t":-1.5,"on":true,"off":false,"nil":null,"clientID":"x"})",
     "x"},
    {{"lists and objects"}, R"({"l":[1,"a",[]],"o":{"p":{}},"clientID":"x"})", "x"},
    {{"1000 levels"},
     "{\"a\":" + std::string(1000, '[') + std::string(1000, ']') + ",\"clientID\":\"x\"}",
     "x"},
    {{"a name of 129 bytes"}, "{\"" + std::string(129, 'a') + "\":1,\"clientID\":\"x\"}", "x"},
    {{"a long text"}, "{\"a\":\"" + std::string(4000, 'a') + "\",\"clientID\":\"x\"}", "x"},
    {{"a text with line ends"}, R"({"a":"one\ntwo\u0000","clientID":"x"})", "x"},
    {{"another field twice"}, R"({"a":1,"a":"2","clientID":"x"})", "x"},
    {{"17 members of any type"},
     R"({"1":1,"2":{},"3":[],"4":"","5":1,"6":1,"7":1,"8":1,"9":1,"10":1,"11":1,"12":1,"13":1,)"
     R"("14":1,"15":1,"16":1,"clientID":"x"})",
     "413 More than 16 fields"},
    {{"17 members of one that is passed over"},
     R"({"a":{"1":1,"2":1,"3":1,"4":1,"5":1,"6":1,"7":1,"8":1,"9":1,"10":1,"11":1,"12":1,"13":1,)"
     R"("14":1,"15":1,"16":1,"17":1},"clientID":"x"})",
     "x"},
    {{"an array that is not closed"}, R"({"a":[,"clientID":"x"})", k_syntax},
    {{"a bracket of the other kind"}, R"({"a":[},"clientID":"x"})", k_syntax},
    {{"a text that is not UTF-8"}, "{\"a\":\"\xFF\",\"clientID\":\"x\"}", k_syntax},
    {{"an array around it"}, R"([{"clientID":"x"}])", k_object_expected},
    {{"a string alone"}, R"("clientID")", k_object_expected},
    {{"a number alone"}, "1", k_object_expected},
    {{"null alone"}, "null", k_object_expected},
    {{"true alone"}, "true", k_object_expected},
    {{"nothing"}, "", k_syntax},
    {{"spaces only"}, "  ", k_syntax},
    {{"no JSON"}, "clientID=x", k_syntax},
    {{"the end is missing"}, R"({"clientID":"x")", k_syntax},
    {{"the value is cut off"}, R"({"clientID":"x)", k_syntax},
    {{"text after it"}, R"({"clientID":"x"} x)", k_syntax},
    {{"another object after it"}, R"({"clientID":"x"}{"clientID":"y"})", k_syntax},
    {{"a comma too many"}, R"({"clientID":"x",})", k_syntax},
    {{"a comma too few"}, R"({"a":"1" "clientID":"x"})", k_syntax},
    {{"a comment"}, R"({"clientID":"x" /* me */})", k_syntax},
    {{"single quotes"}, "{'clientID':'x'}", k_syntax},
    {{"a name without quotes"}, R"({clientID:"x"})", k_syntax},
    {{"a name that is no string"}, R"({1:"x"})", k_syntax},
    {{"NaN"}, R"({"clientID":NaN})", k_syntax},
    {{"an unknown escape"}, R"({"clientID":"\x41"})", k_syntax},
    {{"half a surrogate pair"}, R"({"clientID":"\ud83d"})", k_syntax},
    {{"the second half alone"}, R"({"clientID":"\udd11"})", k_syntax},
    {{"a raw line end in a string"}, "{\"clientID\":\"a\nb\"}", k_syntax},
    {{"a raw zero byte in a string"}, test::with_zeros("{\"clientID\":\"a\0b\"}"), k_syntax},
    {{"a zero byte after it"}, test::with_zeros("{\"clientID\":\"x\"}\0"), k_syntax},
    {{"another object behind a zero byte"},
     test::with_zeros("{\"clientID\":\"x\"}\0{\"clientID\":\"y\"}"),
     k_syntax},
    {{"not UTF-8"}, "{\"clientID\":\"\xFF\"}", k_syntax},
    {{"an overlong slash"}, "{\"clientID\":\"\xC0\xAF\"}", k_syntax},
    {{"UTF-16"}, test::with_zeros("{\0\"\0a\0\"\0:\0\"\0x\0\"\0}\0"), k_syntax},
};

BOOST_DATA_TEST_CASE(reads_the_strings_that_are_asked_for, k_rows, row) {
    BOOST_TEST(client_id(row.text) == row.expected);
}

BOOST_AUTO_TEST_CASE(never_takes_a_value_from_a_body_that_is_cut_off) {
    const std::string text = R"({"a":"1","clientID":"bcI:GPhz6A2T"})";
    for (std::size_t size = 0; size < text.size(); ++size) {
        BOOST_TEST(client_id(text.substr(0, size)) == k_syntax);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
