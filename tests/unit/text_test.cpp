// SPDX-License-Identifier: MIT
#include "roomkey/text/text.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <string>

#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(text)

std::string encode(std::uint32_t code_point) {
    const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
    if (code_point < 0x80) {
        return {byte(code_point)};
    }
    if (code_point < 0x800) {
        return {byte(0xC0 | code_point >> 6), byte(0x80 | (code_point & 0x3F))};
    }
    if (code_point < 0x10000) {
        return {byte(0xE0 | code_point >> 12), byte(0x80 | (code_point >> 6 & 0x3F)),
                byte(0x80 | (code_point & 0x3F))};
    }
    return {byte(0xF0 | code_point >> 18), byte(0x80 | (code_point >> 12 & 0x3F)),
            byte(0x80 | (code_point >> 6 & 0x3F)), byte(0x80 | (code_point & 0x3F))};
}

bool is_surrogate(std::uint32_t code_point) {
    return code_point >= 0xD800 && code_point < 0xE000;
}

struct Row : test::Case {
    std::string bytes;
};

const Row k_utf8[] = {
    {{"nothing"}, ""},
    {{"ASCII"}, "bcI:GPhz6A2T"},
    {{"a zero byte"}, std::string(1, '\0')},
    {{"U+007F, the last of one byte"}, "\x7F"},
    {{"U+0080, the first of two"}, "\xC2\x80"},
    {{"U+07FF, the last of two"}, "\xDF\xBF"},
    {{"U+0800, the first of three"}, "\xE0\xA0\x80"},
    {{"U+D7FF, the last before the surrogates"}, "\xED\x9F\xBF"},
    {{"U+E000, the first after the surrogates"}, "\xEE\x80\x80"},
    {{"U+FEFF, a byte order mark"}, "\xEF\xBB\xBF"},
    {{"U+FFFF, the last of three"}, "\xEF\xBF\xBF"},
    {{"U+10000, the first of four"}, "\xF0\x90\x80\x80"},
    {{"U+3FFFF"}, "\xF0\xBF\xBF\xBF"},
    {{"U+40000"}, "\xF1\x80\x80\x80"},
    {{"U+FFFFF"}, "\xF3\xBF\xBF\xBF"},
    {{"U+100000"}, "\xF4\x80\x80\x80"},
    {{"U+10FFFF, the last"}, "\xF4\x8F\xBF\xBF"},
    {{"several in a row"}, "\xC3\xA9t\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x94\x91"},
};

BOOST_DATA_TEST_CASE(accepts_utf8, k_utf8, row) {
    BOOST_TEST(is_utf8(row.bytes));
}

