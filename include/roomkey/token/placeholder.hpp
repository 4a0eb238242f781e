// SPDX-License-Identifier: MIT
// The placeholder language of the policy: `room-${form.room ?? guest.name|regex}`.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "roomkey/request/http.hpp"
#include "roomkey/text/diagnostics.hpp"
#include "roomkey/text/result.hpp"

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
    // The field's or parameter's name, or the claim's path; for a constant, its value.
    std::string name = {};
    // Seconds, for `now`.
    long long offset = 0;

    // Whether the value comes with the request, so that whoever sends it may choose it.
    [[nodiscard]] bool depends_on_request() const;

    bool operator==(const Reference&) const = default;
};

// What is done to the chosen value before it is inserted.
enum class Filter {
    none,
    name,   // nothing: the value must be a name, as it must in longer text without a filter
    regex,  // regex syntax characters are quoted
    uri,    // all but RFC 3986's unreserved characters is percent-encoded
    text,   // nothing: the policy's author vouches for the place
};

struct Placeholder {
    // The first alternative that is present and not empty is taken. All but the last may be absent.
    // The first is no constant, for then the whole would be one.
    std::vector<Reference> alternatives;
    Filter filter = Filter::none;

    [[nodiscard]] bool has(Source source) const;
    [[nodiscard]] bool depends_on_request() const;
    // Whether within longer text its value must be a name: without a filter, and with |name.
    [[nodiscard]] bool is_name_in_text() const {
        return filter == Filter::none || filter == Filter::name;
    }

    bool operator==(const Placeholder&) const = default;
};

// Text with placeholders, as it is written and cut into pieces. Constants are resolved, and no two
// pieces of literal text follow each other; the empty text has no pieces.
struct Text {
    using Piece = std::variant<std::string, Placeholder>;

    std::string written;
    std::vector<Piece> pieces;

    // The text if no request can change it, else null.
    [[nodiscard]] const std::string* constant() const;
    // The placeholder that the text consists of, or null.
    [[nodiscard]] const Placeholder* whole() const;
    [[nodiscard]] std::vector<const Placeholder*> placeholders() const;
    [[nodiscard]] bool depends_on_request() const;
};

// Parses text, and resolves its `env.` names against `environment`.
[[nodiscard]] Result<Text, Mismatch> parse_text(std::string_view written,
                                                const Parameters& environment);

// Whether a value is a name: letters, digits, `-` and `_`, which are no syntax in any place.
[[nodiscard]] bool is_name(std::string_view value);

// Whether the value of a placeholder in longer text may have the character, once it is filtered.
[[nodiscard]] bool may_have(const Placeholder& placeholder, std::string_view character);

// `value` as `filter` leaves it.
[[nodiscard]] std::string filtered(std::string_view value, Filter filter);

}  // namespace roomkey
