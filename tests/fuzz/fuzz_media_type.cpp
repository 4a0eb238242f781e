// SPDX-License-Identifier: MIT
// Header values with parameters (Content-Type, Content-Disposition), against a second parser.
#include <optional>
#include <string>

#include "fuzz.hpp"
#include "reference.hpp"
#include "roomkey/request/media_type.hpp"

using namespace roomkey;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text = fuzz::as_text(data, size);
    const auto parsed = fuzz::in_time([&] { return ParameterizedValue::parse(text); });
    const auto expected = reference::header(std::string(text));
    FUZZ_CHECK(parsed.has_value() == expected.has_value());
    if (!expected) {
        return 0;
    }
    FUZZ_CHECK(parsed->value() == expected->value);
    for (const auto& [name, value] : expected->parameters) {
        FUZZ_CHECK(parsed->find(name) == value);
    }
    for (const char* name : {"boundary", "charset", "name", "filename", "filename*"}) {
        FUZZ_CHECK(parsed->find(name).has_value() ==
                   (reference::find(expected->parameters, name) != nullptr));
    }
    return 0;
}
