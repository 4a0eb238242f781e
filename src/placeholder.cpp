// SPDX-License-Identifier: MIT
#include "roomkey/placeholder.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "roomkey/char_set.hpp"
#include "roomkey/text.hpp"

namespace roomkey {

namespace {

constexpr std::string_view k_word_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

// Furthest offset of `now`, in seconds: ten years, far beyond what a token should last.
constexpr long long k_longest_offset = 10LL * 365 * 24 * 60 * 60;

using Finding = std::string;
using namespace std::string_view_literals;

// Appends `text` by runs of what stays as it is, which mostly is all of it; what is special is left
// to `escape`.
template <class Escape>
void append_escaped(std::string& out, std::string_view text, const CharSet& special,
                    Escape escape) {
    std::size_t run = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (special.has(text[i])) {
            out.append(text, run, i - run);
            escape(text[i]);
            run = i + 1;
        }
    }
    out.append(text, run);
}

bool is_name(std::string_view text) {
    return !text.empty() && text.find_first_not_of(k_word_characters) == std::string_view::npos;
}

// Field names are more liberal than variables: forms have `user-id` and `data.name`.
bool is_field_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c == '-' || c == '.' || k_word_characters.find(c) != std::string_view::npos;
    });
}

Result<Reference, Finding> parse_server(std::string_view name) {
    if (name.starts_with("ROOMKEY_") && is_name(name)) {
        return Reference{Source::server, std::string(name)};
    }
    if (name == "REMOTE_USER" || name.starts_with("HTTP_")) {
        return "found server." + std::string(name) +
               ", which visitors can set themselves; only server.ROOMKEY_ names are allowed, set "
               "on purpose in the web server (fastcgi_param ROOMKEY_USER $remote_user;)";
    }
    return "found server." + std::string(name) + "; only server.ROOMKEY_ names are allowed";
}

Result<Reference, Finding> parse_environment(std::string_view name, const Parameters& environment) {
    if (!is_name(name)) {
        return "found env." + std::string(name) + "; a variable's name is allowed";
    }
    // Everybody who has a token can read its claims.
    if (name == "SCALEDRONE_CHANNEL_SECRET") {
        return Finding(
            "found env.SCALEDRONE_CHANNEL_SECRET, which would publish the key; another "
            "variable is allowed");
    }
    const auto value = environment.find(name);
    if (value && !is_utf8(*value)) {
        return "environment variable " + std::string(name) + " is not UTF-8";
    }
    return Reference{Source::constant, std::string(value.value_or(std::string_view{}))};
}

Result<Reference, Finding> parse_now(std::string_view offset) {
    if (offset.empty()) {
        return Reference{Source::now};
    }
    const long long seconds = parse_decimal(offset.substr(1));
    if ((offset.front() != '+' && offset.front() != '-') || seconds < 0 ||
        seconds > k_longest_offset) {
        return "found now" + std::string(offset) +
               "; now, now+N or now-N with N in seconds, at most ten years, is allowed";
    }
    return Reference{Source::now, {}, offset.front() == '-' ? -seconds : seconds};
}

// A constant of few characters, so that none of the language's own can be among them.
Result<Reference, Finding> parse_quoted(std::string_view quoted) {
    const std::string_view text = quoted.substr(1, quoted.size() - 2);
    const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
        return c == ' ' || c == '-' || c == '.' ||
               k_word_characters.find(c) != std::string_view::npos;
    });
    if (text.empty() || !plain) {
        return "found " + std::string(quoted) +
               "; letters, digits, spaces and _ . - are allowed in quotes";
    }
    return Reference{Source::constant, std::string(text)};
}

Result<Reference, Finding> parse_reference(std::string_view text, const Parameters& environment) {
    constexpr std::array<std::pair<std::string_view, Source>, 3> k_random{
        std::pair{"uuid", Source::uuid}, std::pair{"guest.name", Source::guest_name},
        std::pair{"guest.color", Source::guest_color}};
    for (const auto& [name, source] : k_random) {
        if (text == name) {
            return Reference{source};
        }
    }
    constexpr std::string_view k_form = "form.";
    constexpr std::string_view k_previous = "previous.";
    constexpr std::string_view k_server = "server.";
    constexpr std::string_view k_env = "env.";
    constexpr std::string_view k_now = "now";
    if (text.starts_with(k_form) && is_field_name(text.substr(k_form.size()))) {
        return Reference{Source::form, std::string(text.substr(k_form.size()))};
    }
    if (text.starts_with(k_previous) && is_field_name(text.substr(k_previous.size()))) {
        return Reference{Source::previous, std::string(text.substr(k_previous.size()))};
    }
    if (text.starts_with(k_server)) {
        return parse_server(text.substr(k_server.size()));
    }
    if (text.starts_with(k_env)) {
        return parse_environment(text.substr(k_env.size()), environment);
    }
    if (text.starts_with(k_now) && text.find_first_of("+-") == k_now.size()) {
        return parse_now(text.substr(k_now.size()));
    }
    if (text == k_now) {
        return parse_now({});
    }
    if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
        return parse_quoted(text);
    }
    return "found " + (text.empty() ? "nothing" : std::string(text)) +
           "; form.NAME, server.ROOMKEY_NAME, previous.PATH, env.NAME, now, now+N, now-N, uuid, "
           "guest.name, "
           "guest.color or 'text' is allowed";
}

