// SPDX-License-Identifier: MIT
// Each value has one spelling: what can be decoded encodes to the same text, and the other way. The
// spelling is OpenSSL's, but for two characters and the padding.
#include <openssl/evp.h>

#include <string>

#include "fuzz.hpp"
#include "roomkey/text/base64url.hpp"

using namespace roomkey;

namespace {

std::string reference(const unsigned char* data, std::size_t size) {
    std::string text(size / 3 * 4 + 5, '\0');
    text.resize(static_cast<std::size_t>(EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()), data, static_cast<int>(size))));
    text.resize(std::min(text.find('='), text.size()));
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

std::string encode(std::string_view bytes) {
    std::string text;
    base64url::append(text, bytes);
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text = fuzz::as_text(data, size);
    if (const auto decoded = fuzz::in_time([&] { return base64url::decode(text); })) {
        FUZZ_CHECK(encode(*decoded) == text);
    }
    const std::string encoded = fuzz::in_time([&] { return encode(text); });
    FUZZ_CHECK(encoded == reference(data, size));
    const auto decoded = base64url::decode(encoded);
    FUZZ_CHECK(decoded && *decoded == text);
    return 0;
}
