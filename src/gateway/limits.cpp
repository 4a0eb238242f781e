// SPDX-License-Identifier: MIT
#include "roomkey/gateway/limits.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "roomkey/gateway/log.hpp"
#include "roomkey/text/errors.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

constexpr std::string_view k_variable = "ROOMKEY_TEST_LIMITS";

constexpr std::array k_times{
    std::pair{std::string_view("request_time"), &Limits::request_time},
    std::pair{std::string_view("silent_stop_time"), &Limits::silent_stop_time},
    std::pair{std::string_view("stop_time"), &Limits::stop_time},
};

// Sets what one NAME=MILLISECONDS says; false if it says nothing that is known.
bool set_time(Limits& limits, std::string_view text) {
    constexpr long long k_max_milliseconds = 60'000;
    const std::size_t equals = std::min(text.find('='), text.size());
    const std::string_view name = text.substr(0, equals);
    const long long value = parse_decimal(text.substr(std::min(equals + 1, text.size())));
    const auto* const known = std::find_if(k_times.begin(), k_times.end(),
                                           [name](const auto& time) { return time.first == name; });
    if (known == k_times.end() || value < 1 || value > k_max_milliseconds) {
        return false;
    }
    limits.*(known->second) = std::chrono::milliseconds(value);
    return true;
}

}  // namespace

Limits limits_from_environment(const Parameters& environment) {
    Limits limits;
    std::string_view rest = environment.get(k_variable);
    if (rest.empty()) {
        return limits;
    }
    log(Severity::warning, std::string("limits of a test are in force: ").append(rest));
    while (!rest.empty()) {
        const std::string_view text = rest.substr(0, rest.find(','));
        if (!set_time(limits, text)) {
            throw ConfigError({std::string(k_variable) +
                               ": expected NAME=MILLISECONDS of a known time, found \"" +
                               std::string(text) + "\""});
        }
        rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    }
    return limits;
}

}  // namespace roomkey
