// SPDX-License-Identifier: MIT
#include "roomkey/token/guest.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "support.hpp"

namespace {

using namespace roomkey;
using test::FixedRandom;

BOOST_AUTO_TEST_SUITE(guest)

unsigned char byte_of(unsigned value) {
    return static_cast<unsigned char>(value & 0xFFU);
}

std::string color_of(unsigned byte) {
    FixedRandom random({byte_of(byte)});
    return guest_color(random);
}

std::string name_of(unsigned first, unsigned second) {
    FixedRandom random({byte_of(first), byte_of(second)});
    return guest_name(random);
}

bool is_color(const std::string& text) {
    return text.size() == 7 && text[0] == '#' &&
           text.find_first_not_of("0123456789abcdef", 1) == std::string::npos;
}

// WCAG 2.1, relative luminance of an sRGB colour; its threshold is 0.03928 by the letter.
double luminance_of(const std::string& color) {
    const auto channel = [&color](std::size_t at) {
        const double level = std::stoi(color.substr(at, 2), nullptr, 16) / 255.0;
        return level <= 0.03928 ? level / 12.92 : std::pow((level + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

BOOST_AUTO_TEST_CASE(gives_a_color_that_is_readable_on_white_and_on_black) {
    unsigned wrong = 0;
    double darkest = 1;
    double brightest = 0;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const std::string color = color_of(byte);
        if (!is_color(color)) {
            ++wrong;
            continue;
        }
        const double luminance = luminance_of(color);
        darkest = std::min(darkest, luminance);
        brightest = std::max(brightest, luminance);
    }
    BOOST_TEST(wrong == 0U);
    BOOST_TEST(darkest >= 0.175);
    BOOST_TEST(brightest <= 0.183);
    // WCAG 2.1, contrast ratio.
    BOOST_TEST(1.05 / (brightest + 0.05) >= 4.5);
    BOOST_TEST((darkest + 0.05) / 0.05 >= 4.5);
}

BOOST_AUTO_TEST_CASE(gives_64_colors_all_around_the_wheel_each_as_likely_as_the_other) {
    std::set<std::string> colors;
    for (unsigned byte = 0; byte < 256; ++byte) {
        colors.insert(color_of(byte));
        BOOST_TEST(color_of(byte) == color_of(byte % 64));
    }
    BOOST_TEST(colors.size() == 64U);
    const auto strongest = [](const std::string& color) {
        const std::string channels[] = {color.substr(1, 2), color.substr(3, 2), color.substr(5, 2)};
        return std::max_element(std::begin(channels), std::end(channels)) - std::begin(channels);
    };
    BOOST_TEST(strongest(color_of(0)) == 0);
    BOOST_TEST(strongest(color_of(21)) == 1);
    BOOST_TEST(strongest(color_of(42)) == 2);
}

BOOST_AUTO_TEST_CASE(gives_a_name_of_two_words) {
    for (unsigned first = 0; first < 256; ++first) {
        const std::string name = name_of(first, 255 - first);
        const std::size_t line = name.find('_');
        BOOST_TEST(line != std::string::npos);
        BOOST_TEST(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos);
        BOOST_TEST(name.find('_', line + 1) == std::string::npos);
        BOOST_TEST(line >= 3U);
        BOOST_TEST(name.size() - line > 3U);
    }
}

BOOST_AUTO_TEST_CASE(gives_4096_names_each_as_likely_as_the_other) {
    std::set<std::string> names;
    for (unsigned first = 0; first < 64; ++first) {
        for (unsigned second = 0; second < 64; ++second) {
            names.insert(name_of(first, second));
        }
    }
    BOOST_TEST(names.size() == 4096U);
    for (unsigned byte = 0; byte < 256; ++byte) {
        BOOST_TEST(name_of(byte, byte) == name_of(byte % 64, byte % 64));
    }
}

BOOST_AUTO_TEST_CASE(gives_a_uuid_of_version_4) {
    FixedRandom random({0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB,
                        0xCC, 0xDD, 0xEE, 0xFF});
    BOOST_TEST(uuid(random) == "00112233-4455-4677-8899-aabbccddeeff");
}

BOOST_AUTO_TEST_CASE(sets_version_and_variant_whatever_the_bytes_are) {
    FixedRandom ones({0xFF});
    BOOST_TEST(uuid(ones) == "ffffffff-ffff-4fff-bfff-ffffffffffff");
    FixedRandom zeros({0x00});
    BOOST_TEST(uuid(zeros) == "00000000-0000-4000-8000-000000000000");
}

// A guest without randomness would be the same for everybody.
BOOST_AUTO_TEST_CASE(gives_nothing_without_randomness) {
    test::BrokenRandom broken;
    BOOST_CHECK_THROW((void)guest_name(broken), std::runtime_error);
    BOOST_CHECK_THROW((void)guest_color(broken), std::runtime_error);
    BOOST_CHECK_THROW((void)uuid(broken), std::runtime_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
