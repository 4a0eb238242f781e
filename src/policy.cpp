// SPDX-License-Identifier: MIT
// Reads a policy with nlohmann/json, checks it, and compiles it to templates.
#include "roomkey/policy.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "roomkey/base64url.hpp"
#include "roomkey/placeholder.hpp"

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

constexpr std::size_t k_deepest = 32;
constexpr long long k_longest_lifetime = 365LL * 24 * 60 * 60;
// Seconds reach this number in the year 5138; a larger one can only be milliseconds.
constexpr long long k_milliseconds_from = 100'000'000'000;

// Collects what is wrong, so that all of it is told at once.
class Findings {
public:
    explicit Findings(std::string_view where) : m_where(where) {}

    void add(const Pointer& at, const std::string& finding) {
        m_texts.push_back(m_where + (at.empty() ? "" : " " + at.to_string()) + ": " + finding);
    }
    void throw_if_any() const {
        if (!m_texts.empty()) {
            throw ConfigError(m_texts);
        }
    }

private:
    std::string m_where;
    std::vector<std::string> m_texts;
};

// nlohmann keeps the last of two equal keys without a word, so they are looked for while parsing.
Json parse(std::string_view text, Findings& findings) {
    std::vector<std::set<std::string>> open_objects;
    const auto watch = [&](int /*depth*/, Json::parse_event_t event, Json& parsed) {
        if (event == Json::parse_event_t::object_start) {
            open_objects.emplace_back();
        } else if (event == Json::parse_event_t::object_end) {
            open_objects.pop_back();
        } else if (event == Json::parse_event_t::key &&
                   !open_objects.back().insert(parsed.get<std::string>()).second) {
            findings.add(Pointer{}, "found key " + parsed.dump() +
                                        " twice in one object; a key is allowed once");
        }
        return true;
    };
    try {
        return Json::parse(text, watch, true, true);
    } catch (const Json::parse_error& error) {
        // The text before ": " is nlohmann's own label; line and column come after it.
        const std::string_view what = error.what();
        findings.add(Pointer{}, std::string(what.substr(what.find("] ") + 2)));
        findings.throw_if_any();
        throw;
    }
}

class Compiler {
public:
    Compiler(std::string_view where, const Parameters& environment)
        : m_findings(where), m_environment(environment) {}

    Policy compile(std::string_view text) {
        const Json policy = parse(text, m_findings);
        if (!policy.is_object()) {
            m_findings.add(Pointer{}, "found no object; an object with \"claims\" is allowed");
            m_findings.throw_if_any();
        }
        for (const auto& [key, value] : policy.items()) {
            if (key != "claims" && key != "header" && key != "reply" && key != "allowed_origins") {
                m_findings.add(Pointer{} / key,
                               "found an unknown key; claims, header, reply and allowed_origins "
                               "are allowed");
            }
        }
        Policy compiled;
        compile_claims(policy, compiled);
        compiled.encoded_header = compile_header(policy);
        compiled.reply = compile_reply(policy);
        compiled.allowed_origins = compile_origins(policy);
        m_findings.throw_if_any();
        return compiled;
    }

private:
    void compile_claims(const Json& policy, Policy& compiled) {
        const Pointer at("/claims");
        if (!policy.contains("claims") || !policy["claims"].is_object()) {
            m_findings.add(at, "found no object; an object of claims is allowed");
            return;
        }
        compile_value(policy["claims"], at, compiled.claims);
        compiled.expiry = compile_expiry(policy["claims"]);
    }

    void compile_value(const Json& value, const Pointer& at, Template& to) {
        if (value.is_object()) {
            compile_object(value, at, to);
        } else if (value.is_array()) {
            compile_array(value, at, to);
        } else if (value.is_string()) {
            compile_string(value.get<std::string>(), at, to);
        } else {
            to.literal(value.dump());
        }
    }

    void compile_array(const Json& array, const Pointer& at, Template& to) {
        if (!enter()) {
            m_findings.add(at, "found more than 32 levels; 32 are allowed");
            return;
        }
        to.literal("[");
        for (std::size_t i = 0; i < array.size(); ++i) {
            to.literal(i == 0 ? "" : ",");
            compile_value(array[i], at / i, to);
        }
        to.literal("]");
        --m_depth;
    }

    void compile_object(const Json& object, const Pointer& at, Template& to) {
        if (!enter()) {
            m_findings.add(at, "found more than 32 levels; 32 are allowed");
            return;
        }
        const bool keys_vary = has_placeholder_keys(object);
        const std::size_t number = m_objects++;
        to.literal("{");
        bool first = true;
        for (const auto& [key, value] : object.items()) {
            to.literal(first ? "" : ",");
            first = false;
            if (keys_vary) {
                to.begin_key(number);
            }
            compile_key(key, at, to);
            if (keys_vary) {
                to.end_key();
            }
            to.literal(":");
            compile_value(value, at / key, to);
        }
        to.literal("}");
        --m_depth;
    }

    bool enter() {
        if (m_depth == k_deepest) {
            return false;
        }
        ++m_depth;
        return true;
    }

    static bool has_placeholder_keys(const Json& object) {
        for (const auto& [key, value] : object.items()) {
            if (key.find("${") != std::string::npos) {
                return true;
            }
        }
        return false;
    }

    void compile_key(const std::string& key, const Pointer& parent, Template& to) {
        const Pointer at = parent / key;
        const auto pieces = cut(key, at);
        to.literal("\"");
        for (const Piece& piece : pieces) {
            if (const auto* placeholder = std::get_if<Placeholder>(&piece)) {
                check_pattern(*placeholder, parent, at);
            }
        }
        append_pieces(pieces, to);
        to.literal("\"");
    }

