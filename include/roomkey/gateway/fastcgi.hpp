// SPDX-License-Identifier: MIT
// The way through libfcgi: one request that was read already, one answer. This is the only unit
// that knows libfcgi.
#pragma once

#include <memory>

#include "roomkey/auth/auth_handlers.hpp"
#include "roomkey/gateway/record_reader.hpp"
#include "roomkey/token/random.hpp"

namespace roomkey::fastcgi {

// What is to become of a connection after an answer. Its owner closes it.
enum class ConnectionFate {
    keep,   // the web server keeps it open for another request
    close,  // this was its last request
    drain,  // the same, with input left that nobody will read
    lost,   // the answer could not be sent
};

// For one thread; reused from request to request. Creating the first one initialises libfcgi.
// Holds a pipe that has room for the largest request. Throws std::system_error without one.
class LibfcgiRequest {
public:
    LibfcgiRequest();
    ~LibfcgiRequest();
    LibfcgiRequest(const LibfcgiRequest&) = delete;
    LibfcgiRequest& operator=(const LibfcgiRequest&) = delete;

    // Gives libfcgi a copy of the request to read, lets `handlers` answer what it has read, and
    // sends the answer on `connection`, which must be non-blocking; so nothing here waits. A
    // request that libfcgi can't read to its end gets no token.
    [[nodiscard]] ConnectionFate answer(int connection, const ReceivedRequest& received,
                                        AuthHandlers& handlers, RandomSource& random);

private:
    class Impl;
    std::unique_ptr<Impl> m_impl;
};

}  // namespace roomkey::fastcgi
