// SPDX-License-Identifier: MIT
// What the gateway's suites need: requests, a connection with the web server's end in our hand, and
// what was answered on it.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include "fastcgi_bytes.hpp"
#include "roomkey/auth/auth_handler.hpp"
#include "roomkey/gateway/descriptor.hpp"
#include "support.hpp"

namespace roomkey::test {

inline AuthHandler builtin_handler() {
    const Variables environment{"SCALEDRONE_CHANNEL_ID=channel"};
    return AuthHandler(std::make_shared<const Policy>(compile_policy(
                           k_builtin_policy, "built-in policy", environment.parameters())),
                       Hs256Signer(bytes_of("key")));
}

// A connection with the web server's end in our hand.
struct Connection {
    Connection() {
        std::array<int, 2> ends{};
        BOOST_REQUIRE(
            ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
        server = Descriptor(ends[0]);
        ours = Descriptor(ends[1]);
    }
    void send(const std::string& bytes) const {
        BOOST_REQUIRE(::send(server.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                      static_cast<ssize_t>(bytes.size()));
    }
    // All that has been answered so far.
    [[nodiscard]] std::string received() const {
        std::string bytes(1 << 16, '\0');
        const ssize_t size = ::recv(server.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
        return bytes;
    }

    Descriptor server;
    Descriptor ours;
};

// The content of the records of one type in an answer; all of them are of request `id`.
inline std::string content_of(std::string bytes, unsigned type, std::size_t id = 1) {
    std::string content;
    while (bytes.size() >= 8) {
        const auto byte = [&bytes](std::size_t at) {
            return static_cast<std::size_t>(static_cast<unsigned char>(bytes[at]));
        };
        const std::size_t length = byte(4) << 8U | byte(5);
        BOOST_TEST(byte(0) == 1U);
        BOOST_TEST((byte(2) << 8U | byte(3)) == id);
        if (byte(1) == type) {
            content += bytes.substr(8, length);
        }
        bytes.erase(0, 8 + length + byte(6));
    }
    BOOST_TEST(bytes.empty());
    return content;
}

inline constexpr unsigned k_end = 3;
inline constexpr unsigned k_stdout = 6;
inline constexpr unsigned k_stderr = 7;
inline const std::string k_completed(8, '\0');

inline std::string post(const std::string& body, unsigned flags, std::size_t id = 1,
                        const std::string& more = {}) {
    return begin(id, flags) +
           record(params,
                  pair("REQUEST_METHOD", "POST") +
                      pair("CONTENT_TYPE", "application/x-www-form-urlencoded") +
                      pair("CONTENT_LENGTH", std::to_string(body.size())) + more,
                  id) +
           record(params, {}, id) + record(standard_input, body, id) +
           record(standard_input, {}, id);
}

inline bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) >= 0;
}

}  // namespace roomkey::test
