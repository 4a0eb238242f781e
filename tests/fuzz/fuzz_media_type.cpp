// SPDX-License-Identifier: MIT
// Header values with parameters: what was parsed, written out anew, is parsed to the same.
#include <string>

#include "fuzz.hpp"
#include "roomkey/media_type.hpp"

using namespace roomkey;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text = fuzz::as_text(data, size);
    const auto parsed = ParameterizedValue::parse(text);
    if (!parsed) {
        return 0;
    }
    std::string again(parsed->value());
    FUZZ_CHECK(!again.empty() && again.find(';') == std::string::npos);
    for (const char* name : {"boundary", "charset", "name", "filename"}) {
        if (const std::string* value = parsed->find(name)) {
            again.append("; ").append(name).append("=\"");
            for (const char c : *value) {
                again.append(c == '"' || c == '\\' ? "\\" : "").append(1, c);
            }
            again += '"';
        }
    }
    const auto second = ParameterizedValue::parse(again);
    FUZZ_CHECK(second && second->value() == parsed->value());
    for (const char* name : {"boundary", "charset", "name", "filename"}) {
        const std::string* one = parsed->find(name);
        const std::string* other = second->find(name);
        FUZZ_CHECK((one == nullptr) == (other == nullptr));
        FUZZ_CHECK(one == nullptr || *one == *other);
    }
    return 0;
}
