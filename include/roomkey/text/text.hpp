// SPDX-License-Identifier: MIT
// Checks on bytes and characters that the argument parsers share.
#pragma once

#include <string_view>

namespace roomkey {

// Well-formed UTF-8 (Unicode 15, table 3-7): no overlong form, no surrogate, nothing above
// U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view text);

// Whether text, which must be UTF-8, has a C0 or C1 control character or DEL.
[[nodiscard]] bool has_control_character(std::string_view text);

// Whether text has printable ASCII characters only, as most texts have: then it is UTF-8 and has no
// control character.
[[nodiscard]] bool is_printable_ascii(std::string_view text);

// Equality without regard to ASCII case, and only ASCII's: no locale is asked.
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

// Whether text may be shown to others as it is: 1 to 64 ASCII letters, digits, or any of _ . -
[[nodiscard]] bool is_plain_name(std::string_view text);

// Whether text may name a policy or a secret, and so a file: 1 to 64 of a-z, 0-9, - and _,
// beginning with a letter or a digit.
[[nodiscard]] bool is_file_stem(std::string_view text);

// Without leading and trailing spaces and tabs (RFC 9110 5.6.3, OWS).
[[nodiscard]] std::string_view trim(std::string_view text);

// The number that plain decimal digits stand for, or -1: no sign, no space, no overflow.
[[nodiscard]] long long parse_decimal(std::string_view digits);

}  // namespace roomkey
