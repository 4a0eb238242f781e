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

// Stands for a value; no text of a policy has this private character (U+F8FF) by chance.
constexpr std::string_view k_sample = "\xEF\xA3\xBF";

// The text with a sample for each value, as its filters leave it.
std::string sampled(const std::vector<Piece>& pieces, std::string_view sample) {
    std::string text;
    for (const Piece& piece : pieces) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        text += placeholder == nullptr
                    ? std::get<std::string>(piece)
                    : placeholder->constant().value_or(placeholder->filtered(sample));
    }
    return text;
}

bool looks_like_json(std::string_view text) {
    const std::string_view trimmed = trim(text);
    return trimmed.starts_with('{') || (trimmed.starts_with('[') && trimmed.ends_with(']'));
}

// The pieces of JSON text that has a value of the request in it; of any other text, none.
std::vector<Piece> pieces_of_json(const std::string& text, const Parameters& environment) {
    auto pieces = parse_placeholders(text, environment);
    if (!pieces || !has_foreign(*pieces) || !looks_like_json(with_stand_in(*pieces, "1"))) {
        return {};
    }
    return std::move(*pieces);
}

void check_json_text(const std::string& text, const Pointer& at, const Parameters& environment,
                     Findings& findings) {
    const std::vector<Piece> pieces = pieces_of_json(text, environment);
    if (pieces.empty()) {
        return;
    }
    if (std::any_of(pieces.begin(), pieces.end(), is_unquoted_json)) {
        findings.error(at.to_string(),
                       "found a form. or server. placeholder in JSON text without |json; "
                       "${...|json} is allowed there, which brings its own quotes");
    } else if (!Json::accept(sampled(pieces, "1"))) {
        findings.error(at.to_string(),
                       "found text that starts as JSON and becomes none; ${...|json} brings its "
                       "own quotes, and is allowed where a JSON string is");
    }
}

// Text in front keeps a key among others that begin with it.
bool is_chosen(const std::string& key, const Parameters& environment) {
    const auto pieces = parse_placeholders(key, environment);
    if (!pieces || pieces->empty()) {
        return false;
    }
    const auto* first = std::get_if<Placeholder>(&pieces->front());
    return first != nullptr && first->is_foreign();
}

// Whether text that is JSON has a key that a request chooses.
bool has_chosen_key(const std::string& text, const Parameters& environment) {
    const std::vector<Piece> pieces = pieces_of_json(text, environment);
    if (pieces.empty()) {
        return false;
    }
    // Watched while it is parsed, which goes down into no depth of the text, unlike a walk through
    // it.
    bool found = false;
    const auto watch = [&found](int /*depth*/, Json::parse_event_t event, const Json& parsed) {
        found = found || (event == Json::parse_event_t::key &&
                          parsed.get_ref<const std::string&>().find(k_sample) != std::string::npos);
        return true;
    };
    return !Json::parse(sampled(pieces, k_sample), watch, false).is_discarded() && found;
}

void check_keys_within(const Json& value, const Pointer& at, const Parameters& environment,
                       Findings& findings) {
    constexpr std::string_view k_chosen =
        "a key that the request chooses, and so it may be any, such as *; where keys are rights or "
        "rooms, a key of the policy is safe";
    if (value.is_string() && has_chosen_key(value.get<std::string>(), environment)) {
        findings.warning(at.to_string(), std::string("has ").append(k_chosen));
    }
    if (!value.is_structured()) {
        return;
    }
    for (const auto& [key, member] : value.items()) {
        const Pointer place = value.is_array() ? at / std::stoul(key) : at / key;
        if (value.is_object() && is_chosen(key, environment)) {
            findings.warning(place.to_string(), std::string("is ").append(k_chosen));
        }
        check_keys_within(member, place, environment, findings);
    }
}

}  // namespace

void check_keys(const Json& claims, const Parameters& environment, Findings& findings) {
    for (const auto& [name, value] : claims.items()) {
        check_keys_within(value, Pointer("/claims") / name, environment, findings);
    }
}

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
