// SPDX-License-Identifier: MIT
#include "roomkey/auth/auth_handler.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "roomkey/auth/renewal.hpp"
#include "roomkey/request/form.hpp"
#include "roomkey/request/media_type.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

// The length that the request declares: nothing when absent or empty (RFC 3875 4.1.2), as after a
// chunked body.
Outcome<std::optional<std::size_t>> declared_length(const Parameters& parameters) {
    const std::string_view text = parameters.get("CONTENT_LENGTH");
    if (text.empty()) {
        return std::optional<std::size_t>{};
    }
    const long long length = parse_decimal(text);
    if (length < 0) {
        return Refusal{Reason::bad_content_length};
    }
    return std::optional(static_cast<std::size_t>(length));
}

// A body that is not exactly what was announced may be a cut-off one; it must not lead to a token.
Outcome<std::monostate> check_body(const Request& request) {
    const auto declared = declared_length(request.parameters);
    if (!declared) {
        return declared.error();
    }
    if (request.body.size() > k_max_body || declared->value_or(0) > k_max_body) {
        return Refusal{Reason::body_too_large, {}, {}, k_max_body};
    }
    if (request.body_read != BodyRead::complete) {
        return Refusal{Reason::body_not_read};
    }
    if (*declared && request.body.size() < **declared) {
        return Refusal{Reason::body_too_short};
    }
    if (*declared && request.body.size() > **declared) {
        return Refusal{Reason::body_too_long};
    }
    return std::monostate{};
}

// Whether a media range has the weight 0, which means "not acceptable" (RFC 9110 12.4.2).
bool is_excluded(std::string_view range) {
    const auto parsed = ParameterizedValue::parse(range);
    const auto weight = parsed ? parsed->find("q") : std::nullopt;
    return weight && weight->find_first_not_of("0.") == std::string_view::npos;
}

// Whether the Accept field (RFC 9110 12.5.1) names application/json itself. A wildcard does not
// count: every client sends one, and plain text is the default.
bool accepts_json(std::string_view accept) {
    while (!accept.empty()) {
        const std::string_view range = accept.substr(0, accept.find(','));
        accept.remove_prefix(std::min(range.size() + 1, accept.size()));
        if (equals_ignoring_case(trim(range.substr(0, range.find(';'))), "application/json") &&
            !is_excluded(range)) {
            return true;
        }
    }
    return false;
}

Outcome<Form> form_of(const Request& request, const FieldLimits& limits) {
    if (request.parameters.get("REQUEST_METHOD") != "POST") {
        return Refusal{Reason::method_not_allowed};
    }
    if (const auto checked = check_body(request); !checked) {
        return checked.error();
    }
    return parse_form(request.parameters.get("CONTENT_TYPE"), request.body,
                      request.parameters.get("QUERY_STRING"), limits);
}

Response refuse(const Refusal& refusal) {
    Response response;
    response.status = status_of(refusal.reason);
    response.body = public_text(refusal);
    if (refusal.reason == Reason::method_not_allowed) {
        response.headers.emplace_back("Allow", "POST");
    }
    return response;
}

Response preflight() {
    Response response;
    response.status = 204;
    response.headers.emplace_back("Access-Control-Allow-Methods", "POST");
    response.headers.emplace_back("Access-Control-Allow-Headers", "Content-Type");
    response.headers.emplace_back("Access-Control-Max-Age", "600");
    return response;
}

bool lists(const std::vector<std::string>& origins, std::string_view origin) {
    return std::find(origins.begin(), origins.end(), origin) != origins.end();
}

}  // namespace

FieldLimits fields_read_by(const Policy& policy) {
    FieldLimits limits;
    for (const std::string& name : policy.form_fields) {
        limits.emplace(name, k_max_field_bytes);
    }
    if (policy.renewal) {
        limits.emplace(policy.renewal->field, k_max_previous_bytes);
    }
    return limits;
}

Response AuthHandler::answer(const Request& request, std::chrono::sys_seconds now,
                             RandomSource& random) {
    const bool has_cors = !m_policy->allowed_origins.empty();
    const std::string_view origin =
        has_cors ? request.parameters.get("HTTP_ORIGIN") : std::string_view{};
    const bool listed = has_cors && lists(m_policy->allowed_origins, origin);
    const bool is_preflight = listed && request.parameters.get("REQUEST_METHOD") == "OPTIONS";
    Response response = is_preflight ? preflight() : issue_token(request, now, random);
    if (listed) {
        response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    }
    if (has_cors) {
        response.headers.emplace_back("Vary", "Origin");
    }
    return response;
}

Response AuthHandler::issue_token(const Request& request, std::chrono::sys_seconds now,
                                  RandomSource& random) {
    const auto form = form_of(request, m_fields);
    if (!form) {
        return refuse(form.error());
    }
    const std::string* carried = m_policy->renewal ? form->find(m_policy->renewal->field) : nullptr;
    const auto previous = carried == nullptr ? std::nullopt : previous_claims(*carried, now);
    auto signed_token =
        token({*form, request.parameters, now, random, previous ? &*previous : nullptr});
    if (!signed_token) {
        return refuse(signed_token.error());
    }
    Response response;
    if (m_policy->reply == Reply::json || accepts_json(request.parameters.get("HTTP_ACCEPT"))) {
        // A token consists of base64url characters and dots: nothing to escape.
        const auto expires_at = (now + m_policy->lifetime).time_since_epoch().count();
        response.content_type = "application/json";
        response.body = R"({"token":")" + *signed_token + R"(","expires_at":)" +
                        std::to_string(expires_at) + "}";
    } else {
        response.body = std::move(*signed_token);
    }
    return response;
}

std::optional<PreviousClaims> AuthHandler::previous_claims(std::string_view token,
                                                           std::chrono::sys_seconds now) {
    return read_previous(token, *m_policy, m_signer, now);
}

Outcome<std::string> AuthHandler::token(const RenderInput& input) {
    const auto claims = m_policy->claims.render(input, m_claims);
    if (!claims) {
        return claims.error();
    }
    m_policy->check_size(*claims);
    return make_token(m_signer, m_policy->encoded_header, *claims);
}

}  // namespace roomkey
