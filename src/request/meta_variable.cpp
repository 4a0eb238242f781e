// SPDX-License-Identifier: MIT
#include "roomkey/request/meta_variable.hpp"

#include <algorithm>
#include <array>

namespace roomkey {

using namespace std::string_view_literals;

bool is_meta_variable(std::string_view name) {
    constexpr std::array k_prefixes{"HTTP_"sv,         "REDIRECT_"sv, "SSL_"sv, "ROOMKEY_"sv,
                                    "OIDC_"sv,         "MELLON_"sv,   "CAS_"sv, "GSS_"sv,
                                    "AUTHENTICATE_"sv, "H2_"sv,       "H3_"sv};
    constexpr std::array k_names{
        "AUTH_TYPE"sv,         "CONTENT_LENGTH"sv,  "CONTENT_TYPE"sv,   "DOCUMENT_URI"sv,
        "GATEWAY_INTERFACE"sv, "HTTPS"sv,           "PATH_INFO"sv,      "PATH_TRANSLATED"sv,
        "QUERY_STRING"sv,      "REMOTE_ADDR"sv,     "REMOTE_HOST"sv,    "REMOTE_IDENT"sv,
        "REMOTE_PORT"sv,       "REMOTE_USER"sv,     "REQUEST_METHOD"sv, "REQUEST_SCHEME"sv,
        "REQUEST_URI"sv,       "SCRIPT_FILENAME"sv, "SCRIPT_NAME"sv,    "SCRIPT_URI"sv,
        "SCRIPT_URL"sv,        "SERVER_ADDR"sv,     "SERVER_NAME"sv,    "SERVER_PORT"sv,
        "SERVER_PROTOCOL"sv,   "SERVER_SOFTWARE"sv, "UNIQUE_ID"sv};
    return std::any_of(k_prefixes.begin(), k_prefixes.end(),
                       [name](std::string_view prefix) { return name.starts_with(prefix); }) ||
           std::find(k_names.begin(), k_names.end(), name) != k_names.end();
}

}  // namespace roomkey
