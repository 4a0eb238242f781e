// SPDX-License-Identifier: MIT
// The policy: which claims a token carries, compiled from JSON once and immutable from then on.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "roomkey/request/http.hpp"
#include "roomkey/text/errors.hpp"
#include "roomkey/token/template.hpp"

namespace roomkey {

enum class Reply { text, json };

// The longest token, in bytes: longer than any known service accepts, and short enough for an
// answer to fit the buffers of its socket, since it is sent without waiting.
inline constexpr std::size_t k_max_token_bytes = 65'536;

// A request of whose values a token over the limit would be made.
class TokenTooLong : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A request may carry the token that it had before, in the field `field`, until `within` has passed
// since it expired.
struct Renewal {
    std::string field;
    std::chrono::seconds within{0};
};

// A claim that is the same in every token.
struct ConstantClaim {
    std::string name;
    // Its value as JSON text.
    std::string json;
};

// An entry of the claim `permissions`, as `roomkey check` tries it out.
struct PermissionRule {
    // Its JSON Pointer, and the pattern as it is written.
    std::string at;
    std::string written;
    // With a name in the place of each value.
    std::string pattern;
    // The only room that it matches, if it is of this kind.
    std::optional<std::string> room;
    bool publish = false;
    bool subscribe = false;
};

// Those of one policy, which its diagnostics call `where`.
struct PermissionRules {
    std::string where;
    std::vector<PermissionRule> rules;
};

struct Policy {
    Template claims;
    // base64url of the JOSE header, whose `alg` is always HS256.
    std::string encoded_header;
    // How long after the request a token expires.
    std::chrono::seconds lifetime{0};
    Reply reply = Reply::text;
    // Origins (RFC 6454 6.2) that may read the answers; none means that no CORS header is sent.
    std::vector<std::string> allowed_origins;
    std::optional<Renewal> renewal;
    // The name of the secret that signs its tokens.
    std::string secret = "secret";
    // The fields of a request that the claims are made from; of others nothing is asked. The field
    // of the previous token is none of them.
    std::vector<std::string> form_fields;
    // The claims of the previous token that the new one's are made from, by their paths.
    std::vector<std::string> previous_paths;
    // Which a token must have to be one of this policy.
    std::vector<ConstantClaim> constant_claims;
    PermissionRules permissions;
    // What is allowed but seldom meant, each as `where: what was found; what it leads to`.
    std::vector<std::string> warnings;

    // The length of a token whose claims have so many bytes.
    [[nodiscard]] std::size_t token_size(std::size_t claims_size) const;

    // Throws TokenTooLong if a token with `rendered` for its claims would be over the limit.
    void check_size(std::string_view rendered) const;
};

// The policy that applies when no file is given: the claims of a chat with one public room, and a
// private room for each client that only this client can read.
extern const std::string_view k_builtin_policy;

// Checks and compiles a policy. `where` is what its errors call it (a file name), and `environment`
// holds the variables that `env.` may name. Throws ConfigError with every finding at once.
[[nodiscard]] Policy compile_policy(std::string_view json, std::string_view where,
                                    const Parameters& environment);

}  // namespace roomkey
