// SPDX-License-Identifier: MIT
#include "roomkey/program/setup.hpp"

#include <sysexits.h>

#include <memory>
#include <optional>
#include <utility>

#include "roomkey/gateway/file.hpp"
#include "roomkey/policy/policy.hpp"
#include "roomkey/policy/strict_json.hpp"
#include "roomkey/program/secret.hpp"
#include "roomkey/text/config_error.hpp"

namespace roomkey {

Policy load_policy(const Options& options, const Parameters& environment) {
    if (!options.policy_file) {
        return compile_policy(k_builtin_policy, "built-in policy", environment);
    }
    const std::string text =
        read_text(*options.policy_file, "policy " + *options.policy_file, k_largest_json);
    return compile_policy(text, *options.policy_file, environment);
}

Setup load_setup(const Options& options, const Parameters& environment) {
    std::vector<std::string> findings;
    std::vector<std::string> warnings;
    int exit_status = 0;
    std::shared_ptr<const Policy> policy;
    std::optional<Hs256Signer> signer;
    const auto collect = [&findings, &exit_status](const ConfigError& error) {
        findings.insert(findings.end(), error.findings().begin(), error.findings().end());
        // Several kinds of trouble at once are a configuration error as a whole.
        exit_status = exit_status == 0 || exit_status == error.exit_status() ? error.exit_status()
                                                                             : EX_CONFIG;
    };
    try {
        policy = std::make_shared<const Policy>(load_policy(options, environment));
        warnings = policy->warnings;
    } catch (const ConfigError& error) {
        collect(error);
    }
    try {
        signer.emplace(load_secret(options.secret_file, environment, warnings).bytes());
    } catch (const ConfigError& error) {
        collect(error);
    }
    if (!findings.empty()) {
        throw ConfigError(std::move(findings), exit_status);
    }
    PermissionRules permissions = policy->permissions;
    return {AuthHandler(std::move(policy), std::move(*signer)), std::move(warnings),
            std::move(permissions)};
}

}  // namespace roomkey
