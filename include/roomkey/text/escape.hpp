// SPDX-License-Identifier: MIT
// Text made fit for a place where some of its characters would mean something.
#pragma once

#include <string>
#include <string_view>

namespace roomkey {

// Quotes the characters that have a meaning in a regular expression (PCRE2 and ECMAScript alike)
// and no other, so that an id such as `bcI:GPhz6A2T` stays as it is.
[[nodiscard]] std::string quote_regex(std::string_view text);

// Percent-encodes all but the unreserved characters of RFC 3986 2.3.
[[nodiscard]] std::string percent_encode(std::string_view text);

// Whether percent_encode() leaves the character as it is.
[[nodiscard]] bool is_unreserved(std::string_view character);

// Appends `text`, which must be UTF-8, as the inside of a JSON string (RFC 8259 7).
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace roomkey
