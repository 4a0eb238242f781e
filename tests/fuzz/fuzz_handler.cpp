// SPDX-License-Identifier: MIT
// The whole core, from a request's variables to the answer's bytes. The input is a line for each of
// the method, the content type, the length, the query, Accept and Origin, and then the body.
// Whatever comes, the answer is one of those that are promised. It is a token exactly if a second,
// slow reading of the request says so, and then the token verifies and holds what was asked for.
// The name lasts by renewal, exactly where the field `previous` has one of our own tokens.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "fuzz.hpp"
#include "reference.hpp"
#include "roomkey/auth/responder.hpp"
#include "roomkey/text/base64url.hpp"
#include "roomkey/token/guest.hpp"

using namespace roomkey;
using Json = nlohmann::json;

namespace {

constexpr std::string_view k_key = "0123456789abcdef0123456789abcdef";
constexpr std::string_view k_origin = "https://a.example";

AuthHandler make_handler() {
    constexpr std::array<const char*, 2> k_environment{"SCALEDRONE_CHANNEL_ID=c", nullptr};
    std::string policy(k_builtin_policy);
    policy.replace(policy.find("${guest.name}"), 13, "${previous.data.name ?? guest.name}");
    policy.insert(policy.rfind('}'), R"(, "allowed_origins": ["https://a.example"],
        "renewal": {"field": "previous", "within": 60})");
    return {
        std::make_shared<const Policy>(
            compile_policy(policy, "policy", Parameters(k_environment.data()))),
        Hs256Signer(std::span(reinterpret_cast<const unsigned char*>(k_key.data()), k_key.size()))};
}

// The request, as its second reader sees it.
struct Asked {
    std::string method;
    std::string content_type;
    std::string length;
    std::string query;
    std::string accept;
    std::string origin;
    std::string body;

    // The client id that gets a token, if one does.
    [[nodiscard]] std::optional<std::string> client() const {
        if (method != "POST" || !length_fits() || body.size() > 16384) {
            return std::nullopt;
        }
        const auto fields = arguments();
        const std::string* id = fields ? reference::find(*fields, "clientID") : nullptr;
        return id == nullptr || id->empty() ? std::nullopt : std::optional(*id);
    }

    // What came in the field of the previous token.
    [[nodiscard]] std::string previous() const {
        const auto fields = arguments();
        const std::string* text = fields ? reference::find(*fields, "previous") : nullptr;
        return text == nullptr ? "" : *text;
    }

    [[nodiscard]] bool wants_json() const {
        const auto ranges = reference::split(accept, ",");
        return std::any_of(ranges.begin(), ranges.end(), [](const std::string& range) {
            const std::string type = range.substr(0, range.find(';'));
            const auto header = reference::header(range);
            const std::string* weight = header ? reference::find(header->parameters, "q") : nullptr;
            const bool excluded =
                weight != nullptr && weight->find_first_not_of("0.") == std::string::npos;
            return reference::lower(reference::stripped(type)) == "application/json" && !excluded;
        });
    }

private:
    [[nodiscard]] std::optional<reference::Fields> arguments() const {
        return reference::arguments(content_type, body, query,
                                    {{"clientID", 128}, {"previous", 8192}});
    }

    [[nodiscard]] bool length_fits() const {
        if (length.find_first_not_of("0123456789") != std::string::npos) {
            return false;
        }
        // Without it, the body is what is there.
        const std::size_t first = length.find_first_not_of('0');
        return length.empty() || (first == std::string::npos ? "0" : length.substr(first)) ==
                                     std::to_string(body.size());
    }
};

std::string signature_of(std::string_view message) {
    std::array<unsigned char, 32> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), k_key.data(), static_cast<int>(k_key.size()),
         reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &size);
    std::string encoded;
    base64url::append(encoded, mac);
    return encoded;
}

Json claims_for(const std::string& client) {
    std::string quoted;
    for (const char c : client) {
        quoted += std::string("^$\\.*+?()[]{}|/").find(c) == std::string::npos ? "" : "\\";
        quoted += c;
    }
    const auto rights = [](bool publish, bool subscribe) {
        return Json{{"publish", publish}, {"subscribe", subscribe}};
    };
    return {{"client", client},
            {"channel", "c"},
            {"exp", 180},
            {"permissions",
             {{"^observable-room$", rights(true, true)},
              {"^private-room-" + quoted + "$", rights(false, true)},
              {"^private-room-(?!" + quoted + "$).+$", rights(true, false)}}}};
}

// The name in a token with our header and our signature, or a guest's.
std::string name_from(const std::string& previous) {
    const auto parts = reference::split(previous, ".");
    if (parts.size() == 3 && parts[0] == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" &&
        parts[2] == signature_of(parts[0] + "." + parts[1])) {
        const Json claims = Json::parse(base64url::decode(parts[1]).value_or(""), nullptr, false);
        if (claims.is_object() && claims.value("channel", "") == "c" &&
            claims.value("exp", Json()).is_number_unsigned()) {
            return claims["data"]["name"].get<std::string>();
        }
    }
    fuzz::FixedRandom random;
    return guest_name(random);
}

