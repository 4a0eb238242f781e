// SPDX-License-Identifier: MIT
// Every reason for which a request is refused, each with its status and its public text. What keeps
// a good request from its token (no memory, say) is an exception, and becomes a 500.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "roomkey/text/result.hpp"

namespace roomkey {

enum class Reason {
    // 400: the message itself is broken
    bad_content_length,
    body_not_read,
    parameters_malformed,
    body_too_short,
    body_too_long,
    bad_percent_escape,
    bad_multipart,
    bad_json,
    duplicate_field,
    field_not_string,
    // 401
    not_logged_in,
    // 405, 413, 415, 431
    method_not_allowed,
    body_too_large,
    too_many_fields,
    unsupported_media_type,
    parameters_too_long,
    // 422: well formed, but not what the policy asks for
    missing_field,
    field_too_long,
    field_not_utf8,
    field_has_control_characters,
    field_not_a_name,
    field_is_dot_segment,
    parameter_too_long,
    claims_repeat_a_key,
};

struct Refusal {
    Reason reason;
    // The field that it is about, where it is about one; never a field's value.
    std::string field = {};
    // What exactly is wrong with the body; static text of ours, never the visitor's.
    std::string_view detail = {};
    // What is exceeded, where that is a number: so many bytes or fields are allowed.
    std::size_t limit = 0;
};

template <class T>
using Outcome = Result<T, Refusal>;

// The HTTP status of a refusal (RFC 9110 15.5, RFC 6585 5).
[[nodiscard]] int status_of(Reason reason);

// One line for the visitor, without a line end. It names the field only if the name is short and
// plain ASCII, since names come from the visitor too, and "a field" otherwise.
[[nodiscard]] std::string public_text(const Refusal& refusal);

}  // namespace roomkey
