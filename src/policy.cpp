// SPDX-License-Identifier: MIT
// Reads a policy with nlohmann/json, checks it, and compiles it to templates.
#include "roomkey/policy.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "roomkey/base64url.hpp"
#include "roomkey/claims_check.hpp"
#include "roomkey/findings.hpp"
#include "roomkey/json_template.hpp"
#include "roomkey/jwt.hpp"
#include "roomkey/origin.hpp"
#include "roomkey/permissions_check.hpp"
#include "roomkey/placeholder.hpp"
#include "roomkey/strict_json.hpp"

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
using Pointer = Json::json_pointer;

constexpr long long k_longest_lifetime = 365LL * 24 * 60 * 60;
// Seconds reach this number in the year 5138; a larger one can only be milliseconds.
constexpr double k_milliseconds_from = 1e11;

class Compiler {
public:
    Compiler(std::string_view where, const Parameters& environment)
        : m_findings(where), m_environment(environment) {}

    Policy compile(std::string_view text) {
        const Json policy = parse_strict_json(text, m_findings);
        if (!policy.is_object()) {
            m_findings.error("", "found no object; an object with \"claims\" is allowed");
            m_findings.throw_if_any();
        }
        for (const auto& [key, value] : policy.items()) {
            if (key != "claims" && key != "header" && key != "reply" && key != "allowed_origins" &&
                key != "renewal") {
                m_findings.error((Pointer{} / key).to_string(),
                                 "found an unknown key; claims, header, reply, allowed_origins and "
                                 "renewal are allowed");
            }
        }
        Policy compiled;
        compile_claims(policy, compiled);
        compiled.encoded_header = compile_header(policy);
        compiled.reply = compile_reply(policy);
        compiled.allowed_origins = compile_origins(policy);
        compile_renewal(policy, compiled);
        check_size(compiled);
        m_findings.throw_if_any();
        compiled.warnings = std::move(m_findings).take_warnings();
        return compiled;
    }

private:
    void compile_claims(const Json& policy, Policy& compiled) {
        const auto claims = policy.find("claims");
        if (claims == policy.end() || !claims->is_object()) {
            m_findings.error("/claims", "found no object; an object of claims is allowed");
            return;
        }
        compiled.claims = compile_json(*claims, "/claims", m_environment, m_findings);
        compiled.lifetime = compile_lifetime(*claims);
        compiled.form_fields = compiled.claims.names_of(Source::form);
        compiled.previous_paths = compiled.claims.names_of(Source::previous);
        add_constants(*claims, compiled);
        check_names(*claims, m_environment, m_findings);
        check_permissions(*claims, m_environment, m_findings);
        check_json_text(*claims, m_environment, m_findings);
        check_keys(*claims, m_environment, m_findings);
        check_identity(*claims, m_environment, m_findings);
    }

    // Read only after the claims have been found to be right.
    void add_constants(const Json& claims, Policy& compiled) const {
        Findings found_already("");
        for (const auto& [key, value] : claims.items()) {
            const auto name = parse_placeholders(key, m_environment);
            const Template made = compile_json(value, "", m_environment, found_already);
            if (name && made.constant()) {
                compiled.constant_claims.push_back(
                    {with_stand_in(*name, {}), std::string(*made.constant())});
            }
        }
    }

    void compile_renewal(const Json& policy, Policy& compiled) {
        const auto renewal = policy.find("renewal");
        if (renewal == policy.end()) {
            if (!compiled.previous_paths.empty()) {
                m_findings.error("/claims", "found previous." + compiled.previous_paths.front() +
                                                " without \"renewal\"; it is allowed with it");
            }
            return;
        }
        if (!renewal->is_object() || renewal->size() != 2 || !renewal->contains("field") ||
            !(*renewal)["field"].is_string() || !renewal->contains("within") ||
            !(*renewal)["within"].is_number_unsigned() ||
            (*renewal)["within"].get<std::uint64_t>() > k_longest_lifetime) {
            m_findings.error("/renewal", "found " + renewal->dump() +
                                             R"(; {"field": NAME, "within": SECONDS} is allowed)");
            return;
        }
        compiled.renewal = Renewal{(*renewal)["field"].get<std::string>(),
                                   std::chrono::seconds((*renewal)["within"].get<long long>())};
    }

    // What the request adds is only known with it, and is measured then.
    void check_size(const Policy& compiled) {
        const std::size_t text = compiled.claims.literal_size();
        const std::size_t size = compiled.token_size(text);
        if (size > k_longest_token) {
            m_findings.error(compiled.encoded_header.size() > text ? "/header" : "/claims",
                             "found text that makes tokens of " + std::to_string(size) +
                                 " bytes or more; 65536 are allowed");
        }
    }

