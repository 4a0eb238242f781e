// SPDX-License-Identifier: MIT
#include "roomkey/token/guest.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace roomkey {

namespace {

// 64 of each, so that six random bits choose one without bias.
constexpr std::array<std::string_view, 64> k_adjectives{
    "amber",   "agile",   "bright", "breezy",  "brisk",  "calm",    "candid", "cheery",
    "clever",  "copper",  "cosy",   "curious", "daring", "deft",    "eager",  "early",
    "earnest", "fair",    "fleet",  "fond",    "frank",  "gentle",  "glad",   "golden",
    "grand",   "happy",   "hardy",  "hazel",   "honest", "humble",  "ivory",  "jolly",
    "keen",    "kind",    "light",  "loyal",   "lucid",  "lucky",   "mellow", "merry",
    "mild",    "modest",  "neat",   "nimble",  "noble",  "patient", "peppy",  "placid",
    "plucky",  "polite",  "prompt", "quick",   "ready",  "rosy",    "royal",  "serene",
    "silver",  "sincere", "steady", "sunny",   "tidy",   "valiant", "warm",   "witty"};

constexpr std::array<std::string_view, 64> k_nouns{
    "acorn",  "alder",   "badger", "beacon",  "beaver",  "birch",   "bison",   "bramble",
    "canyon", "cedar",   "clover", "comet",   "coral",   "crane",   "cricket", "daisy",
    "delta",  "dolphin", "dune",   "eagle",   "ember",   "falcon",  "fern",    "finch",
    "fjord",  "fox",     "garnet", "geyser",  "glacier", "harbor",  "hare",    "hawk",
    "heron",  "ibis",    "island", "ivy",     "jasper",  "juniper", "lagoon",  "lark",
    "lemur",  "lily",    "lynx",   "maple",   "marten",  "mesa",    "meteor",  "nebula",
    "newt",   "oak",     "orchid", "otter",   "owl",     "pebble",  "plover",  "poppy",
    "puffin", "quartz",  "robin",  "sparrow", "thistle", "tulip",   "willow",  "wren"};

struct LinearColor {
    double red;
    double green;
    double blue;
};

// WCAG 2.1, "relative luminance".
constexpr double luminance(const LinearColor& color) {
    return 0.2126 * color.red + 0.7152 * color.green + 0.0722 * color.blue;
}

// A pure hue in linear light; `turn` is from 0 to 1.
constexpr LinearColor pure_hue(double turn) {
    const auto channel = [](double level) { return std::clamp(level, 0.0, 1.0); };
    const auto distance = [](double a, double b) { return std::max(a, b) - std::min(a, b); };
    const double sixth = turn * 6;
    return {channel(distance(sixth, 3) - 1), channel(2 - distance(sixth, 2)),
            channel(2 - distance(sixth, 4))};
}

// By Newton's method: std::pow is for the time of running only.
constexpr double fifth_root(double number) {
    constexpr int k_steps = 32;
    double root = 1;
    for (int i = 0; i < k_steps; ++i) {
        root = (4 * root + number / (root * root * root * root)) / 5;
    }
    return root;
}

// The inverse of the sRGB transfer function (IEC 61966-2-1), whose exponent is 2.4.
constexpr double linear_of(double encoded) {
    const double square = (encoded + 0.055) / 1.055 * ((encoded + 0.055) / 1.055);
    return encoded <= 0.04045 ? encoded / 12.92 : square * fifth_root(square);
}

// Where one byte of sRGB ends and the next begins, in linear light.
constexpr std::array<double, 255> byte_borders() {
    std::array<double, 255> borders{};
    for (std::size_t i = 0; i < borders.size(); ++i) {
        borders[i] = linear_of((static_cast<double>(i) + 0.5) / 255);
    }
    return borders;
}

constexpr auto k_borders = byte_borders();

constexpr std::string_view k_hex = "0123456789abcdef";

using Color = std::array<char, 7>;

constexpr Color color_of(double turn) {
    // The middle of the promised range; rounding to bytes moves it by less than 0.004.
    constexpr double k_target = 0.179;
    const LinearColor hue = pure_hue(turn);
    const double bright = luminance(hue);
    // Luminance is linear in linear light, so one step mixes the hue with black or with white.
    const double black = bright > k_target ? k_target / bright : 1;
    const double white = bright > k_target ? 0 : (k_target - bright) / (1 - bright);
    Color color{'#'};
    std::size_t size = 1;
    for (const double channel : {hue.red, hue.green, hue.blue}) {
        const double linear = channel * black * (1 - white) + white;
        const auto byte = static_cast<std::size_t>(
            std::upper_bound(k_borders.begin(), k_borders.end(), linear) - k_borders.begin());
        color[size++] = k_hex[byte >> 4];
        color[size++] = k_hex[byte & 15];
    }
    return color;
}

// More hues than the eye can tell apart, made by the compiler.
constexpr std::array<Color, 1024> all_colors() {
    std::array<Color, 1024> colors{};
    for (std::size_t i = 0; i < colors.size(); ++i) {
        colors[i] = color_of(static_cast<double>(i) / colors.size());
    }
    return colors;
}

constexpr auto k_colors = all_colors();

void append_hex(std::string& out, unsigned byte) {
    out += k_hex[byte >> 4 & 15];
    out += k_hex[byte & 15];
}

}  // namespace

std::string guest_name(RandomSource& random) {
    std::array<unsigned char, 2> bytes{};
    random.fill(bytes);
    std::string name(k_adjectives[bytes[0] % k_adjectives.size()]);
    return name.append(1, '_').append(k_nouns[bytes[1] % k_nouns.size()]);
}

std::string guest_color(RandomSource& random) {
    std::array<unsigned char, 2> bytes{};
    random.fill(bytes);
    const std::size_t number = std::size_t{bytes[0]} << 8U | bytes[1];
    const Color& color = k_colors[number / (0x10000 / k_colors.size())];
    return {color.begin(), color.end()};
}

std::string uuid(RandomSource& random) {
    std::array<unsigned char, 16> bytes{};
    random.fill(bytes);
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);  // version 4
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);  // variant 10
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        append_hex(text, bytes[i]);
    }
    return text;
}

}  // namespace roomkey
