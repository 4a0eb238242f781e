// SPDX-License-Identifier: MIT
// Chooses the way in, and turns what goes wrong at the start into an exit status of sysexits.h.
#include <sysexits.h>
#include <unistd.h>

#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "roomkey/gateway/cgi.hpp"
#include "roomkey/gateway/limits.hpp"
#include "roomkey/gateway/listener.hpp"
#include "roomkey/gateway/log.hpp"
#include "roomkey/gateway/serve.hpp"
#include "roomkey/gateway/system.hpp"
#include "roomkey/policy/policy.hpp"
#include "roomkey/program/commands.hpp"
#include "roomkey/program/options.hpp"
#include "roomkey/program/secret.hpp"
#include "roomkey/program/setup.hpp"
#include "roomkey/text/errors.hpp"

namespace {

using namespace roomkey;

int run(int argc, char** argv) {
    hide_secret(environ);
    const Parameters environment(environ);
    std::optional<Listener> inherited = Listener::inherited(environment);
    if (!inherited && is_cgi(environment)) {
        // Its arguments come from the visitor, so it takes options from the environment alone.
        return run_cgi(environment, [&environment] {
            return load_setup(environment.get("ROOMKEY_POLICY_NAME"),
                              options_from_environment(environment), environment)
                .handlers;
        });
    }
    const Options options = parse_command_line(argc, argv, environment);
    switch (options.command) {
        case Command::help: std::cout << help_text(); return EX_OK;
        case Command::version: std::cout << "roomkey " ROOMKEY_VERSION "\n"; return EX_OK;
        case Command::check: return run_check(options, environment);
        case Command::explain: return run_explain(options, environment);
        case Command::mint: return run_mint(options, environment);
        case Command::none:
        case Command::serve: break;
    }
    if (!options.socket && !inherited) {
        std::cerr << help_text();
        return EX_USAGE;
    }
    const auto open = [&options, &inherited] {
        return options.socket ? Listener::open(*options.socket) : std::move(*inherited);
    };
    const auto load = [&options, &environment] {
        Setup setup = load_setup(options, environment);
        log(Severity::warning, setup.warnings);
        return std::move(setup.handlers);
    };
    return serve(open, options.threads, limits_from_environment(environment), load);
}

}  // namespace

int main(int argc, char** argv) {
    roomkey::open_standard_descriptors();
    roomkey::forbid_core_dumps();
    try {
        return run(argc, argv);
    } catch (const roomkey::UsageError& error) {
        log(Severity::error, error.what());
        return EX_USAGE;
    } catch (const roomkey::UnknownPolicy& error) {
        log(Severity::error, error.what());
        return EX_USAGE;
    } catch (const roomkey::ConfigError& error) {
        log(Severity::error, error.findings());
        return error.exit_status();
    } catch (const roomkey::TokenTooLong& error) {
        log(Severity::error, error.what());
        return EX_DATAERR;
    } catch (const std::exception& error) {
        log(Severity::error, error.what());
        return EX_OSERR;
    }
}
