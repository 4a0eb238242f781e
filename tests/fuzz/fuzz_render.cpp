// SPDX-License-Identifier: MIT
// The placeholders of a policy against a second renderer, which puts the values into the parsed
// tree. The input is a line for each of the fields a and b and the parameters ROOMKEY_A and
// ROOMKEY_B, and then the text of a claim, which is also used as a key.
#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "fuzz.hpp"
#include "reference.hpp"
#include "roomkey/policy/policy.hpp"
#include "roomkey/token/guest.hpp"

using namespace roomkey;
using Json = nlohmann::json;

namespace {

constexpr long long k_now = 1'700'000'000;

struct Values {
    std::string a;
    std::string b;
    std::string parameter_a;
    std::string parameter_b;
};

// The value of one name, empty when it is absent; nothing if it is not fit for a token.
std::optional<std::string> value_of(const std::string& name, const Values& values) {
    fuzz::FixedRandom random;
    if (name == "form.a" || name == "form.b") {
        return name.back() == 'a' ? values.a : values.b;
    }
    if (name == "server.ROOMKEY_A" || name == "server.ROOMKEY_B") {
        const std::string& value = name.back() == 'A' ? values.parameter_a : values.parameter_b;
        return value.size() <= 1024 && reference::is_clean(value) ? std::optional(value)
                                                                  : std::nullopt;
    }
    if (name == "uuid") {
        return uuid(random);
    }
    if (name == "guest.name") {
        return guest_name(random);
    }
    if (name == "guest.color") {
        return guest_color(random);
    }
    if (name == "env.X") {
        return "\"}";
    }
    if (name.front() == '\'') {
        return name.substr(1, name.size() - 2);
    }
    if (name.starts_with("now")) {
        const std::string offset = name.substr(3);
        return std::to_string(k_now + (offset.empty() ? 0 : std::stoll(offset)));
    }
    return "";  // a field, a parameter or a variable that is not there
}

std::string filtered(const std::string& value, const std::string& filter) {
    std::string result;
    for (const char c : value) {
        const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
        if (filter == "uri" && !is_plain && std::string("-._~").find(c) == std::string::npos) {
            constexpr const char* k_hex = "0123456789ABCDEF";
            const auto byte = static_cast<unsigned char>(c);
            result += {'%', k_hex[byte / 16], k_hex[byte % 16]};
            continue;
        }
        if (filter == "regex" && std::string("^$\\.*+?()[]{}|/").find(c) != std::string::npos) {
            result += '\\';
        }
        result += c;
    }
    return result;
}

bool is_a_name(const std::string& value) {
    return std::all_of(value.begin(), value.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    });
}

// The text with its values, as a tree's string, or as a number where it is a time alone.
std::optional<Json> rendered(const std::string& text, const Values& values) {
    std::string result;
    std::string rest = text;
    for (;;) {
        const std::size_t open = rest.find("${");
        result += rest.substr(0, open);
        if (open == std::string::npos) {
            return Json(result);
        }
        const std::size_t close = rest.find('}', open);
        const auto filters = reference::split(rest.substr(open + 2, close - open - 2), "|");
        std::optional<std::string> value;
        std::string chosen;
        for (const std::string& each : reference::split(filters[0], "??")) {
            chosen = reference::stripped(each);
            value = value_of(chosen, values);
            if (!value || !value->empty()) {
                break;
            }
        }
        if (!value || value->empty()) {
            return std::nullopt;
        }
        const bool is_whole = open == 0 && close + 1 == text.size() && rest.size() == text.size();
        if (is_whole && filters.size() == 1 && chosen.starts_with("now")) {
            return Json(std::stoll(*value));
        }
        const bool is_requests = chosen.starts_with("form.") || chosen.starts_with("server.");
        const std::string filter = filters.size() == 1 ? "" : reference::stripped(filters[1]);
        const bool is_name_place = filter == "name" || (filter.empty() && !is_whole);
        if (is_requests && ((is_name_place && !is_a_name(*value)) ||
                            (filter == "uri" && (*value == "." || *value == "..")))) {
            return std::nullopt;
        }
        result += filtered(*value, filter);
        rest = rest.substr(close + 1);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view input = fuzz::as_text(data, size);
    Values values;
    for (std::string* value : {&values.a, &values.b, &values.parameter_a, &values.parameter_b}) {
        *value = fuzz::take_line(input);
        value->resize(std::min(value->find('\0'), value->size()));
    }
    const std::string text(input);
    Form form;
    if (!reference::code_points(text) || text == "k" || text == "${json}" ||
        !form.add({"a", values.a}) || !form.add({"b", values.b})) {
        return 0;
    }
    // Twice in one object, beside a key that it may become, and alone.
    const Json claims{{"exp", "${now+60}"},
                      {"in", {{text, {text, 1}}, {"x" + text, true}, {"k", text}}},
                      {"json", {{"${json}", {{"in", Json::array({text, "\""})}}}}}};
    constexpr std::array<const char*, 2> k_environment{"X=\"}", nullptr};
    std::optional<Policy> policy;
    const std::string parameter_a = "ROOMKEY_A=" + values.parameter_a;
    const std::string parameter_b = "ROOMKEY_B=" + values.parameter_b;
    const std::array<const char*, 3> variables{parameter_a.c_str(), parameter_b.c_str(), nullptr};
    const Parameters parameters(variables.data());
    fuzz::FixedRandom random;
    try {
        policy = fuzz::in_time(
            [&] {
                return compile_policy(Json{{"claims", claims}}.dump(), "policy",
                                      Parameters(k_environment.data()));
            },
            fuzz::k_most_for_policy);
    } catch (const ConfigError&) {
        return 0;
    }
    const auto outcome = fuzz::in_time([&] {
        return policy->claims.render(
            {form, parameters, std::chrono::sys_seconds(std::chrono::seconds(k_now)), random});
    });
    const auto as_value = rendered(text, values);
    // In a key there are strings only.
    const auto as_key = rendered("x" + text, values);
    const std::string key = as_key ? as_key->get<std::string>().substr(1) : "";
    const bool accepted = as_key && key != "k" && "x" + key != "k";
    FUZZ_CHECK(static_cast<bool>(outcome) == accepted);
    if (accepted) {
        const Json within{{"in", Json::array({*as_value, "\""})}};
        const Json expected{{"exp", k_now + 60},
                            {"in", {{key, {*as_value, 1}}, {"x" + key, true}, {"k", *as_value}}},
                            {"json", within}};
        Json found = Json::parse(*outcome, nullptr, false);
        found["json"] = Json::parse(found["json"].get<std::string>(), nullptr, false);
        FUZZ_CHECK(found == expected);
    }
    return 0;
}
