// SPDX-License-Identifier: MIT
#include "roomkey/request/refusal.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

struct Row {
    Reason reason;
    int status;
    // `%` stands for the field's name, `#` for the limit. A detail, if any, follows after a colon.
    std::string_view text;
};

constexpr std::array k_table{
    Row{Reason::bad_content_length, 400, "CONTENT_LENGTH is not a plain decimal number"},
    Row{Reason::body_not_read, 400, "The request was cut off"},
    Row{Reason::parameters_malformed, 400, "The request's parameters are malformed"},
    Row{Reason::body_too_short, 400, "The body is shorter than CONTENT_LENGTH"},
    Row{Reason::body_too_long, 400, "The body is longer than CONTENT_LENGTH"},
    Row{Reason::bad_percent_escape, 400, "Malformed form: bad percent escape"},
    Row{Reason::bad_multipart, 400, "Malformed multipart body"},
    Row{Reason::bad_json, 400, "Malformed JSON body"},
    Row{Reason::duplicate_field, 400, "% is given more than once"},
    Row{Reason::field_not_string, 400, "Malformed JSON body: % is not a string"},
    Row{Reason::not_logged_in, 401, "Not logged in"},
    Row{Reason::method_not_allowed, 405, "Method not allowed: use POST"},
    Row{Reason::body_too_large, 413, "The body is over # bytes"},
    Row{Reason::too_many_fields, 413, "More than # fields"},
    Row{Reason::unsupported_media_type, 415,
        "Content type not supported: use multipart/form-data, application/x-www-form-urlencoded "
        "or application/json, in UTF-8"},
    Row{Reason::parameters_too_long, 431, "The request's parameters are over # bytes"},
    Row{Reason::missing_field, 422, "No % defined"},
    Row{Reason::field_too_long, 422, "% is longer than # bytes"},
    Row{Reason::field_not_utf8, 422, "% is not UTF-8"},
    Row{Reason::field_has_control_characters, 422, "% has control characters"},
    Row{Reason::field_not_a_name, 422, "% may have letters, digits, - and _ only"},
    Row{Reason::field_is_dot_segment, 422, "% may not be . or .."},
    Row{Reason::parameter_too_long, 422, "% is longer than # bytes"},
    Row{Reason::claims_repeat_a_key, 422, "These fields would give the same claim twice"},
};

const Row& row_of(Reason reason) {
    return *std::find_if(k_table.begin(), k_table.end(),
                         [reason](const Row& row) { return row.reason == reason; });
}

}  // namespace

int status_of(Reason reason) {
    return row_of(reason).status;
}

std::string public_text(const Refusal& refusal) {
    std::string text(row_of(refusal.reason).text);
    if (const auto at = text.find('#'); at != std::string::npos) {
        text.replace(at, 1, std::to_string(refusal.limit));
    }
    if (const auto at = text.find('%'); at != std::string::npos) {
        text.replace(at, 1, is_plain_name(refusal.field) ? refusal.field : "a field");
    }
    if (!refusal.detail.empty()) {
        text.append(": ").append(refusal.detail);
    }
    return text;
}

}  // namespace roomkey