const Row k_not_utf8[] = {
    {{"a lone continuation, lowest"}, "\x80"},
    {{"a lone continuation, highest"}, "\xBF"},
    {{"overlong slash in two bytes"}, "\xC0\xAF"},
    {{"overlong zero in two bytes"}, "\xC0\x80"},
    {{"overlong U+007F in two bytes"}, "\xC1\xBF"},
    {{"overlong zero in three bytes"}, "\xE0\x80\x80"},
    {{"overlong slash in three bytes"}, "\xE0\x80\xAF"},
    {{"overlong U+07FF in three bytes"}, "\xE0\x9F\xBF"},
    {{"overlong slash in four bytes"}, "\xF0\x80\x80\xAF"},
    {{"overlong U+FFFF in four bytes"}, "\xF0\x8F\xBF\xBF"},
    {{"U+D800, the first surrogate"}, "\xED\xA0\x80"},
    {{"U+DBFF"}, "\xED\xAF\xBF"},
    {{"U+DC00"}, "\xED\xB0\x80"},
    {{"U+DFFF, the last surrogate"}, "\xED\xBF\xBF"},
    {{"a surrogate pair (CESU-8)"}, "\xED\xA0\xBD\xED\xB4\x91"},
    {{"U+110000"}, "\xF4\x90\x80\x80"},
    {{"U+13FFFF"}, "\xF4\xBF\xBF\xBF"},
    {{"a lead for U+140000"}, "\xF5\x80\x80\x80"},
    {{"a lead of five bytes"}, "\xF8\x88\x80\x80\x80"},
    {{"a lead of six bytes"}, "\xFC\x84\x80\x80\x80\x80"},
    {{"FE"}, "\xFE"},
    {{"FF"}, "\xFF"},
    {{"UTF-16 with a byte order mark"}, test::with_zeros("\xFF\xFE\x61\x00")},
    {{"Latin-1"}, "caf\xE9"},
    {{"two bytes, cut after one"}, "\xC3"},
    {{"three bytes, cut after one"}, "\xE2"},
    {{"three bytes, cut after two"}, "\xE2\x82"},
    {{"four bytes, cut after one"}, "\xF0"},
    {{"four bytes, cut after two"}, "\xF0\x9F"},
    {{"four bytes, cut after three"}, "\xF0\x9F\x94"},
    {{"two bytes, then ASCII too early"}, "\xC3("},
    {{"three bytes, ASCII as the second"}, "\xE2(\x82"},
    {{"three bytes, ASCII as the third"}, "\xE2\x82("},
    {{"four bytes, ASCII as the third"}, "\xF0\x9F(\x91"},
    {{"four bytes, ASCII as the fourth"}, "\xF0\x9F\x94("},
    {{"two leads in a row"}, "\xC3\xC3\xA9"},
    {{"good, bad, good"}, "good \xFF good"},
};

BOOST_DATA_TEST_CASE(refuses_what_is_not_utf8, k_not_utf8, row) {
    BOOST_TEST(!is_utf8(row.bytes));
    // The bytes around it neither hide it nor complete it.
    BOOST_TEST(!is_utf8("a" + row.bytes));
    BOOST_TEST(!is_utf8(row.bytes + "a"));
}

BOOST_AUTO_TEST_CASE(accepts_each_character_of_unicode_and_no_surrogate) {
    std::uint32_t wrong = 0;
    for (std::uint32_t code_point = 0; code_point <= 0x10FFFF; ++code_point) {
        wrong += is_utf8(encode(code_point)) == is_surrogate(code_point) ? 1U : 0U;
    }
    BOOST_TEST(wrong == 0U);
    BOOST_TEST(!is_utf8(encode(0x110000)));
}

// Every sequence of one, two and three bytes: those accepted are as many as there are characters.
BOOST_AUTO_TEST_CASE(accepts_as_many_sequences_as_there_are_characters) {
    std::array<char, 3> bytes{};
    std::array<unsigned, 3> accepted{};
    for (unsigned first = 0x80; first < 0x100; ++first) {
        bytes[0] = static_cast<char>(first);
        accepted[0] += is_utf8({bytes.data(), 1}) ? 1U : 0U;
        for (unsigned second = 0x80; second < 0x100; ++second) {
            bytes[1] = static_cast<char>(second);
            accepted[1] += is_utf8({bytes.data(), 2}) ? 1U : 0U;
            for (unsigned third = 0; first >= 0xE0 && third < 0x100; ++third) {
                bytes[2] = static_cast<char>(third);
                accepted[2] += is_utf8({bytes.data(), 3}) ? 1U : 0U;
            }
        }
    }
    BOOST_TEST(accepted[0] == 0U);
    BOOST_TEST(accepted[1] == 0x800U - 0x80U);
    BOOST_TEST(accepted[2] == 0x10000U - 0x800U - 0x800U);
}

BOOST_AUTO_TEST_CASE(finds_all_control_characters_and_no_others) {
    for (std::uint32_t code_point = 0; code_point < 0x3000; ++code_point) {
        const bool expected = code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F);
        const std::string character = encode(code_point);
        if (has_control_character(character) != expected ||
            has_control_character("a" + character + "b") != expected) {
            BOOST_ERROR("U+" << std::hex << code_point);
        }
    }
}

