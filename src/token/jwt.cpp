// SPDX-License-Identifier: MIT
#include "roomkey/token/jwt.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdint>
#include <stdexcept>

#include "roomkey/text/base64url.hpp"

namespace roomkey {

namespace {

EVP_MAC_CTX* as_mac(void* context) {
    return static_cast<EVP_MAC_CTX*>(context);
}

void* require(void* pointer, const char* what) {
    if (pointer == nullptr) {
        throw std::runtime_error(what);
    }
    return pointer;
}

// Keeps OpenSSL from what is not needed here: its ciphers and digests under their old names, the
// texts of its errors, and tidying up at exit. Together they are two fifths of what a CGI program
// does. Its configuration is loaded as ever, since a system that allows validated modules only says
// so there.
void prepare_openssl() {
    constexpr std::uint64_t k_options =
        OPENSSL_INIT_NO_ADD_ALL_CIPHERS | OPENSSL_INIT_NO_ADD_ALL_DIGESTS |
        OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT;
    if (OPENSSL_init_crypto(k_options, nullptr) != 1) {
        throw std::runtime_error("OpenSSL can't be initialised");
    }
}

void* new_keyed_context(std::span<const unsigned char> key) {
    if (key.empty()) {
        throw std::invalid_argument("HS256 needs a key");
    }
    prepare_openssl();
    const std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
        EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr), &EVP_MAC_free);
    require(mac.get(), "OpenSSL has no HMAC");
    std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(EVP_MAC_CTX_new(mac.get()),
                                                                      &EVP_MAC_CTX_free);
    require(context.get(), "OpenSSL gives no MAC context");
    // OpenSSL takes a writable string here and only reads it.
    std::array<char, 7> digest{"SHA256"};
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
        OSSL_PARAM_construct_end()};
    if (EVP_MAC_init(context.get(), key.data(), key.size(), parameters.data()) != 1) {
        throw std::runtime_error("OpenSSL refuses the key for HMAC-SHA256");
    }
    return context.release();
}

// Whether `given` is the encoded signature of `message`. The one that is computed leaves no copy
// behind: whoever forges a message is after just this.
bool is_signature(Hs256Signer& signer, std::string_view message, std::string_view given) {
    Hs256Signature signature = signer.sign(message);
    std::string expected;
    base64url::append(expected, signature);
    const bool equal = given.size() == expected.size() &&
                       CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0;
    OPENSSL_cleanse(signature.data(), signature.size());
    OPENSSL_cleanse(expected.data(), expected.size());
    return equal;
}

}  // namespace

void Hs256Signer::FreeContext::operator()(void* context) const {
    EVP_MAC_CTX_free(as_mac(context));
}

Hs256Signer::Hs256Signer(std::span<const unsigned char> key) : m_context(new_keyed_context(key)) {}

Hs256Signer::Hs256Signer(const Hs256Signer& other)
    : m_context(require(EVP_MAC_CTX_dup(as_mac(other.m_context.get())),
                        "OpenSSL can't copy a MAC context")) {}

Hs256Signature Hs256Signer::sign(std::string_view message) {
    EVP_MAC_CTX* context = as_mac(m_context.get());
    Hs256Signature signature{};
    std::size_t length = 0;
    // Without a key, EVP_MAC_init starts over with the key that the context has.
    if (EVP_MAC_init(context, nullptr, 0, nullptr) != 1 ||
        EVP_MAC_update(context, reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1 ||
        EVP_MAC_final(context, signature.data(), &length, signature.size()) != 1 ||
        length != signature.size()) {
        throw std::runtime_error("HMAC-SHA256 failed");
    }
    return signature;
}

std::size_t token_size(std::size_t encoded_header, std::size_t claims) {
    constexpr std::size_t k_dots = 2;
    return encoded_header + base64url::encoded_size(claims) +
           base64url::encoded_size(Hs256Signature{}.size()) + k_dots;
}

std::string make_token(Hs256Signer& signer, std::string_view encoded_header,
                       std::string_view claims) {
    std::string token;
    token.reserve(token_size(encoded_header.size(), claims.size()));
    token.append(encoded_header).append(1, '.');
    base64url::append(token, claims);
    const Hs256Signature signature = signer.sign(token);
    token.append(1, '.');
    base64url::append(token, signature);
    return token;
}

std::optional<std::string> verify_token(Hs256Signer& signer, std::string_view encoded_header,
                                        std::string_view token) {
    const std::size_t begin = encoded_header.size() + 1;
    const std::size_t end = token.rfind('.');
    if (end == std::string_view::npos || end < begin || !token.starts_with(encoded_header) ||
        token[encoded_header.size()] != '.' ||
        !is_signature(signer, token.substr(0, end), token.substr(end + 1))) {
        return std::nullopt;
    }
    return base64url::decode(token.substr(begin, end - begin));
}

}  // namespace roomkey
