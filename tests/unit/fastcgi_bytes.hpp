// SPDX-License-Identifier: MIT
// Writes the records of a web server (FastCGI 1.0, sections 3 and 5), and those that answer them.
#pragma once

#include <cstddef>
#include <string>

namespace roomkey::test {

enum RecordType : unsigned {
    begin_request = 1,
    abort_request = 2,
    params = 4,
    standard_input = 5,
    get_values = 9,
    get_values_result = 10,
};

inline std::string two_bytes(std::size_t number) {
    return {static_cast<char>(number >> 8U & 255U), static_cast<char>(number & 255U)};
}

// A record of version 1; its padding is of ones, so that nobody takes it for the next header.
inline std::string record(unsigned type, const std::string& content = {}, std::size_t id = 1,
                          std::size_t padding = 0) {
    return std::string(1, '\x01') + static_cast<char>(type) + two_bytes(id) +
           two_bytes(content.size()) + static_cast<char>(padding) + '\0' + content +
           std::string(padding, '\xFF');
}

// The beginning of a request, of the responder's role if no other is given.
inline std::string begin(std::size_t id = 1, unsigned flags = 0, std::size_t padding = 0,
                         std::size_t role = 1) {
    return record(begin_request, two_bytes(role) + static_cast<char>(flags) + std::string(5, '\0'),
                  id, padding);
}

// The end of a request with a protocol status.
inline std::string end_request(std::size_t id, unsigned status) {
    return record(3, std::string(4, '\0') + static_cast<char>(status) + std::string(3, '\0'), id);
}

inline std::string length_bytes(std::size_t length) {
    if (length < 128) {
        return std::string(1, static_cast<char>(length));
    }
    return two_bytes(length >> 16U | 0x8000U) + two_bytes(length);
}

inline std::string pair(const std::string& name, const std::string& value) {
    return length_bytes(name.size()) + length_bytes(value.size()) + name + value;
}

}  // namespace roomkey::test
