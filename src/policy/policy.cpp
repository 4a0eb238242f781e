// SPDX-License-Identifier: MIT
// Reads a policy with nlohmann/json, checks it, and compiles it to templates.
#include "roomkey/policy/policy.hpp"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "roomkey/policy/check/claims_check.hpp"
#include "roomkey/policy/check/permissions_check.hpp"
#include "roomkey/policy/claims_tree.hpp"
#include "roomkey/policy/json_template.hpp"
#include "roomkey/policy/origin.hpp"
#include "roomkey/policy/strict_json.hpp"
#include "roomkey/text/base64url.hpp"
#include "roomkey/text/diagnostics.hpp"
#include "roomkey/text/text.hpp"
#include "roomkey/token/jwt.hpp"
#include "roomkey/token/placeholder.hpp"

namespace roomkey {

const std::string_view k_builtin_policy = R"json({
  "claims": {
    "client": "${form.clientID}",
    "channel": "${env.SCALEDRONE_CHANNEL_ID}",
    "exp": "${now+180}",
    "data": {"name": "${guest.name}", "color": "${guest.color}"},
    "permissions": {
      "^observable-room$": {"publish": true, "subscribe": true},
      "^private-room-${form.clientID|regex}$": {"publish": false, "subscribe": true},
      "^private-room-(?!${form.clientID|regex}$).+$": {"publish": true, "subscribe": false}
    }
  }
}
)json";

namespace {

using Json = nlohmann::json;

constexpr unsigned k_max_lifetime = 365 * 24 * 60 * 60;
// Seconds reach this number in the year 5138; a larger one can only be milliseconds.
constexpr double k_milliseconds_from = 1e11;

class Compiler {
public:
    Compiler(std::string_view where, const Parameters& environment)
        : m_where(where), m_diagnostics(where), m_environment(environment) {}

    Policy compile(std::string_view text) {
        const Json policy = parse_strict_json(text, m_diagnostics);
        if (!policy.is_object()) {
            error("", "an object with \"claims\"", shown(policy));
            m_diagnostics.throw_if_any();
        }
        check_keys(policy, "",
                   {"claims", "header", "reply", "allowed_origins", "renewal", "secret"});
        compile_renewal(policy);
        compile_claims(policy);
        m_policy.encoded_header = compile_header(policy);
        compile_reply(policy);
        compile_origins(policy);
        compile_secret(policy);
        check_size();
        m_diagnostics.throw_if_any();
        m_policy.warnings = std::move(m_diagnostics).take_warnings();
        return std::move(m_policy);
    }

private:
    void error(std::string_view at, std::string_view expected, std::string_view found) {
        m_diagnostics.error(at, {std::string(expected), std::string(found)});
    }

    void check_keys(const Json& object, std::string_view at,
                    const std::vector<std::string_view>& allowed) {
        std::string all;
        for (const std::string_view key : allowed) {
            all.append(all.empty() ? "" : key == allowed.back() ? " or " : ", ").append(key);
        }
        for (const auto& [key, value] : object.items()) {
            if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
                error(std::string(at) + Place(key).pointer(), all, shown(Json(key)));
            }
        }
    }

    void compile_claims(const Json& policy) {
        const auto claims = policy.find("claims");
        if (claims == policy.end() || !claims->is_object() || claims->contains("${json}")) {
            error("/claims", "an object of claims",
                  claims == policy.end() ? "nothing" : shown(*claims));
            return;
        }
        const Node tree = parse_claims(*claims, Place("claims"), m_environment, m_diagnostics);
        const Object& object = std::get<Object>(tree.value);
        m_policy.claims = compile_json(tree);
        m_policy.form_fields = m_policy.claims.names_of(Source::form);
        m_policy.previous_paths = m_policy.claims.names_of(Source::previous);
        for (const Member& member : object.members) {
            const Template claim = compile_json(member.value);
            if (const std::string* name = member.key.constant(); name && claim.constant()) {
                m_policy.constant_claims.push_back({*name, std::string(*claim.constant())});
            }
        }
        compile_lifetime(object);
        check_permissions(object, m_diagnostics);
        check_claims(object, m_policy.renewal.has_value(), m_diagnostics);
        const auto& read = m_policy.form_fields;
        if (m_policy.renewal &&
            std::find(read.begin(), read.end(), m_policy.renewal->field) != read.end()) {
            error("/renewal/field", "a field that no claim is made from",
                  shown(Json(m_policy.renewal->field)));
        }
        m_policy.permissions = {m_where, permission_rules(object)};
    }

    // What the request adds is only known with it, and is measured then.
    void check_size() {
        const std::size_t text = m_policy.claims.literal_size();
        const std::size_t size = m_policy.token_size(text);
        if (size > k_max_token_bytes) {
            error(m_policy.encoded_header.size() > text ? "/header" : "/claims",
                  "tokens of " + std::to_string(k_max_token_bytes) + " bytes at most",
                  "text that makes them " + std::to_string(size) + " or more");
        }
    }

