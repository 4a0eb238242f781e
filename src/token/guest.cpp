// SPDX-License-Identifier: MIT
#include "roomkey/token/guest.hpp"

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

// All around the wheel of hues at full saturation, each as dark or bright as guest.hpp promises.
constexpr std::array<std::string_view, 64> k_colors{
    "#ec0000", "#d14500", "#be5800", "#b06200", "#a46800", "#9b6d00", "#937100", "#8c7300",
    "#867500", "#817700", "#7c7900", "#787a00", "#747b00", "#6f7c00", "#6a7e00", "#647f00",
    "#5d8100", "#558200", "#4c8400", "#408500", "#318700", "#158800", "#008921", "#008837",
    "#008746", "#008751", "#00865b", "#008664", "#00856b", "#008572", "#008478", "#00847e",
    "#008383", "#008389", "#00828f", "#008196", "#00809f", "#007ea9", "#007db5", "#007ac6",
    "#0075dc", "#006dfc", "#4b64ff", "#675dff", "#7c54ff", "#8e4aff", "#9f3dff", "#ae2bff",
    "#bc02ff", "#c100f4", "#c600ea", "#c900e1", "#cc00d9", "#cf00d2", "#d100cb", "#d300c4",
    "#d600bc", "#d800b3", "#db00a9", "#dd009e", "#e00090", "#e30080", "#e6006b", "#e9004e"};

constexpr std::string_view k_hex = "0123456789abcdef";

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
    std::array<unsigned char, 1> byte{};
    random.fill(byte);
    return std::string(k_colors[byte[0] % k_colors.size()]);
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
