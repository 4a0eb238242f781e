// SPDX-License-Identifier: MIT
#include "roomkey/gateway/fastcgi_record.hpp"

#include <utility>

namespace roomkey::fastcgi {

namespace {

// One length of a name-value pair: a byte, or four of which the first bit is set.
std::optional<std::size_t> take_length(Bytes& bytes) {
    constexpr unsigned char k_long = 0x80;
    const std::size_t width = bytes.empty() || bytes[0] < k_long ? 1 : 4;
    if (bytes.size() < width) {
        return std::nullopt;
    }
    std::size_t length = bytes[0] & (width == 1 ? 0xFFU : 0x7FU);
    for (std::size_t i = 1; i < width; ++i) {
        length = length << 8U | bytes[i];
    }
    bytes = bytes.subspan(width);
    return length;
}

std::string record(RecordType type, unsigned id, std::string_view content) {
    const RecordHeader header = make_header(type, id, content.size());
    return std::string(header.begin(), header.end()).append(content);
}

std::string values(Bytes query, std::size_t max_connections) {
    const std::string most = std::to_string(max_connections);
    std::array<Pair, 3> known{Pair{"FCGI_MAX_CONNS", most}, Pair{"FCGI_MAX_REQS", most},
                              Pair{"FCGI_MPXS_CONNS", "0"}};
    std::string pairs;
    while (const auto asked = take_pair(query)) {
        for (Pair& one : known) {
            if (asked->name == one.name && !one.value.empty()) {
                pairs += static_cast<char>(one.name.size());
                pairs += static_cast<char>(one.value.size());
                pairs.append(one.name).append(std::exchange(one.value, {}));
            }
        }
    }
    return record(RecordType::get_values_result, 0, pairs);
}

}  // namespace

RecordHeader make_header(RecordType type, unsigned id, std::size_t content_size) {
    const auto byte = [](std::size_t number) { return static_cast<unsigned char>(number & 255U); };
    return {k_version,
            static_cast<unsigned char>(type),
            byte(id >> 8U),
            byte(id),
            byte(content_size >> 8U),
            byte(content_size),
            0,
            0};
}

std::optional<Pair> take_pair(Bytes& bytes) {
    const auto name_size = take_length(bytes);
    const auto value_size = name_size ? take_length(bytes) : std::nullopt;
    if (!value_size || *name_size > bytes.size() || *value_size > bytes.size() - *name_size) {
        return std::nullopt;
    }
    const char* at = reinterpret_cast<const char*>(bytes.data());
    bytes = bytes.subspan(*name_size + *value_size);
    return Pair{{at, *name_size}, {at + *name_size, *value_size}};
}

std::string end_request(unsigned id, ProtocolStatus status) {
    std::string body(k_body_size, '\0');
    body[4] = static_cast<char>(status);
    return record(RecordType::end_request, id, body);
}

std::string management_reply(unsigned char type, Bytes content, std::size_t max_connections) {
    if (type == static_cast<unsigned char>(RecordType::get_values)) {
        return values(content, max_connections);
    }
    std::string body(k_body_size, '\0');
    body[0] = static_cast<char>(type);
    return record(RecordType::unknown_type, 0, body);
}

}  // namespace roomkey::fastcgi
