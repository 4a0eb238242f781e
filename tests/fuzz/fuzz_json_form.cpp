// SPDX-License-Identifier: MIT
// JSON bodies: what is accepted is an object of strings, as a full parse of the same text says.
#include <nlohmann/json.hpp>
#include <string>

#include "fuzz.hpp"
#include "roomkey/form.hpp"

using namespace roomkey;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text = fuzz::as_text(data, size);
    const auto parsed = parse_json_form(text);
    const nlohmann::json whole = nlohmann::json::parse(text, nullptr, false);
    if (!parsed) {
        return 0;
    }
    FUZZ_CHECK(whole.is_object() && whole.size() <= k_max_fields);
    for (const auto& [name, value] : whole.items()) {
        FUZZ_CHECK(value.is_string());
        const std::string* found = parsed->find(name);
        FUZZ_CHECK(found != nullptr && *found == value.get<std::string>());
    }
    return 0;
}
