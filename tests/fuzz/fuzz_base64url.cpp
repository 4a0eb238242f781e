// SPDX-License-Identifier: MIT
// Each value has one spelling: what can be decoded encodes to the same text, and the other way.
#include <string>

#include "fuzz.hpp"
#include "roomkey/base64url.hpp"

using namespace roomkey;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text = fuzz::as_text(data, size);
    if (const auto decoded = base64url::decode(text)) {
        std::string again;
        base64url::append(again, *decoded);
        FUZZ_CHECK(again == text);
    }
    std::string encoded;
    base64url::append(encoded, text);
    const auto decoded = base64url::decode(encoded);
    FUZZ_CHECK(decoded && *decoded == text);
    return 0;
}
