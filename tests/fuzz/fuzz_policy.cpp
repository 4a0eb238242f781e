// SPDX-License-Identifier: MIT
// Policies: each is compiled or refused with findings; what was compiled renders to JSON, or
// refuses the request, whatever the request's values are.
#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "fuzz.hpp"
#include "roomkey/policy/policy.hpp"
#include "roomkey/text/base64url.hpp"

using namespace roomkey;

namespace {

Outcome<std::string> render(const Policy& policy, const char* value) {
    Form form;
    for (const char* name : {"a", "clientID"}) {
        FUZZ_CHECK(form.add({name, value}));
    }
    const std::string user = std::string("ROOMKEY_USER=") + value;
    const std::array<const char*, 2> variables{user.c_str(), nullptr};
    const Parameters parameters(variables.data());
    fuzz::FixedRandom random;
    return fuzz::in_time([&] {
        return policy.claims.render({form, parameters, std::chrono::sys_seconds{}, random});
    });
}

void check_claims(const Policy& policy, const char* value) {
    const auto claims = render(policy, value);
    if (claims) {
        const auto parsed = nlohmann::json::parse(*claims, nullptr, false);
        FUZZ_CHECK(parsed.is_object() && parsed.contains("exp"));
        FUZZ_CHECK(parsed["exp"] == policy.lifetime.count());
    }
}

Policy compile(std::string_view text) {
    constexpr std::array<const char*, 3> k_environment{"SCALEDRONE_CHANNEL_ID=c", "X=\"}", nullptr};
    return fuzz::in_time(
        [&] { return compile_policy(text, "policy", Parameters(k_environment.data())); },
        fuzz::k_most_for_policy);
}

// Whatever a policy says, its tokens are HS256, and the time that they last is bounded.
void check_header(const Policy& policy) {
    const auto text = base64url::decode(policy.encoded_header);
    FUZZ_CHECK(text);
    const auto header = nlohmann::json::parse(*text, nullptr, false);
    FUZZ_CHECK(header.is_object() && header["alg"] == "HS256");
    FUZZ_CHECK(policy.lifetime.count() >= 1 && policy.lifetime.count() <= 31'536'000);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    try {
        const Policy policy = compile(fuzz::as_text(data, size));
        check_header(policy);
        for (const char* value : {"x", "\",\"exp\":1,\"", "${now}", ".*)(|", "\xC3\xA9"}) {
            check_claims(policy, value);
        }
    } catch (const ConfigError& error) {
        FUZZ_CHECK(!error.findings().empty());
    }
    return 0;
}
