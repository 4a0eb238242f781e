// SPDX-License-Identifier: MIT
// Signs JSON Web Tokens in the JWS compact serialisation with HS256 (RFC 7515 3.1, RFC 7518 3.2),
// and reads back those that it signed. It knows bytes: what the header and the claims say is not
// its business.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace roomkey {

using Hs256Signature = std::array<unsigned char, 32>;

// HMAC-SHA256 with one key, keyed once. Not for use by two threads at once: each takes a copy.
class Hs256Signer {
public:
    // The key is copied into OpenSSL's context, which wipes it when the signer goes.
    // Throws std::invalid_argument for an empty key, std::runtime_error if OpenSSL refuses.
    explicit Hs256Signer(std::span<const unsigned char> key);
    Hs256Signer(const Hs256Signer& other);
    Hs256Signer(Hs256Signer&&) noexcept = default;
    Hs256Signer& operator=(const Hs256Signer&) = delete;

    // The MAC of `message`. Throws std::runtime_error when any step fails, so that a signature
    // which is not one can never be returned.
    [[nodiscard]] Hs256Signature sign(std::string_view message);

private:
    struct FreeContext {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, FreeContext> m_context;
};

// The length of the token that make_token makes of a header and claims of these lengths.
[[nodiscard]] std::size_t token_size(std::size_t encoded_header, std::size_t claims);

// The compact token for a header that is already base64url and claims that are JSON text.
[[nodiscard]] std::string make_token(Hs256Signer& signer, std::string_view encoded_header,
                                     std::string_view claims);

// The claims of a token that make_token made with this signer and this header; nothing for any
// other text. The header must be the same byte for byte, so no token chooses its algorithm.
// Signatures are compared as text, so that each has one spelling, and in a time that does not
// depend on them. Costs one signature.
[[nodiscard]] std::optional<std::string> verify_token(Hs256Signer& signer,
                                                      std::string_view encoded_header,
                                                      std::string_view token);

}  // namespace roomkey
