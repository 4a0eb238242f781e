// SPDX-License-Identifier: MIT
// The placeholder language of the policy: `${form.room ?? guest.name|regex}`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "roomkey/http.hpp"
#include "roomkey/result.hpp"

namespace roomkey {

// Where a value comes from, and so who controls it.
enum class Source {
    form,         // a request field: the visitor
    server,       // a ROOMKEY_ parameter that the web server sets: the operator
    previous,     // a claim of the token to be renewed, which was signed here
    constant,     // the process environment when the policy is compiled, or the policy itself
    now,          // the time of the request plus an offset
    uuid,         // random
    guest_name,   // random
    guest_color,  // random
};

struct Reference {
    Source source;
    // The field's or parameter's name; for a constant, its value.
    std::string name = {};
    // Seconds, for `now`.
    long long offset = 0;

    bool operator==(const Reference&) const = default;
};

// What is done to the chosen value before it is inserted.
enum class Filter {
    regex,  // regex syntax characters are quoted
    json,   // the value becomes a JSON string, with its quotes
};

struct Placeholder {
    // The first alternative that is present and not empty is taken.
    std::vector<Reference> alternatives;
    std::vector<Filter> filters;

    [[nodiscard]] bool has(Source source) const;

    // Whether a value may come with the request.
    [[nodiscard]] bool is_foreign() const {
        return has(Source::form) || has(Source::server) || has(Source::previous);
    }

    [[nodiscard]] bool ends_with(Filter filter) const {
        return !filters.empty() && filters.back() == filter;
    }

    bool operator==(const Placeholder&) const = default;

    // `value` as the filters leave it, one after the other.
    [[nodiscard]] std::string filtered(std::string_view value) const;

    // The filtered value if no request can change it.
    [[nodiscard]] std::optional<std::string> constant() const;
};

// Text with placeholders, cut into pieces: literal text and placeholders in their order.
using Piece = std::variant<std::string, Placeholder>;

// Cuts `text`, and resolves `env.` names against `environment`. The error is one sentence:
// what was found; what is allowed.
[[nodiscard]] Result<std::vector<Piece>, std::string> parse_placeholders(
    std::string_view text, const Parameters& environment);

// The text with `stand_in` for each placeholder that a request can change.
[[nodiscard]] std::string with_stand_in(const std::vector<Piece>& pieces,
                                        std::string_view stand_in);

[[nodiscard]] bool has_foreign(const std::vector<Piece>& pieces);

// Quotes the characters that have a meaning in a regular expression (PCRE and ECMAScript alike)
// and no other, so that an id such as `bcI:GPhz6A2T` stays as it is.
[[nodiscard]] std::string quote_regex(std::string_view text);

// Appends `text`, which must be UTF-8, as the inside of a JSON string (RFC 8259 7).
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace roomkey
