// SPDX-License-Identifier: MIT
#include "roomkey/program/commands.hpp"

#include <sysexits.h>

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "roomkey/auth/renewal.hpp"
#include "roomkey/gateway/file.hpp"
#include "roomkey/gateway/log.hpp"
#include "roomkey/gateway/system.hpp"
#include "roomkey/program/pattern_check.hpp"
#include "roomkey/program/setup.hpp"
#include "roomkey/request/refusal.hpp"
#include "roomkey/text/base64url.hpp"
#include "roomkey/text/errors.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;

// RFC 3339, in UTC.
std::string date_of(std::chrono::sys_seconds time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    std::ostringstream text;
    text << std::setfill('0') << static_cast<int>(date.year()) << '-' << std::setw(2)
         << static_cast<unsigned>(date.month()) << '-' << std::setw(2)
         << static_cast<unsigned>(date.day()) << 'T' << std::setw(2) << clock.hours().count() << ':'
         << std::setw(2) << clock.minutes().count() << ':' << std::setw(2)
         << clock.seconds().count() << 'Z';
    return text.str();
}

Json part_of(std::string_view encoded) {
    return Json::parse(base64url::decode(encoded).value());
}

void print_token(const std::string& token, const Options& options) {
    const std::size_t first = token.find('.');
    const std::size_t second = token.find('.', first + 1);
    const Json header = part_of(token.substr(0, first));
    const Json claims = part_of(token.substr(first + 1, second - first - 1));
    const long long expiry = claims["exp"].get<long long>();
    const std::string date = date_of(std::chrono::sys_seconds(std::chrono::seconds(expiry)));
    if (options.decode && options.json) {
        std::cout << Json{{"header", header}, {"claims", claims}, {"expires", date}}.dump() << '\n';
    } else if (options.decode) {
        std::cout << "header: " << header.dump(2) << "\nclaims: " << claims.dump(2)
                  << "\nexpires: " << date << '\n';
    } else if (options.json) {
        std::cout << Json{{"token", token}, {"expires_at", expiry}}.dump() << '\n';
    } else {
        std::cout << token << '\n';
    }
}

}  // namespace

int report_refusal(const Refusal& refusal) {
    std::string text = public_text(refusal);
    if (refusal.reason == Reason::missing_field) {
        text += "; --form " + refusal.field + "=VALUE gives it";
    } else if (refusal.reason == Reason::not_logged_in) {
        text += "; --server ROOMKEY_NAME=VALUE gives what the policy takes from the web server";
    }
    log(Severity::error, text);
    return EX_DATAERR;
}

Outcome<Form> form_of(const std::vector<std::string>& pairs, const FieldLimits& limits) {
    FormBuilder form(limits);
    for (const std::string& pair : pairs) {
        const std::size_t equals = pair.find('=');
        if (auto added = form.add(pair.substr(0, equals), pair.substr(equals + 1)); !added) {
            return added.error();
        }
    }
    return std::move(form).take();
}

std::optional<PreviousClaims> previous_of(const Options& options, AuthHandler& handler) {
    if (!options.previous_file) {
        return std::nullopt;
    }
    const std::string where = "previous token " + *options.previous_file;
    std::string token = read_text(*options.previous_file, where, k_max_previous_bytes + 1);
    // As a file of one line ends.
    if (token.ends_with('\n')) {
        token.pop_back();
    }
    auto claims = handler.previous_claims(token, current_time());
    if (!claims) {
        log(Severity::warning,
            where +
                ": expected one of this policy, signed with this secret, that its "
                "renewal still allows; found another, which is passed over");
    }
    return claims;
}

std::vector<const char*> parameters_of(const std::vector<std::string>& pairs) {
    std::vector<const char*> parameters;
    parameters.reserve(pairs.size() + 1);
    for (const std::string& pair : pairs) {
        parameters.push_back(pair.c_str());
    }
    parameters.push_back(nullptr);
    return parameters;
}

namespace {

Setup load_checked(const Options& options, const Parameters& environment) {
    Setup setup = load_setup(options, environment);
    ConfigErrors errors;
    for (const PermissionRules& rules : setup.permissions) {
        errors.collect([&] { check_patterns(rules, setup.warnings); });
    }
    errors.throw_if_any();
    return setup;
}

std::string names_of(const Setup& setup) {
    std::string names;
    for (const std::string& name : setup.policies) {
        names.append(names.empty() ? "" : ", ").append(name);
    }
    return names;
}

}  // namespace

int run_check(const Options& options, const Parameters& environment) {
    if (!options.json) {
        const Setup setup = load_checked(options, environment);
        log(Severity::warning, setup.warnings);
        const std::size_t count = setup.warnings.size();
        std::cout << "The configuration is valid";
        if (count > 0) {
            std::cout << ", with " << count << (count == 1 ? " warning" : " warnings");
        }
        std::cout << ".\n";
        if (setup.policies.size() > 1) {
            std::cout << "Policies: " << names_of(setup) << ".\n";
        }
        return EX_OK;
    }
    Json report{{"valid", true}, {"errors", Json::array()}, {"warnings", Json::array()}};
    int status = EX_OK;
    try {
        report["warnings"] = load_checked(options, environment).warnings;
    } catch (const ConfigError& error) {
        report["valid"] = false;
        report["errors"] = error.findings();
        status = error.exit_status();
    }
    // What is quoted of a file that is not UTF-8 is not UTF-8 either.
    std::cout << report.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
    return status;
}

int run_mint(const Options& options, const Parameters& environment) {
    Setup setup = load_setup(options.policy_name, options, environment);
    AuthHandler& handler = setup.handlers.get(options.policy_name);
    log(Severity::warning, setup.warnings);
    const auto form = form_of(options.form, handler.fields());
    if (!form) {
        return report_refusal(form.error());
    }
    const std::vector<const char*> pairs = parameters_of(options.server);
    const Parameters parameters(pairs.data());
    SystemRandom random;
    const auto previous = previous_of(options, handler);
    const auto token =
        handler.token({*form, parameters, current_time(), random, previous ? &*previous : nullptr});
    if (!token) {
        return report_refusal(token.error());
    }
    print_token(*token, options);
    return EX_OK;
}

}  // namespace roomkey
