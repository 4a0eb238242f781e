// SPDX-License-Identifier: MIT
// The whole core, from a request's variables to the answer's bytes. The input is a line for each of
// the method, the content type, the length, the query, Accept and Origin, and then the body.
// Whatever comes, the answer is one of those that are promised; a 200 carries a token that verifies
// and names the client that was asked for.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "fuzz.hpp"
#include "roomkey/base64url.hpp"
#include "roomkey/form.hpp"
#include "roomkey/responder.hpp"

using namespace roomkey;

namespace {

constexpr std::string_view k_key = "0123456789abcdef0123456789abcdef";

AuthHandler make_handler() {
    constexpr std::array<const char*, 2> k_environment{"SCALEDRONE_CHANNEL_ID=c", nullptr};
    std::string policy(k_builtin_policy);
    policy.insert(policy.rfind('}'), R"(, "allowed_origins": ["https://a.example"])");
    return {
        std::make_shared<const Policy>(
            compile_policy(policy, "policy", Parameters(k_environment.data()))),
        Hs256Signer(std::span(reinterpret_cast<const unsigned char*>(k_key.data()), k_key.size()))};
}

std::string signature_of(std::string_view message) {
    std::array<unsigned char, 32> mac{};
    unsigned size = 0;
    HMAC(EVP_sha256(), k_key.data(), static_cast<int>(k_key.size()),
         reinterpret_cast<const unsigned char*>(message.data()), message.size(), mac.data(), &size);
    std::string encoded;
    base64url::append(encoded, mac);
    return encoded;
}

void check_token(const std::string& token, const std::string& client) {
    const std::size_t last = token.rfind('.');
    FUZZ_CHECK(last != std::string::npos);
    FUZZ_CHECK(token.substr(last + 1) == signature_of(token.substr(0, last)));
    const std::size_t first = token.find('.');
    const auto text = base64url::decode(token.substr(first + 1, last - first - 1));
    FUZZ_CHECK(text);
    const auto claims = nlohmann::json::parse(*text, nullptr, false);
    FUZZ_CHECK(claims.is_object() && claims.size() == 5 && claims["client"] == client);
    FUZZ_CHECK(claims["permissions"].size() == 3 && claims["channel"] == "c");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static AuthHandler handler = make_handler();
    std::string_view input = fuzz::as_text(data, size);
    std::array<std::string, 6> variables;
    constexpr std::array<const char*, 6> k_names{
        "REQUEST_METHOD=", "CONTENT_TYPE=", "CONTENT_LENGTH=",
        "QUERY_STRING=",   "HTTP_ACCEPT=",  "HTTP_ORIGIN="};
    std::array<const char*, 7> pointers{};
    for (std::size_t i = 0; i < variables.size(); ++i) {
        variables[i] = k_names[i] + std::string(fuzz::take_line(input));
        pointers[i] = variables[i].c_str();
    }
    const Parameters parameters(pointers.data());
    const std::string_view body = input.substr(0, k_max_body + 1);
    fuzz::FixedRandom random;
    const Answer answer = respond(handler, {parameters, body, BodyRead::complete},
                                  std::chrono::sys_seconds{}, random);
    constexpr std::array k_promised{200, 204, 400, 405, 413, 415, 422};
    FUZZ_CHECK(std::find(k_promised.begin(), k_promised.end(), answer.status) != k_promised.end());
    const std::size_t end = answer.bytes.find("\r\n\r\n");
    FUZZ_CHECK(end != std::string::npos);
    const std::string content = answer.bytes.substr(end + 4);
    FUZZ_CHECK(content.find_first_of("\r\n") == std::string::npos);
    if (answer.status == 200) {
        const auto form =
            parse_form(parameters.get("CONTENT_TYPE"), body, parameters.get("QUERY_STRING"));
        FUZZ_CHECK(form && form->find("clientID") != nullptr);
        FUZZ_CHECK(parameters.get("REQUEST_METHOD") == "POST");
        const bool json = content.starts_with('{');
        check_token(json ? nlohmann::json::parse(content)["token"].get<std::string>() : content,
                    *form->find("clientID"));
    }
    return 0;
}
