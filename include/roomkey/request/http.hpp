// SPDX-License-Identifier: MIT
// The request and response values that the core works on. No I/O: gateways fill and write them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roomkey {

// Largest request body that is accepted, in bytes.
inline constexpr std::size_t k_max_body = 16'384;

// The meta-variables of a request (RFC 3875 4.1), as "NAME=VALUE" strings ended by a null pointer.
// CGI has them in environ, libfcgi in envp, so one type serves both and nothing is copied: the
// storage must outlive this view. Where a name is repeated, the first one counts.
class Parameters {
public:
    explicit Parameters(const char* const* environment) : m_environment(environment) {}

    // The value of `name`, or nothing. Costs one pass over the list.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

    // The same with absent read as empty, for the many variables where RFC 3875 makes no
    // difference.
    [[nodiscard]] std::string_view get(std::string_view name) const;

private:
    const char* const* m_environment;
};

// How reading the body ended. Only `complete` may ever lead to a token.
enum class BodyRead { complete, failed };

struct Request {
    Parameters parameters;
    // At most k_max_body + 1 bytes: a gateway stops there, and the core refuses what is longer.
    std::string_view body;
    BodyRead body_read = BodyRead::complete;
};

struct Response {
    int status = 200;
    std::string_view content_type = "text/plain; charset=utf-8";
    // Further header fields; no name or value contains CR or LF.
    std::vector<std::pair<std::string_view, std::string>> headers;
    std::string body;
};

}  // namespace roomkey
