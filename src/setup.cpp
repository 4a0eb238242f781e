// SPDX-License-Identifier: MIT
#include "roomkey/setup.hpp"

#include <sysexits.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "roomkey/config_error.hpp"
#include "roomkey/policy.hpp"
#include "roomkey/secret.hpp"
#include "roomkey/system.hpp"

namespace roomkey {

namespace {

std::string read_policy(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (!file) {
        const int status = errno == EACCES ? EX_NOPERM : EX_NOINPUT;
        throw ConfigError({with_errno("policy " + path) + "; a readable file is needed"}, status);
    }
    return text;
}

}  // namespace

Policy load_policy(const Options& options, const Parameters& environment) {
    if (!options.policy_file) {
        return compile_policy(k_builtin_policy, "built-in policy", environment);
    }
    return compile_policy(read_policy(*options.policy_file), *options.policy_file, environment);
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
    return {AuthHandler(std::move(policy), std::move(*signer)), std::move(warnings)};
}

}  // namespace roomkey
