// SPDX-License-Identifier: MIT
// Records on the wire (FastCGI 1.0, sections 3.3 to 5 and 8): their types and headers, name-value
// pairs, and the records with which the gateway itself replies.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace roomkey::fastcgi {

using Bytes = std::span<const unsigned char>;

enum class RecordType : unsigned char {
    begin_request = 1,
    abort_request = 2,
    end_request = 3,
    params = 4,
    standard_input = 5,
    get_values = 9,
    get_values_result = 10,
    unknown_type = 11,
};

enum class ProtocolStatus : unsigned char {
    request_complete = 0,
    cant_mpx_conn = 1,
    unknown_role = 3,
};

inline constexpr unsigned char k_version = 1;
inline constexpr unsigned k_responder = 1;
inline constexpr unsigned char k_keep_conn = 1;
inline constexpr std::size_t k_max_content = 65'535;
// Of BEGIN_REQUEST, END_REQUEST and UNKNOWN_TYPE.
inline constexpr std::size_t k_body_size = 8;

using RecordHeader = std::array<unsigned char, 8>;

// The header of a record without padding.
[[nodiscard]] RecordHeader make_header(RecordType type, unsigned id, std::size_t content_size);

struct Pair {
    std::string_view name;
    std::string_view value;
};

// Takes a name-value pair (section 3.4) off the front of `bytes`, if all of it is there.
[[nodiscard]] std::optional<Pair> take_pair(Bytes& bytes);

[[nodiscard]] std::string end_request(unsigned id, ProtocolStatus status);

// The reply to a management record (section 4): to GET_VALUES the names that are known, each once,
// and UNKNOWN_TYPE to anything else.
[[nodiscard]] std::string management_reply(unsigned char type, Bytes content,
                                           std::size_t max_connections);

}  // namespace roomkey::fastcgi
