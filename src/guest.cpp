// SPDX-License-Identifier: MIT
#include "roomkey/guest.hpp"

#include <algorithm>
#include <array>
#include <cmath>
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
double luminance(const LinearColor& color) {
    return 0.2126 * color.red + 0.7152 * color.green + 0.0722 * color.blue;
}

// A pure hue in linear light; `turn` is from 0 to 1.
LinearColor pure_hue(double turn) {
    const auto channel = [](double level) { return std::clamp(level, 0.0, 1.0); };
    const double sixth = turn * 6;
    return {channel(std::abs(sixth - 3) - 1), channel(2 - std::abs(sixth - 2)),
            channel(2 - std::abs(sixth - 4))};
}

// The sRGB transfer function (IEC 61966-2-1), as a byte.
unsigned srgb_byte(double linear) {
    const double encoded =
        linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1 / 2.4) - 0.055;
    return static_cast<unsigned>(std::lround(std::clamp(encoded, 0.0, 1.0) * 255));
}

void append_hex(std::string& out, unsigned byte) {
    constexpr std::string_view k_hex = "0123456789abcdef";
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
    const double turn = (bytes[0] << 8 | bytes[1]) / 65536.0;
    // The middle of the promised range; rounding to bytes moves it by less than 0.004.
    constexpr double k_target = 0.179;
    const LinearColor hue = pure_hue(turn);
    const double bright = luminance(hue);
    // Luminance is linear in linear light, so one step mixes the hue with black or with white.
    const double black = bright > k_target ? k_target / bright : 1;
    const double white = bright > k_target ? 0 : (k_target - bright) / (1 - bright);
    std::string color(1, '#');
    for (const double channel : {hue.red, hue.green, hue.blue}) {
        append_hex(color, srgb_byte(channel * black * (1 - white) + white));
    }
    return color;
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
