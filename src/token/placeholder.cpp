// SPDX-License-Identifier: MIT
#include "roomkey/token/placeholder.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "roomkey/request/meta_variable.hpp"
#include "roomkey/text/char_set.hpp"
#include "roomkey/text/escape.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

using namespace std::string_view_literals;

constexpr CharSet k_variable_characters(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
constexpr CharSet k_name_characters(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
// Field names are more liberal than variables: forms have `user-id` and `data.name`.
constexpr CharSet k_field_characters(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");
constexpr CharSet k_quoted_characters(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-. ");

bool consists_of(std::string_view text, const CharSet& characters) {
    return !text.empty() && characters.has_all(text);
}

Mismatch mismatch(std::string_view expected, std::string_view found) {
    return {std::string(expected), found.empty() ? "nothing" : std::string(found)};
}

Result<Reference, Mismatch> parse_server(std::string_view name) {
    if (name.starts_with("ROOMKEY_") && consists_of(name, k_variable_characters)) {
        return Reference{Source::server, std::string(name)};
    }
    std::string found = "server." + std::string(name);
    if (name == "REMOTE_USER" || name.starts_with("HTTP_")) {
        found += ", which visitors can set themselves";
    }
    return mismatch(
        "a server.ROOMKEY_ name, set on purpose in the web server "
        "(fastcgi_param ROOMKEY_USER $remote_user;)",
        found);
}

Result<Reference, Mismatch> parse_environment(std::string_view name,
                                              const Parameters& environment) {
    const std::string found = "env." + std::string(name);
    if (!consists_of(name, k_variable_characters)) {
        return mismatch("a variable's name", found);
    }
    // Everybody who has a token can read its claims.
    if (name == "SCALEDRONE_CHANNEL_SECRET") {
        return mismatch("another variable", found + ", which would publish the key");
    }
    if (is_meta_variable(name)) {
        return mismatch("a variable that no web server fills from a request", found);
    }
    const auto value = environment.find(name);
    if (value && !is_utf8(*value)) {
        return mismatch("a variable in UTF-8", found + " with other bytes");
    }
    return Reference{Source::constant, std::string(value.value_or(std::string_view{}))};
}

Result<Reference, Mismatch> parse_now(std::string_view offset) {
    // Ten years, far beyond what a token should last.
    constexpr long long k_max_offset = 10LL * 365 * 24 * 60 * 60;
    Reference reference{Source::now};
    if (!offset.empty()) {
        const long long seconds = parse_decimal(offset.substr(1));
        if (seconds < 0 || seconds > k_max_offset) {
            return mismatch("an offset in seconds, at most ten years", "now" + std::string(offset));
        }
        reference.offset = offset.front() == '-' ? -seconds : seconds;
    }
    return reference;
}

Result<Reference, Mismatch> parse_reference(std::string_view text, const Parameters& environment) {
    constexpr std::array<std::pair<std::string_view, Source>, 3> k_random{
        std::pair{"uuid"sv, Source::uuid}, std::pair{"guest.name"sv, Source::guest_name},
        std::pair{"guest.color"sv, Source::guest_color}};
    for (const auto& [name, source] : k_random) {
        if (text == name) {
            return Reference{source};
        }
    }
    // The rest of `text` if it begins with `prefix`.
    const auto after = [text](std::string_view prefix) {
        return text.starts_with(prefix) ? std::optional(text.substr(prefix.size())) : std::nullopt;
    };
    constexpr std::array<std::pair<std::string_view, Source>, 2> k_named{
        std::pair{"form."sv, Source::form}, std::pair{"previous."sv, Source::previous}};
    for (const auto& [prefix, source] : k_named) {
        if (const auto name = after(prefix); name && consists_of(*name, k_field_characters)) {
            return Reference{source, std::string(*name)};
        }
    }
    if (const auto name = after("server.")) {
        return parse_server(*name);
    }
    if (const auto name = after("env.")) {
        return parse_environment(*name, environment);
    }
    if (text == "now" || text.starts_with("now+") || text.starts_with("now-")) {
        return parse_now(*after("now"));
    }
    if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'') {
        const std::string_view quoted = text.substr(1, text.size() - 2);
        return consists_of(quoted, k_quoted_characters)
                   ? Result<Reference, Mismatch>(Reference{Source::constant, std::string(quoted)})
                   : mismatch("letters, digits, spaces and _ . - in quotes", text);
    }
    return mismatch(
        "form.NAME, server.ROOMKEY_NAME, previous.PATH, env.NAME, now, now+N, now-N, uuid, "
        "guest.name, guest.color or 'text'",
        text);
}

Result<Filter, Mismatch> parse_filter(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, Filter>, 4> k_filters{
        std::pair{"name"sv, Filter::name}, std::pair{"regex"sv, Filter::regex},
        std::pair{"uri"sv, Filter::uri}, std::pair{"text"sv, Filter::text}};
    for (const auto& [name, filter] : k_filters) {
        if (text == name) {
            return filter;
        }
    }
    return mismatch("|name, |regex, |uri or |text", "|" + std::string(text));
}

// What is inside of ${ and }. A constant comes back as text.
Result<Text::Piece, Mismatch> parse_placeholder(std::string_view text,
                                                const Parameters& environment) {
    Placeholder placeholder;
    std::string_view alternatives = text.substr(0, text.find('|'));
    if (alternatives.size() < text.size()) {
        const auto filter = parse_filter(trim(text.substr(alternatives.size() + 1)));
        if (!filter) {
            return filter.error();
        }
        placeholder.filter = *filter;
    }
    bool is_last = false;
    while (!is_last) {
        const std::string_view alternative = alternatives.substr(0, alternatives.find("??"));
        is_last = alternative.size() == alternatives.size();
        alternatives.remove_prefix(is_last ? alternative.size() : alternative.size() + 2);
        auto reference = parse_reference(trim(alternative), environment);
        if (!reference) {
            return std::move(reference.error());
        }
        // An empty constant is absent; what stands behind another is never reached.
        const bool is_absent = reference->source == Source::constant && reference->name.empty();
        const bool is_decided = !placeholder.alternatives.empty() &&
                                placeholder.alternatives.back().source == Source::constant;
        if (!is_absent && !is_decided) {
            placeholder.alternatives.push_back(std::move(*reference));
        } else if (is_absent && is_last && !is_decided) {
            return mismatch(
                "a variable of the environment that is set and not empty, or a "
                "fallback with ??",
                "none for ${" + std::string(text) + "}");
        }
    }
    if (placeholder.alternatives.front().source == Source::constant) {
        return Text::Piece(filtered(placeholder.alternatives.front().name, placeholder.filter));
    }
    return Text::Piece(std::move(placeholder));
}

}  // namespace

bool Reference::depends_on_request() const {
    switch (source) {
        case Source::form:
        case Source::server:
        case Source::previous: return true;
        case Source::constant:
        case Source::now:
        case Source::uuid:
        case Source::guest_name:
        case Source::guest_color: break;
    }
    return false;
}

bool Placeholder::has(Source source) const {
    return std::any_of(alternatives.begin(), alternatives.end(),
                       [source](const Reference& each) { return each.source == source; });
}

bool Placeholder::depends_on_request() const {
    return std::any_of(alternatives.begin(), alternatives.end(),
                       [](const Reference& each) { return each.depends_on_request(); });
}

const std::string* Text::constant() const {
    static const std::string k_empty;
    return pieces.empty()
               ? &k_empty
               : (pieces.size() == 1 ? std::get_if<std::string>(&pieces.front()) : nullptr);
}

const Placeholder* Text::whole() const {
    return pieces.size() == 1 ? std::get_if<Placeholder>(&pieces.front()) : nullptr;
}

std::vector<const Placeholder*> Text::placeholders() const {
    std::vector<const Placeholder*> found;
    for (const Piece& piece : pieces) {
        if (const auto* placeholder = std::get_if<Placeholder>(&piece)) {
            found.push_back(placeholder);
        }
    }
    return found;
}

bool Text::depends_on_request() const {
    const auto all = placeholders();
    return std::any_of(all.begin(), all.end(),
                       [](const Placeholder* each) { return each->depends_on_request(); });
}

Result<Text, Mismatch> parse_text(std::string_view written, const Parameters& environment) {
    constexpr std::string_view k_open = "${";
    Text text{std::string(written), {}};
    std::string literal;
    const auto end_literal = [&] {
        if (!literal.empty()) {
            text.pieces.emplace_back(std::exchange(literal, {}));
        }
    };
    for (std::string_view rest = written; !rest.empty();) {
        const std::size_t open = std::min(rest.find(k_open), rest.size());
        literal.append(rest.substr(0, open));
        rest.remove_prefix(open);
        if (rest.empty()) {
            break;
        }
        const std::size_t close = rest.find('}');
        if (close == std::string_view::npos) {
            return mismatch("a placeholder ${NAME}", "${ without its }");
        }
        auto piece =
            parse_placeholder(rest.substr(k_open.size(), close - k_open.size()), environment);
        if (!piece) {
            return std::move(piece.error());
        }
        if (const auto* constant = std::get_if<std::string>(&*piece)) {
            literal.append(*constant);
        } else {
            end_literal();
            text.pieces.push_back(std::move(*piece));
        }
        rest.remove_prefix(close + 1);
    }
    end_literal();
    return text;
}

bool is_name(std::string_view value) {
    return consists_of(value, k_name_characters);
}

bool may_have(const Placeholder& placeholder, std::string_view character) {
    if (placeholder.filter == Filter::uri) {
        return is_unreserved(character) || character == "%";
    }
    return !placeholder.is_name_in_text() || is_name(character) ||
           (character == "#" && placeholder.has(Source::guest_color)) ||
           std::any_of(placeholder.alternatives.begin(), placeholder.alternatives.end(),
                       [character](const Reference& each) {
                           return each.source == Source::constant &&
                                  each.name.find(character) != std::string::npos;
                       });
}

std::string filtered(std::string_view value, Filter filter) {
    switch (filter) {
        case Filter::regex: return quote_regex(value);
        case Filter::uri: return percent_encode(value);
        case Filter::none:
        case Filter::name:
        case Filter::text: break;
    }
    return std::string(value);
}

}  // namespace roomkey