    // A fixed time would make every token useless from some day on, so only `now` is taken.
    void compile_lifetime(const Object& claims) {
        constexpr std::string_view k_expected =
            R"("${now+N}" with N in seconds, at most 31536000 (a year))";
        const Node* exp = find_claim(claims, "exp");
        const auto* text = exp == nullptr ? nullptr : std::get_if<Text>(&exp->value);
        const Placeholder* time = text == nullptr ? nullptr : text->whole();
        if (time != nullptr &&
            *time == Placeholder{{{Source::now, {}, time->alternatives.front().offset}}} &&
            time->alternatives.front().offset > 0 &&
            time->alternatives.front().offset <= k_max_lifetime) {
            m_policy.lifetime = std::chrono::seconds(time->alternatives.front().offset);
            return;
        }
        const auto* number = exp == nullptr ? nullptr : std::get_if<Literal>(&exp->value);
        const bool is_milliseconds = number != nullptr && number->kind == Literal::Kind::number &&
                                     std::stod(number->json) >= k_milliseconds_from;
        error("/claims/exp", k_expected,
              exp == nullptr ? "nothing"
                             : shown(*exp) + (is_milliseconds ? ", which is in milliseconds" : ""));
    }

    std::string compile_header(const Json& policy) {
        Json header{{"alg", "HS256"}, {"typ", "JWT"}};
        const Json members = policy.value("header", Json::object());
        if (!members.is_object() || members.contains("${json}")) {
            error("/header", "an object of header members", shown(members));
            return {};
        }
        for (const auto& [name, value] : members.items()) {
            if (name == "alg") {
                error("/header/alg", "no alg, since HS256 can't be changed", shown(value));
            }
            header[name] = value;
        }
        const Place place("header");
        const Node tree = parse_claims(header, place, m_environment, m_diagnostics);
        const auto check = [this](const Text& text, const Place& at) {
            if (!text.placeholders().empty()) {
                error(at.pointer(), "env. and no other placeholder", shown(text));
            }
        };
        walk(tree, place, [&check](const Node& node, const Place& at) {
            if (const auto* text = std::get_if<Text>(&node.value)) {
                check(*text, at);
            } else if (const auto* object = std::get_if<Object>(&node.value)) {
                for (const Member& member : object->members) {
                    check(member.key, at / member.key.written);
                }
            }
        });
        const Template compiled = compile_json(tree);
        const auto constant = compiled.constant();
        if (!constant) {
            return {};
        }
        std::string encoded;
        base64url::append(encoded, *constant);
        return encoded;
    }

    void compile_reply(const Json& policy) {
        const Json reply = policy.value("reply", Json("text"));
        if (reply != "text" && reply != "json") {
            error("/reply", R"("text" or "json")", shown(reply));
        }
        m_policy.reply = reply == "json" ? Reply::json : Reply::text;
    }

    void compile_origins(const Json& policy) {
        const Json listed = policy.value("allowed_origins", Json::array());
        if (!listed.is_array()) {
            error("/allowed_origins", "an array of origins", shown(listed));
            return;
        }
        for (std::size_t i = 0; i < listed.size(); ++i) {
            if (!listed[i].is_string() || !is_origin(listed[i].get<std::string>())) {
                error("/allowed_origins/" + std::to_string(i),
                      "an origin as browsers send it, such as \"https://chat.example.com\" or "
                      "\"http://localhost:8080\" (small letters, no path, no port that is the "
                      "default)",
                      shown(listed[i]));
                continue;
            }
            m_policy.allowed_origins.push_back(listed[i].get<std::string>());
        }
    }

    void compile_secret(const Json& policy) {
        const Json name = policy.value("secret", Json(m_policy.secret));
        if (!name.is_string() || !is_file_stem(name.get_ref<const std::string&>())) {
            error("/secret", "the name of a secret (1 to 64 of a-z, 0-9, - and _)", shown(name));
            return;
        }
        m_policy.secret = name.get<std::string>();
    }

    void compile_renewal(const Json& policy) {
        const auto renewal = policy.find("renewal");
        if (renewal == policy.end()) {
            return;
        }
        if (!renewal->is_object()) {
            error("/renewal", R"({"field": NAME, "within": SECONDS})", shown(*renewal));
            return;
        }
        check_keys(*renewal, "/renewal", {"field", "within"});
        const Json field = renewal->value("field", Json());
        const Json within = renewal->value("within", Json());
        if (!field.is_string() || !is_plain_name(field.get_ref<const std::string&>())) {
            error("/renewal/field", "the name of a field", shown(field));
            return;
        }
        if (!within.is_number_unsigned() ||
            within.get<std::uint64_t>() > std::uint64_t{k_max_lifetime}) {
            error("/renewal/within", "seconds, at most 31536000 (a year)", shown(within));
            return;
        }
        m_policy.renewal =
            Renewal{field.get<std::string>(), std::chrono::seconds(within.get<long long>())};
    }

    std::string m_where;
    Diagnostics m_diagnostics;
    const Parameters& m_environment;
    Policy m_policy;
};

}  // namespace

std::size_t Policy::token_size(std::size_t claims_size) const {
    return roomkey::token_size(encoded_header.size(), claims_size);
}

void Policy::check_size(std::string_view rendered) const {
    if (const std::size_t size = token_size(rendered.size()); size > k_max_token_bytes) {
        throw TokenTooLong("the policy makes a token of " + std::to_string(size) +
                           " bytes of this request; " + std::to_string(k_max_token_bytes) +
                           " are allowed");
    }
}

Policy compile_policy(std::string_view json, std::string_view where,
                      const Parameters& environment) {
    return Compiler(where, environment).compile(json);
}

}  // namespace roomkey