Result<Filter, Finding> parse_filter(std::string_view text) {
    if (text == "regex") {
        return Filter::regex;
    }
    if (text == "json") {
        return Filter::json;
    }
    return "found filter |" + std::string(text) + "; |regex or |json is allowed";
}

// Takes the text before the next `separator` off `rest`; nothing is left when there is none.
std::string_view take_until(std::optional<std::string_view>& rest, std::string_view separator) {
    const std::string_view all = *rest;
    const std::size_t at = all.find(separator);
    if (at == std::string_view::npos) {
        rest.reset();
        return trim(all);
    }
    rest = all.substr(at + separator.size());
    return trim(all.substr(0, at));
}

// With each further one a quote or a backslash may take twice the room, without end.
std::optional<Finding> check_filters(const Placeholder& placeholder) {
    constexpr std::size_t k_most = 2;
    if (placeholder.filters.size() > k_most) {
        return "found " + std::to_string(placeholder.filters.size()) +
               " filters on one value; two are allowed";
    }
    return std::nullopt;
}

// An empty constant is as good as absent, so it can only be the first of several alternatives.
std::optional<Finding> check_alternatives(const Placeholder& placeholder, std::string_view text) {
    const Reference& last = placeholder.alternatives.back();
    if (last.source == Source::constant && last.name.empty()) {
        return "found ${" + std::string(text) +
               "}, but the environment has no such variable, or an empty one; set it, or give a "
               "fallback with ??";
    }
    return std::nullopt;
}

Result<Placeholder, Finding> parse_placeholder(std::string_view text,
                                               const Parameters& environment) {
    Placeholder placeholder;
    std::optional<std::string_view> filters = text;
    std::optional<std::string_view> alternatives = take_until(filters, "|");
    while (alternatives) {
        auto reference = parse_reference(take_until(alternatives, "??"), environment);
        if (!reference) {
            return reference.error();
        }
        placeholder.alternatives.push_back(std::move(*reference));
    }
    while (filters) {
        auto filter = parse_filter(take_until(filters, "|"));
        if (!filter) {
            return filter.error();
        }
        placeholder.filters.push_back(*filter);
    }
    if (auto finding = check_filters(placeholder)) {
        return std::move(*finding);
    }
    if (auto finding = check_alternatives(placeholder, text)) {
        return std::move(*finding);
    }
    return placeholder;
}

}  // namespace

bool Placeholder::has(Source source) const {
    return std::any_of(alternatives.begin(), alternatives.end(),
                       [source](const Reference& each) { return each.source == source; });
}

std::string Placeholder::filtered(std::string_view value) const {
    std::string text(value);
    for (const Filter filter : filters) {
        if (filter == Filter::regex) {
            text = quote_regex(text);
        } else {
            std::string quoted(1, '"');
            append_json_escaped(quoted, text);
            text = quoted.append(1, '"');
        }
    }
    return text;
}

std::optional<std::string> Placeholder::constant() const {
    for (const Reference& reference : alternatives) {
        if (reference.source != Source::constant) {
            return std::nullopt;
        }
        if (!reference.name.empty()) {
            return filtered(reference.name);
        }
    }
    return std::nullopt;
}

Result<std::vector<Piece>, std::string> parse_placeholders(std::string_view text,
                                                           const Parameters& environment) {
    constexpr std::string_view k_open = "${";
    std::vector<Piece> pieces;
    while (!text.empty()) {
        const std::size_t open = std::min(text.find(k_open), text.size());
        if (open > 0) {
            pieces.emplace_back(std::string(text.substr(0, open)));
            text.remove_prefix(open);
            continue;
        }
        const std::size_t close = text.find('}');
        if (close == std::string_view::npos) {
            return std::string("found ${ without its }; a placeholder is ${NAME}");
        }
        auto placeholder =
            parse_placeholder(text.substr(k_open.size(), close - k_open.size()), environment);
        if (!placeholder) {
            return std::move(placeholder.error());
        }
        pieces.emplace_back(std::move(*placeholder));
        text.remove_prefix(close + 1);
    }
    return pieces;
}

std::string with_stand_in(const std::vector<Piece>& pieces, std::string_view stand_in) {
    std::string text;
    for (const Piece& piece : pieces) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        text += placeholder == nullptr ? std::get<std::string>(piece)
                                       : placeholder->constant().value_or(std::string(stand_in));
    }
    return text;
}

bool has_foreign(const std::vector<Piece>& pieces) {
    return std::any_of(pieces.begin(), pieces.end(), [](const Piece& piece) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        return placeholder != nullptr && placeholder->is_foreign();
    });
}

std::string quote_regex(std::string_view text) {
    static constexpr CharSet k_special("^$\\.*+?()[]{}|/");
    std::string quoted;
    append_escaped(quoted, text, k_special,
                   [&quoted](char c) { quoted.append(1, '\\').append(1, c); });
    return quoted;
}

void append_json_escaped(std::string& out, std::string_view text) {
    static constexpr CharSet k_special(
        "\"\\"
        "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F"
        "\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F"sv);
    append_escaped(out, text, k_special, [&out](char c) {
        constexpr std::string_view k_hex = "0123456789abcdef";
        out += '\\';
        if (c == '"' || c == '\\') {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out.append("u00").append(1, k_hex[byte >> 4U]).append(1, k_hex[byte & 15U]);
        }
    });
}

}  // namespace roomkey
