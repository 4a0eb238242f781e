// SPDX-License-Identifier: MIT
// multipart/form-data, read front to back: each step takes what it understands off the rest.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "roomkey/request/form.hpp"
#include "roomkey/request/media_type.hpp"
#include "roomkey/text/char_set.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

constexpr std::string_view k_crlf = "\r\n";
constexpr std::string_view k_dashes = "--";
// What stands before the boundary in a delimiter.
constexpr std::string_view k_line_start = "\r\n--";

Refusal malformed(std::string_view detail) {
    return Refusal{Reason::bad_multipart, {}, detail};
}

// RFC 2046 5.1.1: 1 to 70 characters of bchars, not ending in a space.
bool is_boundary(std::string_view text) {
    constexpr std::size_t k_max_size = 70;
    static constexpr CharSet k_boundary_characters(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        "'()+_,-./:=? ");
    return !text.empty() && text.size() <= k_max_size && text.back() != ' ' &&
           k_boundary_characters.has_all(text);
}

enum class Delimiter { part, close };

struct Cut {
    std::string_view before;
    Delimiter delimiter;
};

// What follows a delimiter's text makes it one: padding and a line end, or `--`. Otherwise the
// text only looks like it, and belongs to the content.
std::optional<Delimiter> take_delimiter_end(std::string_view& rest) {
    const bool closes = rest.starts_with(k_dashes);
    std::string_view after = closes ? rest.substr(k_dashes.size()) : rest;
    while (after.starts_with(' ') || after.starts_with('\t')) {
        after.remove_prefix(1);
    }
    if (after.starts_with(k_crlf)) {
        rest = after.substr(k_crlf.size());
        return closes ? Delimiter::close : Delimiter::part;
    }
    if (closes && after.empty()) {
        rest = after;
        return Delimiter::close;
    }
    return std::nullopt;
}

// Takes the boundary and what makes it a delimiter off the front of `rest`.
std::optional<Delimiter> take_delimiter(std::string_view& rest, std::string_view boundary) {
    if (!rest.starts_with(boundary)) {
        return std::nullopt;
    }
    std::string_view after = rest.substr(boundary.size());
    const auto kind = take_delimiter_end(after);
    if (kind) {
        rest = after;
    }
    return kind;
}

// Takes everything up to and including the next delimiter off `rest`.
std::optional<Cut> take_until_delimiter(std::string_view& rest, std::string_view boundary) {
    for (std::size_t at = rest.find(k_line_start); at != std::string_view::npos;
         at = rest.find(k_line_start, at + 1)) {
        std::string_view after = rest.substr(at + k_line_start.size());
        if (const auto kind = take_delimiter(after, boundary)) {
            const std::string_view before = rest.substr(0, at);
            rest = after;
            return Cut{before, *kind};
        }
    }
    return std::nullopt;
}

// The first delimiter may stand at the very start, without the line end before it.
std::optional<Delimiter> take_preamble(std::string_view& rest, std::string_view boundary) {
    if (rest.starts_with(k_dashes)) {
        std::string_view after = rest.substr(k_dashes.size());
        if (const auto kind = take_delimiter(after, boundary)) {
            rest = after;
            return kind;
        }
    }
    const auto cut = take_until_delimiter(rest, boundary);
    return cut ? std::optional(cut->delimiter) : std::nullopt;
}

// The name of the field that a part is: nothing if the part is none (an upload, or no form data).
Outcome<std::optional<std::string>> field_name(std::string_view headers) {
    std::optional<ParameterizedValue> disposition;
    while (!headers.empty()) {
        const std::string_view line = headers.substr(0, headers.find(k_crlf));
        headers.remove_prefix(std::min(line.size() + k_crlf.size(), headers.size()));
        const std::size_t colon = line.find(':');
        // A folded line (RFC 5322 2.2.3) starts with a space; nobody sends one.
        if (colon == 0 || colon == std::string_view::npos || line.front() == ' ' ||
            line.front() == '\t' || line.find('\r') != std::string_view::npos ||
            line.find('\n') != std::string_view::npos) {
            return malformed("bad part header");
        }
        if (!equals_ignoring_case(line.substr(0, colon), "Content-Disposition")) {
            continue;
        }
        if (disposition) {
            return malformed("two Content-Disposition headers in one part");
        }
        disposition = ParameterizedValue::parse(line.substr(colon + 1));
        if (!disposition) {
            return malformed("bad Content-Disposition");
        }
    }
    if (!disposition || !equals_ignoring_case(disposition->value(), "form-data") ||
        disposition->find("filename") || disposition->find("filename*")) {
        return std::optional<std::string>{};
    }
    return std::optional<std::string>(disposition->find("name"));
}

Outcome<std::monostate> add_part(FormBuilder& form, std::string_view part) {
    // A part without headers starts with the empty line at once.
    const bool bare = part.starts_with(k_crlf);
    const std::size_t end = bare ? 0 : part.find("\r\n\r\n");
    if (end == std::string_view::npos) {
        return malformed("part without an end of its headers");
    }
    const auto name = field_name(part.substr(0, end));
    if (!name) {
        return name.error();
    }
    if (!*name) {
        return form.pass_over();
    }
    return form.add(**name, part.substr(end + 2 * k_crlf.size()));
}

}  // namespace

Outcome<Form> parse_multipart(std::string_view body, std::string_view boundary,
                              const FieldLimits& limits) {
    if (!is_boundary(boundary)) {
        return malformed("bad boundary");
    }
    std::string_view rest = body;
    const auto opened = take_preamble(rest, boundary);
    if (!opened) {
        return malformed("the boundary does not occur");
    }
    FormBuilder form(limits);
    for (Delimiter last = *opened; last == Delimiter::part;) {
        const auto cut = take_until_delimiter(rest, boundary);
        if (!cut) {
            return malformed("no closing boundary");
        }
        if (auto added = add_part(form, cut->before); !added) {
            return added.error();
        }
        last = cut->delimiter;
    }
    return std::move(form).take();
}

}  // namespace roomkey
