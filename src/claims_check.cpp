// SPDX-License-Identifier: MIT
#include "roomkey/claims_check.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "roomkey/placeholder.hpp"
#include "roomkey/text.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;

bool comes_from(const Piece& piece, Source source) {
    const auto* placeholder = std::get_if<Placeholder>(&piece);
    return placeholder != nullptr && placeholder->has(source);
}

bool is_unquoted_json(const Piece& piece) {
    const auto* placeholder = std::get_if<Placeholder>(&piece);
    return placeholder != nullptr && placeholder->is_foreign() &&
           !placeholder->ends_with(Filter::json);
}

// The text with a sample for each value, as its filters leave it.
std::string sampled(const std::vector<Piece>& pieces) {
    std::string text;
    for (const Piece& piece : pieces) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        text += placeholder == nullptr
                    ? std::get<std::string>(piece)
                    : placeholder->constant().value_or(placeholder->filtered("1"));
    }
    return text;
}

bool looks_like_json(std::string_view text) {
    const std::string_view trimmed = trim(text);
    return trimmed.starts_with('{') || (trimmed.starts_with('[') && trimmed.ends_with(']'));
}

void check_json_text(const std::string& text, const Pointer& at, const Parameters& environment,
                     Findings& findings) {
    const auto pieces = parse_placeholders(text, environment);
    if (!pieces || !has_foreign(*pieces) || !looks_like_json(with_stand_in(*pieces, "1"))) {
        return;
    }
    if (std::any_of(pieces->begin(), pieces->end(), is_unquoted_json)) {
        findings.error(at.to_string(),
                       "found a form. or server. placeholder in JSON text without |json; "
                       "${...|json} is allowed there, which brings its own quotes");
    } else if (!Json::accept(sampled(*pieces))) {
        findings.error(at.to_string(),
                       "found text that starts as JSON and becomes none; ${...|json} brings its "
                       "own quotes, and is allowed where a JSON string is");
    }
}

}  // namespace

void check_names(const Json& claims, const Parameters& environment, Findings& findings) {
    for (const auto& [name, value] : claims.items()) {
        const auto pieces = parse_placeholders(name, environment);
        // Text that can't be cut was found already when the claims were compiled.
        if (pieces && has_foreign(*pieces)) {
            findings.error((Pointer("/claims") / name).to_string(),
                           "found a form. or server. placeholder in a claim's name; env. is "
                           "allowed there");
        }
    }
}

void check_json_text(const Json& claims, const Parameters& environment, Findings& findings) {
    // Its keys are pointers to the values, however deep they are.
    const Json flat = claims.flatten();
    for (const auto& [at, value] : flat.items()) {
        if (value.is_string()) {
            check_json_text(value.get<std::string>(), Pointer("/claims" + at), environment,
                            findings);
        }
    }
}

void check_identity(const Json& claims, const Parameters& environment, Findings& findings) {
    constexpr std::array<std::string_view, 3> k_identities{"sub", "user_id", "x-ably-clientId"};
    for (const auto& [key, value] : claims.items()) {
        // The name may come from the environment.
        const auto name = parse_placeholders(key, environment);
        if (!name || !value.is_string() ||
            std::find(k_identities.begin(), k_identities.end(), with_stand_in(*name, {})) ==
                k_identities.end()) {
            continue;
        }
        const auto pieces = parse_placeholders(value.get<std::string>(), environment);
        if (pieces && std::any_of(pieces->begin(), pieces->end(), [](const Piece& piece) {
                return comes_from(piece, Source::form);
            })) {
            findings.warning((Pointer("/claims") / key).to_string(),
                             "is whatever the visitor sends, so anybody can be anyone; "
                             "server.ROOMKEY_USER is what the web server vouches for");
        }
    }
}

}  // namespace roomkey
