// SPDX-License-Identifier: MIT
#include "roomkey/program/setup.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "roomkey/auth/renewal.hpp"
#include "roomkey/gateway/file.hpp"
#include "roomkey/policy/strict_json.hpp"
#include "roomkey/program/secret.hpp"
#include "roomkey/text/errors.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

// Where a policy comes from; the built-in one has no file.
struct Source {
    std::string name;
    std::optional<std::string> file = {};
};

// The NAME.json of a directory; what else lies there, as editors leave it, is nobody's business.
std::vector<Source> sources_in(const std::string& directory) {
    constexpr std::string_view k_suffix = ".json";
    const std::string where = "policy " + directory;
    std::vector<Source> sources;
    ConfigErrors errors;
    for (const std::string& file : names_in(directory, where)) {
        if (file.starts_with('.') || !file.ends_with(k_suffix)) {
            continue;
        }
        std::string name = file.substr(0, file.size() - k_suffix.size());
        std::string path = directory;
        path.append("/").append(file);
        if (!is_file_stem(name)) {
            errors.add(std::string("policy ")
                           .append(path)
                           .append(": expected a name of 1 to 64 of a-z, 0-9, - and _, found ")
                           .append(name));
        }
        sources.push_back({std::move(name), std::move(path)});
    }
    if (sources.empty()) {
        errors.add(where + ": expected a NAME.json for each policy, found none");
    }
    errors.throw_if_any();
    return sources;
}

std::vector<Source> all_sources(const Options& options) {
    if (options.policy_path && is_directory(*options.policy_path)) {
        return sources_in(*options.policy_path);
    }
    return {{std::string(k_default_policy), options.policy_path}};
}

// The one of that name; an empty name stands for the default.
Source source_named(std::string_view name, const Options& options) {
    std::vector<std::string> names;
    for (Source& source : all_sources(options)) {
        if (source.name == (name.empty() ? k_default_policy : name)) {
            return std::move(source);
        }
        names.push_back(std::move(source.name));
    }
    throw UnknownPolicy(names, name);
}

Policy compile(const Source& source, const Parameters& environment) {
    if (!source.file) {
        return compile_policy(k_builtin_policy, "built-in policy", environment);
    }
    const std::string text = read_text(*source.file, "policy " + *source.file, k_max_json_bytes);
    return compile_policy(text, *source.file, environment);
}

using Policies = std::map<std::string, std::shared_ptr<const Policy>>;

// Who gets a token by one policy could be somebody else by another.
void warn_of_shared_secrets(const Policies& policies, std::vector<std::string>& warnings) {
    for (const auto& [name, policy] : policies) {
        for (const auto& [other_name, other] : policies) {
            if (policy != other && policy->secret == other->secret &&
                takes_tokens_of(*policy, *other)) {
                warnings.push_back(policy->permissions.where +
                                   " /renewal: takes tokens of the policy " + other_name +
                                   " for its own; a claim that is constant in both and " +
                                   R"(differs, such as "aud", or another secret tells them apart)");
            }
        }
    }
}

Setup load(const std::vector<Source>& sources, const Options& options,
           const Parameters& environment) {
    ConfigErrors errors;
    Policies policies;
    std::map<std::string, Hs256Signer> signers;
    Setup setup;
    for (const Source& source : sources) {
        errors.collect([&] {
            policies.emplace(source.name,
                             std::make_shared<const Policy>(compile(source, environment)));
        });
    }
    std::set<std::string> secrets;
    for (const auto& [name, policy] : policies) {
        secrets.insert(policy->secret);
    }
    // What is wrong with a lone policy must not hide what is wrong with its secret.
    if (policies.empty() && sources.size() == 1) {
        secrets.insert(Policy().secret);
    }
    std::vector<std::string> warnings;
    for (const std::string& name : secrets) {
        errors.collect([&] {
            const Secret secret = load_secret(name, options.secret_path, environment, warnings);
            signers.emplace(name, secret.bytes());
        });
    }
    errors.throw_if_any();
    for (const auto& [name, policy] : policies) {
        setup.policies.push_back(name);
        setup.warnings.insert(setup.warnings.end(), policy->warnings.begin(),
                              policy->warnings.end());
        setup.permissions.push_back(policy->permissions);
        setup.handlers.add(name, AuthHandler(policy, signers.at(policy->secret)));
    }
    warn_of_shared_secrets(policies, warnings);
    std::move(warnings.begin(), warnings.end(), std::back_inserter(setup.warnings));
    return setup;
}

}  // namespace

Policy load_policy(std::string_view name, const Options& options, const Parameters& environment) {
    return compile(source_named(name, options), environment);
}

Setup load_setup(const Options& options, const Parameters& environment) {
    return load(all_sources(options), options, environment);
}

Setup load_setup(std::string_view name, const Options& options, const Parameters& environment) {
    return load({source_named(name, options)}, options, environment);
}

}  // namespace roomkey
