// SPDX-License-Identifier: MIT
// The urlencoded parser against a second one, and against the limits that a form promises.
#include <algorithm>
#include <set>
#include <string>

#include "fuzz.hpp"
#include "reference.hpp"
#include "roomkey/form.hpp"
#include "roomkey/text.hpp"

using namespace roomkey;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string text(fuzz::as_text(data, size));
    const auto parsed = parse_urlencoded(text);
    const auto expected = reference::urlencoded(text);
    if (!parsed) {
        FUZZ_CHECK(parsed.error().reason != Reason::bad_percent_escape || !expected);
        return 0;
    }
    FUZZ_CHECK(expected);
    FUZZ_CHECK(expected->size() <= k_max_fields);
    std::set<std::string> names;
    for (const auto& [name, value] : *expected) {
        const std::string* found = parsed->find(name);
        FUZZ_CHECK(found != nullptr && *found == value);
        FUZZ_CHECK(names.insert(name).second);
        FUZZ_CHECK(value.size() <= k_max_field_bytes && is_utf8(value));
        FUZZ_CHECK(!has_control_character(value));
    }
    return 0;
}
