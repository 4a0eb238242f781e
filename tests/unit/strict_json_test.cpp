// SPDX-License-Identifier: MIT
#include "roomkey/policy/strict_json.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "roomkey/text/errors.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(strict_json)

// What is found, one finding a line; what the parser says itself is cut off behind the column.
std::string found_in(std::string_view text) {
    Diagnostics diagnostics("f");
    try {
        (void)parse_strict_json(text, diagnostics);
        diagnostics.throw_if_any();
    } catch (const ConfigError& error) {
        std::string lines;
        for (const std::string& finding : error.findings()) {
            const std::size_t syntax = finding.find("column");
            lines +=
                (lines.empty() ? "" : "\n") +
                finding.substr(0, syntax == std::string::npos ? syntax : finding.find(':', syntax));
        }
        return lines;
    }
    return "none";
}

BOOST_AUTO_TEST_CASE(gives_the_value) {
    Diagnostics diagnostics("f");
    BOOST_TEST(parse_strict_json(" { \"a\" /* b */ : [1, {\"a\": null}, {\"a\": 2}] } // c",
                                 diagnostics) ==
               Json::parse(R"({"a": [1, {"a": null}, {"a": 2}]})"));
    BOOST_TEST(found_in("{}") == "none");
    BOOST_TEST(found_in("\"" + std::string(k_max_json_bytes - 2, 'a') + "\"") == "none");
}

struct Row : test::Case {
    std::string text;
    std::string expected;
};

const std::string k_twice = ": expected each key once, found this one twice in one object";

const std::string k_large =
    ": expected a number of 64 bits, or a string, found one of more, of which digits would be lost";

const Row k_rows[] = {
    {{"a key twice"}, R"({"a": 1, "a": 1})", "f /a" + k_twice},
    {{"three times"}, R"({"a": 1, "a": 1, "a": 1})", "f /a" + k_twice + "\nf /a" + k_twice},
    {{"once escaped"}, R"({"a": 1, "\u0061": 1})", "f /a" + k_twice},
    {{"with a slash"}, R"({"a/~": 1, "a/~": 1})", "f /a~1~0" + k_twice},
    {{"without a letter"}, R"({"": 1, "": 1})", "f /" + k_twice},
    {{"within"}, R"({"a": {"b": 1, "b": 1}})", "f /a/b" + k_twice},
    {{"behind a value of each kind"},
     R"([0, "a", null, [1, 2], {"c": [3]}, [], {"d": 4, "d": 5}])",
     "f /6/d" + k_twice},
    {{"behind arrays within"},
     R"({"a": [[1], [2, [3, {"b": [0], "b": 1}]]]})",
     "f /a/1/1/1/b" + k_twice},
    {{"behind an object that is closed"},
     R"({"a": {"x": 1}, "b": {"x": 1, "y": {"x": 1}, "x": 2}})",
     "f /b/x" + k_twice},
    {{"in two objects"},
     R"([{"a": 1, "a": 1}, {"b": 1, "b": 1}])",
     "f /0/a" + k_twice + "\nf /1/b" + k_twice},
    {{"and then the syntax"},
     "{\"a\": 1, \"a\": 1,\n",
     "f /a" + k_twice + "\nf: expected JSON text, found a parse error at line 2, column 1"},
    {{"no JSON"}, "{", "f: expected JSON text, found a parse error at line 1, column 2"},
    {{"a zero byte"}, test::with_zeros("{}\0"), "f: expected JSON text, found a zero byte"},
    {{"a number that is too large"},
     "[1e400]",
     "f: expected numbers of 64 bits, found a number overflow parsing '1e400'"},
    {{"integers of which digits would be lost"},
     R"([18446744073709551615, 18446744073709551616, {"a": [0, -9223372036854775809]}, 1e20])",
     "f /1" + k_large + "\nf /2/a/1" + k_large + "\nf /3" + k_large},
    {{"numbers that are kept"}, "[-9223372036854775808, 0.1, 1e-300, 1e19]", "none"},
    {{"too large"},
     "\"" + std::string(k_max_json_bytes, 'a') + "\"",
     "f: expected 65536 bytes at most, found more"},
    {{"too deep"},
     std::string(100, '[') + std::string(100, ']'),
     "f: expected 64 levels at most, found more"},
};

BOOST_DATA_TEST_CASE(tells_what_another_would_pass_over, k_rows, row) {
    BOOST_TEST(found_in(row.text) == row.expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
