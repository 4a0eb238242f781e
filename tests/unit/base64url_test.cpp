// SPDX-License-Identifier: MIT
#include "roomkey/text/base64url.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <openssl/evp.h>

#include <string>
#include <vector>

#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(base64url)

std::string encode(std::string_view bytes) {
    std::string text;
    roomkey::base64url::append(text, bytes);
    return text;
}

struct Vector : test::Case {
    std::string bytes;
    std::string text;
};

// RFC 4648 10, without the padding; and the two characters in which base64url is its own.
const Vector k_vectors[] = {
    {{"empty"}, "", ""},
    {{"f"}, "f", "Zg"},
    {{"fo"}, "fo", "Zm8"},
    {{"foo"}, "foo", "Zm9v"},
    {{"foob"}, "foob", "Zm9vYg"},
    {{"fooba"}, "fooba", "Zm9vYmE"},
    {{"foobar"}, "foobar", "Zm9vYmFy"},
    {{"minus"}, "\xFB\xEF\xBE", "----"},
    {{"underscore"}, "\xFF\xFF\xFF", "____"},
    {{"zeros"}, std::string(4, '\0'), "AAAAAA"},
};

BOOST_DATA_TEST_CASE(encodes_the_vectors, k_vectors, row) {
    BOOST_TEST(encode(row.bytes) == row.text);
}

BOOST_DATA_TEST_CASE(decodes_the_vectors, k_vectors, row) {
    const auto bytes = roomkey::base64url::decode(row.text);
    BOOST_REQUIRE(bytes.has_value());
    BOOST_TEST(*bytes == row.bytes);
}

BOOST_AUTO_TEST_CASE(appends_to_what_is_there) {
    std::string text = "head.";
    roomkey::base64url::append(text, std::string_view("foo"));
    BOOST_TEST(text == "head.Zm9v");
}

// Bytes of every value, and of no regular order.
std::string sample(std::size_t size) {
    std::string bytes;
    unsigned state = 1;
    while (bytes.size() < size) {
        state = state * 1103515245U + 12345U;
        bytes += static_cast<char>(state >> 16U & 0xFFU);
    }
    return bytes;
}

BOOST_AUTO_TEST_CASE(agrees_with_openssl_and_decodes_back_at_every_length) {
    for (std::size_t size = 0; size <= 300; ++size) {
        const std::string bytes = sample(size);
        std::string expected((size + 2) / 3 * 4 + 1, '\0');
        expected.resize(static_cast<std::size_t>(EVP_EncodeBlock(
            reinterpret_cast<unsigned char*>(expected.data()),
            reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(size))));
        expected.resize(expected.find('=') == std::string::npos ? expected.size()
                                                                : expected.find('='));
        for (char& c : expected) {
            c = c == '+' ? '-' : c == '/' ? '_' : c;
        }
        const std::string text = encode(bytes);
        BOOST_TEST(text == expected);
        BOOST_TEST(roomkey::base64url::decode(text).value_or("refused") == bytes);
    }
}

struct Refused : test::Case {
    std::string text;
};

const Refused k_refused[] = {
    {{"padding of one"}, "Zm8="},
    {{"padding of two"}, "Zg=="},
    {{"only padding"}, "===="},
    {{"plus of base64"}, "+v++"},
    {{"slash of base64"}, "/v//"},
    {{"a space before"}, " Zm9v"},
    {{"a space inside"}, "Zm 9v"},
    {{"a line end after"}, "Zm9v\n"},
    {{"a point"}, "Zm9v.Zm9"},
    {{"a zero byte"}, test::with_zeros("Zm\0v")},
    {{"a byte above ASCII"}, "Zm\xE9v"},
    {{"a length of one"}, "Z"},
    {{"a length of one, of zeros"}, "A"},
    {{"a length of five, of zeros"}, "AAAAA"},
    {{"a length of five"}, "Zm9vZ"},
    {{"four unused bits that are not zero"}, "Zh"},
    {{"the highest unused bit of four"}, "Zo"},
    {{"two unused bits that are not zero"}, "Zm9"},
    {{"the highest unused bit of two"}, "Zm-"},
    {{"unused bits after whole groups"}, "Zm9vZh"},
};

BOOST_DATA_TEST_CASE(refuses_what_no_encoding_gives, k_refused, row) {
    BOOST_TEST(!roomkey::base64url::decode(row.text).has_value());
}

// One value with two spellings would be two tokens where a cache or a deny list sees one.
BOOST_AUTO_TEST_CASE(has_one_spelling_for_each_byte) {
    std::vector<int> spellings(256);
    for (int first = 0; first < 256; ++first) {
        for (int second = 0; second < 256; ++second) {
            const char text[] = {static_cast<char>(first), static_cast<char>(second)};
            if (const auto bytes = roomkey::base64url::decode({text, 2})) {
                BOOST_REQUIRE(bytes->size() == 1U);
                ++spellings[static_cast<unsigned char>(bytes->front())];
            }
        }
    }
    BOOST_TEST(spellings == std::vector<int>(256, 1), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
