// SPDX-License-Identifier: MIT
#include "roomkey/auth/renewal.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "roomkey/policy/strict_json.hpp"
#include "roomkey/text/errors.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;

// The claims of a token whose signature is right. Whoever else signs with this key may write JSON
// that the policy's parser does not take.
std::optional<Json> parse_claims(std::string_view text) {
    try {
        Diagnostics diagnostics("previous token");
        Json claims = parse_strict_json(text, diagnostics);
        diagnostics.throw_if_any();
        return claims.is_object() ? std::optional(std::move(claims)) : std::nullopt;
    } catch (const ConfigError&) {
        return std::nullopt;
    }
}

bool has_constants(const Json& claims, const std::vector<ConstantClaim>& constants) {
    return std::all_of(constants.begin(), constants.end(), [&claims](const ConstantClaim& each) {
        const auto claim = claims.find(each.name);
        return claim != claims.end() && *claim == Json::parse(each.json);
    });
}

// Whether `exp` (RFC 7519 4.1.4) is no earlier than `earliest`. Ours is never negative.
bool expired_after(const Json& claims, std::chrono::sys_seconds earliest) {
    const auto exp = claims.find("exp");
    return exp != claims.end() && exp->is_number_unsigned() &&
           std::cmp_greater_equal(exp->get<std::uint64_t>(), earliest.time_since_epoch().count());
}

// The string at `path`, whose names are separated by dots, or null.
const std::string* find_string(const Json& claims, std::string_view path) {
    const Json* at = &claims;
    while (at->is_object()) {
        const std::string_view name = path.substr(0, path.find('.'));
        const auto member = at->find(name);
        if (member == at->end()) {
            return nullptr;
        }
        at = &*member;
        if (name.size() == path.size()) {
            return at->get_ptr<const std::string*>();
        }
        path.remove_prefix(name.size() + 1);
    }
    return nullptr;
}

}  // namespace

bool takes_tokens_of(const Policy& policy, const Policy& other) {
    const auto differs = [&other](const ConstantClaim& claim) {
        return std::any_of(other.constant_claims.begin(), other.constant_claims.end(),
                           [&claim](const ConstantClaim& each) {
                               return each.name == claim.name && each.json != claim.json;
                           });
    };
    return policy.renewal && !policy.previous_paths.empty() &&
           policy.encoded_header == other.encoded_header &&
           std::none_of(policy.constant_claims.begin(), policy.constant_claims.end(), differs);
}

std::optional<PreviousClaims> read_previous(std::string_view token, const Policy& policy,
                                            Hs256Signer& signer, std::chrono::sys_seconds now) {
    if (!policy.renewal || token.size() > k_max_previous_bytes) {
        return std::nullopt;
    }
    const auto text = verify_token(signer, policy.encoded_header, token);
    const auto claims = text ? parse_claims(*text) : std::nullopt;
    if (!claims || !has_constants(*claims, policy.constant_claims) ||
        !expired_after(*claims, now - policy.renewal->within)) {
        return std::nullopt;
    }
    PreviousClaims previous;
    for (const std::string& path : policy.previous_paths) {
        if (const std::string* value = find_string(*claims, path)) {
            previous.add(path, *value);
        }
    }
    return previous;
}

}  // namespace roomkey