    // What comes with a request may name a room in a pattern, but never widen it.
    void check_pattern(const Placeholder& placeholder, const Pointer& parent, const Pointer& at) {
        const bool foreign = placeholder.has(Source::form) || placeholder.has(Source::server);
        if (parent == Pointer("/claims/permissions") && foreign &&
            !placeholder.has(Filter::regex)) {
            m_findings.add(at,
                           "found a form. or server. placeholder in a pattern without |regex; "
                           "${...|regex} is allowed there");
        }
    }

    // A string that is one placeholder takes the type of its value.
    void compile_string(const std::string& text, const Pointer& at, Template& to) {
        const auto pieces = cut(text, at);
        if (pieces.size() == 1 && std::holds_alternative<Placeholder>(pieces.front())) {
            to.value(std::get<Placeholder>(pieces.front()));
            return;
        }
        to.literal("\"");
        append_pieces(pieces, to);
        to.literal("\"");
    }

    std::vector<Piece> cut(const std::string& text, const Pointer& at) {
        auto pieces = parse_placeholders(text, m_environment);
        if (!pieces) {
            m_findings.add(at, pieces.error());
            return {};
        }
        return std::move(*pieces);
    }

    static void append_pieces(const std::vector<Piece>& pieces, Template& to) {
        for (const Piece& piece : pieces) {
            if (const auto* placeholder = std::get_if<Placeholder>(&piece)) {
                to.text(*placeholder);
            } else {
                std::string escaped;
                append_json_escaped(escaped, std::get<std::string>(piece));
                to.literal(escaped);
            }
        }
    }

    Expiry compile_expiry(const Json& claims) {
        const Pointer at("/claims/exp");
        constexpr const char* k_allowed =
            "\"${now+N}\" with N in seconds, at most 31536000 (a year), is allowed";
        if (!claims.contains("exp")) {
            m_findings.add(at, std::string("is missing; ") + k_allowed);
            return {};
        }
        const Json& exp = claims["exp"];
        if (exp.is_number_integer() && exp.get<double>() > 0) {
            if (exp.get<double>() >= k_milliseconds_from) {
                m_findings.add(at, std::string("found milliseconds; seconds are allowed"));
                return {};
            }
            return {false, std::chrono::seconds(exp.get<long long>())};
        }
        const std::optional<long long> lifetime = lifetime_of(exp);
        if (!lifetime || *lifetime < 1 || *lifetime > k_longest_lifetime) {
            m_findings.add(at, "found " + exp.dump() + "; " + k_allowed);
            return {};
        }
        return {true, std::chrono::seconds(*lifetime)};
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
        const Pointer at("/header");
        const Json members = policy.value("header", Json::object());
        if (!members.is_object()) {
            m_findings.add(at, "found no object; an object of header members is allowed");
            return {};
        }
        for (const auto& [name, value] : members.items()) {
            if (name == "alg") {
                m_findings.add(at / name, "found an algorithm; HS256 is used and can't be changed");
            }
            header[name] = value;
        }
        Template compiled;
        compile_value(header, at, compiled);
        const auto constant = compiled.constant();
        if (!constant) {
            m_findings.add(at, "found a placeholder of the request; only env. is allowed here");
            return {};
        }
        std::string encoded;
        base64url::append(encoded, *constant);
        return encoded;
    }

    Reply compile_reply(const Json& policy) {
        const Json reply = policy.value("reply", Json("text"));
        if (reply != "text" && reply != "json") {
            m_findings.add(Pointer("/reply"),
                           "found " + reply.dump() + R"(; "text" or "json" is allowed)");
        }
        return reply == "json" ? Reply::json : Reply::text;
    }

    std::vector<std::string> compile_origins(const Json& policy) {
        std::vector<std::string> origins;
        const Pointer at("/allowed_origins");
        const Json listed = policy.value("allowed_origins", Json::array());
        if (!listed.is_array()) {
            m_findings.add(at, "found no array; an array of origins is allowed");
            return origins;
        }
        for (std::size_t i = 0; i < listed.size(); ++i) {
            if (!listed[i].is_string() || !is_origin(listed[i].get<std::string>())) {
                m_findings.add(at / i, "found " + listed[i].dump() +
                                           "; an origin such as \"https://chat.example.com\", "
                                           "without a path, is allowed");
                continue;
            }
            origins.push_back(listed[i].get<std::string>());
        }
        return origins;
    }

    // The serialisation of RFC 6454 6.2, which browsers send: lower case, no path, no space.
    static bool is_origin(std::string_view text) {
        const std::size_t scheme = text.find("://");
        if (scheme == std::string_view::npos) {
            return false;
        }
        const std::string_view host = text.substr(scheme + 3);
        return (text.starts_with("https:") || text.starts_with("http:")) && !host.empty() &&
               host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-:[]") ==
                   std::string_view::npos;
    }

    Findings m_findings;
    const Parameters& m_environment;
    std::size_t m_depth = 0;
    std::size_t m_objects = 0;
};

}  // namespace

std::chrono::sys_seconds Expiry::at(std::chrono::sys_seconds now) const {
    return relative ? now + seconds : std::chrono::sys_seconds(seconds);
}

Policy compile_policy(std::string_view json, std::string_view where,
                      const Parameters& environment) {
    return Compiler(where, environment).compile(json);
}

}  // namespace roomkey