void check_token(const std::string& token, const std::string& client, const std::string& previous) {
    const std::size_t last = token.rfind('.');
    FUZZ_CHECK(last != std::string::npos);
    FUZZ_CHECK(token.substr(last + 1) == signature_of(token.substr(0, last)));
    const std::size_t first = token.find('.');
    FUZZ_CHECK(first < last);
    const auto header = base64url::decode(token.substr(0, first));
    FUZZ_CHECK(header && *header == R"({"alg":"HS256","typ":"JWT"})");
    const auto text = base64url::decode(token.substr(first + 1, last - first - 1));
    FUZZ_CHECK(text);
    Json claims = Json::parse(*text, nullptr, false);
    FUZZ_CHECK(claims.is_object() && claims["data"].size() == 2);
    FUZZ_CHECK(claims["data"]["name"] == name_from(previous));
    claims.erase("data");
    FUZZ_CHECK(claims == claims_for(client));
}

// No header but these, and nothing of the visitor's in them: an origin comes from the policy.
void check_headers(const std::string& headers, const Asked& asked) {
    for (const std::string& line : reference::split(headers, "\r\n")) {
        FUZZ_CHECK(line.find_first_of("\r\n") == std::string::npos);
        const std::string name = line.substr(0, line.find(": "));
        constexpr std::array k_known{"Status",
                                     "Content-Type",
                                     "Content-Length",
                                     "Cache-Control",
                                     "X-Content-Type-Options",
                                     "Allow",
                                     "Vary",
                                     "Access-Control-Allow-Origin",
                                     "Access-Control-Allow-Methods",
                                     "Access-Control-Allow-Headers",
                                     "Access-Control-Max-Age"};
        FUZZ_CHECK(std::find(k_known.begin(), k_known.end(), name) != k_known.end());
        if (name == "Access-Control-Allow-Origin") {
            FUZZ_CHECK(asked.origin == k_origin && line.substr(name.size() + 2) == k_origin);
        }
    }
    FUZZ_CHECK(headers.find("\r\nCache-Control: no-store") != std::string::npos);
}

void check_answer(const Answer& answer, const Asked& asked) {
    constexpr std::array k_promised{200, 204, 400, 405, 413, 415, 422};
    FUZZ_CHECK(std::find(k_promised.begin(), k_promised.end(), answer.status) != k_promised.end());
    const std::size_t end = answer.bytes.find("\r\n\r\n");
    FUZZ_CHECK(end != std::string::npos);
    check_headers(answer.bytes.substr(0, end), asked);
    const std::string content = answer.bytes.substr(end + 4);
    FUZZ_CHECK(content.find_first_of("\r\n") == std::string::npos);
    const auto client = asked.client();
    FUZZ_CHECK((answer.status == 200) == client.has_value());
    FUZZ_CHECK((answer.status == 204) == (asked.method == "OPTIONS" && asked.origin == k_origin));
    if (!client) {
        return;
    }
    FUZZ_CHECK(content.starts_with('{') == asked.wants_json());
    if (asked.wants_json()) {
        const Json object = Json::parse(content, nullptr, false);
        FUZZ_CHECK(object.is_object() && object.size() == 2 && object["expires_at"] == 180);
        check_token(object["token"].get<std::string>(), *client, asked.previous());
    } else {
        check_token(content, *client, asked.previous());
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static AuthHandlers handler = make_handler();
    std::string_view input = fuzz::as_text(data, size);
    std::array<std::string, 6> lines;
    for (std::string& line : lines) {
        // A variable ends at its first zero byte.
        line = fuzz::take_line(input);
        line.resize(std::min(line.find('\0'), line.size()));
    }
    const std::string body(input.substr(0, k_max_body + 1));
    const Asked asked{lines[0], lines[1], lines[2], lines[3], lines[4], lines[5], body};
    constexpr std::array<const char*, 6> k_names{
        "REQUEST_METHOD=", "CONTENT_TYPE=", "CONTENT_LENGTH=",
        "QUERY_STRING=",   "HTTP_ACCEPT=",  "HTTP_ORIGIN="};
    std::array<const char*, 7> pointers{};
    for (std::size_t i = 0; i < lines.size(); ++i) {
        lines[i].insert(0, k_names[i]);
        pointers[i] = lines[i].c_str();
    }
    fuzz::FixedRandom random;
    const auto answer = fuzz::in_time([&] {
        return respond(handler, {Parameters(pointers.data()), body, BodyRead::complete},
                       std::chrono::sys_seconds{}, random);
    });
    check_answer(answer, asked);
    return 0;
}
