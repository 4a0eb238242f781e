// SPDX-License-Identifier: MIT
// Policies: each is compiled or refused with findings; what was compiled renders to JSON, or
// refuses the request, whatever the request's values are.
#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "fuzz.hpp"
#include "roomkey/base64url.hpp"
#include "roomkey/policy.hpp"

using namespace roomkey;

namespace {

void render(const Policy& policy, const char* value) {
    Form form;
    for (const char* name : {"a", "clientID"}) {
        FUZZ_CHECK(form.add({name, value}));
    }
    const std::string user = std::string("ROOMKEY_USER=") + value;
    const std::array<const char*, 2> variables{user.c_str(), nullptr};
    const Parameters parameters(variables.data());
    fuzz::FixedRandom random;
    const auto claims =
        policy.claims.render({form, parameters, std::chrono::sys_seconds{}, random});
    if (claims) {
        const auto parsed = nlohmann::json::parse(*claims, nullptr, false);
        FUZZ_CHECK(parsed.is_object() && parsed.contains("exp"));
        FUZZ_CHECK(parsed["exp"] == policy.lifetime.count());
    }
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
    constexpr std::array<const char*, 3> k_environment{"SCALEDRONE_CHANNEL_ID=c", "X=\"}", nullptr};
    try {
        const fuzz::Bounded bounded;
        const Policy policy =
            compile_policy(fuzz::as_text(data, size), "policy", Parameters(k_environment.data()));
        check_header(policy);
        for (const char* value : {"x", "\",\"exp\":1,\"", "${now}", ".*)(|", "\xC3\xA9"}) {
            render(policy, value);
        }
    } catch (const ConfigError& error) {
        FUZZ_CHECK(!error.findings().empty());
    }
    return 0;
}