BOOST_AUTO_TEST_CASE(takes_no_continuation_byte_for_a_control_character) {
    // U+0400 is D0 80, U+20AC is E2 82 AC, U+1F511 is F0 9F 94 91.
    BOOST_TEST(!has_control_character("\xD0\x80 \xE2\x82\xAC \xF0\x9F\x94\x91"));
    BOOST_TEST(!has_control_character(""));
}

struct Pair : test::Case {
    std::string a;
    std::string b;
    bool equal;
};

const Pair k_pairs[] = {
    {{"the same"}, "form-data", "form-data", true},
    {{"another case"}, "Form-DATA", "fORM-data", true},
    {{"first and last letters"}, "azAZ", "AZaz", true},
    {{"both empty"}, "", "", true},
    {{"one empty"}, "", "a", false},
    {{"a prefix"}, "form", "form-data", false},
    {{"at and backtick"}, "@", "`", false},
    {{"brackets and braces"}, "[", "{", false},
    {{"other letters"}, "a", "b", false},
    {{"no other alphabet's case"}, "\xC3\xA9", "\xC3\x89", false},
    {{"the Kelvin sign is no k"}, "\xE2\x84\xAA", "k", false},
};

BOOST_DATA_TEST_CASE(compares_without_ascii_case, k_pairs, row) {
    BOOST_TEST(equals_ignoring_case(row.a, row.b) == row.equal);
    BOOST_TEST(equals_ignoring_case(row.b, row.a) == row.equal);
}

struct Trimmed : test::Case {
    std::string text;
    std::string expected;
};

const Trimmed k_trimmed[] = {
    {{"nothing to trim"}, "a", "a"},
    {{"both ends"}, " \t a \t ", "a"},
    {{"inner spaces stay"}, " a  b ", "a  b"},
    {{"only spaces"}, " \t ", ""},
    {{"empty"}, "", ""},
    {{"line ends stay"}, "\r\na\r\n", "\r\na\r\n"},
    {{"vertical tabs and zeros stay"}, test::with_zeros("\va\0"), test::with_zeros("\va\0")},
};

BOOST_DATA_TEST_CASE(trims_spaces_and_tabs_only, k_trimmed, row) {
    BOOST_TEST(trim(row.text) == row.expected);
}

struct Number : test::Case {
    std::string digits;
    long long expected;
};

const Number k_numbers[] = {
    {{"zero"}, "0", 0},
    {{"one digit"}, "7", 7},
    {{"several"}, "16384", 16384},
    {{"leading zeros"}, "0042", 42},
    {{"the largest"}, "9223372036854775807", 9223372036854775807},
    {{"one more"}, "9223372036854775808", -1},
    {{"two to the 64 plus one"}, "18446744073709551617", -1},
    {{"a hundred digits"}, "1000000000000000000000000000000000000000000000000000000", -1},
    {{"empty"}, "", -1},
    {{"minus"}, "-1", -1},
    {{"minus zero"}, "-0", -1},
    {{"only a minus"}, "-", -1},
    {{"plus"}, "+5", -1},
    {{"a space before"}, " 5", -1},
    {{"a space after"}, "5 ", -1},
    {{"a line end after"}, "5\n", -1},
    {{"a list"}, "5, 5", -1},
    {{"exponent"}, "1e3", -1},
    {{"hexadecimal"}, "0x5", -1},
    {{"a fraction"}, "5.0", -1},
    {{"a zero byte after"}, test::with_zeros("5\0"), -1},
    {{"digits that are not ASCII"}, "\xD9\xA5", -1},
};

BOOST_DATA_TEST_CASE(reads_plain_decimal_numbers_only, k_numbers, row) {
    BOOST_TEST(parse_decimal(row.digits) == row.expected);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
