// SPDX-License-Identifier: MIT
#include "roomkey/commands.hpp"

#include <sysexits.h>

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "roomkey/base64url.hpp"
#include "roomkey/form.hpp"
#include "roomkey/log.hpp"
#include "roomkey/refusal.hpp"
#include "roomkey/setup.hpp"
#include "roomkey/system.hpp"

namespace roomkey {

namespace {

int refuse(const Refusal& refusal) {
    log(Severity::error, public_text(refusal));
    return EX_DATAERR;
}

Outcome<Form> form_of(const std::vector<std::string>& pairs) {
    Form form;
    for (const std::string& pair : pairs) {
        const std::size_t equals = pair.find('=');
        if (auto added = form.add({pair.substr(0, equals), pair.substr(equals + 1)}); !added) {
            return added.error();
        }
    }
    return form;
}

std::string readable(std::string_view encoded) {
    const auto json = base64url::decode(encoded);
    return nlohmann::json::parse(json.value()).dump(2);
}

void print_decoded(const std::string& token) {
    const std::size_t first = token.find('.');
    const std::size_t second = token.find('.', first + 1);
    std::cout << readable(token.substr(0, first)) << '\n'
              << readable(token.substr(first + 1, second - first - 1)) << '\n';
}

}  // namespace

int run_mint(const Options& options, const Parameters& environment) {
    Setup setup = load_setup(options, environment);
    for (const std::string& warning : setup.warnings) {
        log(Severity::warning, warning);
    }
    const auto form = form_of(options.form);
    if (!form) {
        return refuse(form.error());
    }
    std::vector<const char*> pairs;
    for (const std::string& pair : options.server) {
        pairs.push_back(pair.c_str());
    }
    pairs.push_back(nullptr);
    SystemRandom random;
    const Parameters parameters(pairs.data());
    const auto token = setup.handler.token({*form, parameters, current_time(), random});
    if (!token) {
        return refuse(token.error());
    }
    if (options.decode) {
        print_decoded(*token);
    } else {
        std::cout << *token << '\n';
    }
    return 0;
}

}  // namespace roomkey