    // A fixed time would make every token useless from some day on, so only `now` is taken.
    std::chrono::seconds compile_lifetime(const Json& claims) {
        constexpr std::string_view k_at = "/claims/exp";
        const std::string allowed =
            R"("${now+N}" with N in seconds, at most 31536000 (a year), is allowed)";
        if (!claims.contains("exp")) {
            m_findings.error(k_at, "is missing; " + allowed);
            return {};
        }
        const Json& exp = claims["exp"];
        if (exp.is_number() && exp.get<double>() >= k_milliseconds_from) {
            m_findings.error(k_at,
                             "found " + exp.dump() + ", which is in milliseconds; " + allowed);
            return {};
        }
        const std::optional<long long> lifetime = lifetime_of(exp);
        if (!lifetime || *lifetime < 1 || *lifetime > k_longest_lifetime) {
            m_findings.error(k_at, "found " + exp.dump() + "; " + allowed);
            return {};
        }
        return std::chrono::seconds(*lifetime);
    }

    std::optional<long long> lifetime_of(const Json& exp) const {
        if (!exp.is_string()) {
            return std::nullopt;
        }
        const auto pieces = parse_placeholders(exp.get<std::string>(), m_environment);
        if (!pieces || pieces->size() != 1) {
            return std::nullopt;
        }
        const auto* placeholder = std::get_if<Placeholder>(&pieces->front());
        if (placeholder == nullptr || placeholder->alternatives.size() != 1 ||
            !placeholder->has(Source::now) || !placeholder->filters.empty()) {
            return std::nullopt;
        }
        return placeholder->alternatives.front().offset;
    }

    std::string compile_header(const Json& policy) {
        Json header{{"alg", "HS256"}, {"typ", "JWT"}};
        const Json members = policy.value("header", Json::object());
        if (!members.is_object()) {
            m_findings.error("/header", "found no object; an object of header members is allowed");
            return {};
        }
        for (const auto& [name, value] : members.items()) {
            if (name == "alg") {
                m_findings.error("/header/alg",
                                 "found an algorithm; HS256 is used and can't be changed");
            }
            header[name] = value;
        }
        const Template compiled = compile_json(header, "/header", m_environment, m_findings);
        const auto constant = compiled.constant();
        if (!constant) {
            m_findings.error("/header",
                             "found a placeholder of the request; only env. is allowed here");
            return {};
        }
        std::string encoded;
        base64url::append(encoded, *constant);
        return encoded;
    }

    Reply compile_reply(const Json& policy) {
        const Json reply = policy.value("reply", Json("text"));
        if (reply != "text" && reply != "json") {
            m_findings.error("/reply",
                             "found " + reply.dump() + R"(; "text" or "json" is allowed)");
        }
        return reply == "json" ? Reply::json : Reply::text;
    }

    std::vector<std::string> compile_origins(const Json& policy) {
        std::vector<std::string> origins;
        constexpr const char* k_at = "/allowed_origins";
        const Json listed = policy.value("allowed_origins", Json::array());
        if (!listed.is_array()) {
            m_findings.error(k_at, "found no array; an array of origins is allowed");
            return origins;
        }
        for (std::size_t i = 0; i < listed.size(); ++i) {
            if (!listed[i].is_string() || !is_origin(listed[i].get<std::string>())) {
                m_findings.error((Pointer(k_at) / i).to_string(),
                                 "found " + listed[i].dump() +
                                     "; an origin as browsers send it is allowed, such as "
                                     "\"https://chat.example.com\" or \"http://localhost:8080\": "
                                     "small letters, no path, no port that is the default");
                continue;
            }
            origins.push_back(listed[i].get<std::string>());
        }
        return origins;
    }

    Findings m_findings;
    const Parameters& m_environment;
};

}  // namespace

std::size_t Policy::token_size(std::size_t claims_size) const {
    return roomkey::token_size(encoded_header.size(), claims_size);
}

void Policy::check_size(std::string_view rendered) const {
    if (const std::size_t size = token_size(rendered.size()); size > k_longest_token) {
        throw TokenTooLong("the policy makes a token of " + std::to_string(size) +
                           " bytes of this request; 65536 are allowed");
    }
}

Policy compile_policy(std::string_view json, std::string_view where,
                      const Parameters& environment) {
    return Compiler(where, environment).compile(json);
}

}  // namespace roomkey
