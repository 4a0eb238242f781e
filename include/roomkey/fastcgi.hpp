// SPDX-License-Identifier: MIT
// The FastCGI gateway's way through libfcgi: one request that is known to be there, one answer.
// This is the only unit that knows libfcgi.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "roomkey/auth_handler.hpp"
#include "roomkey/fastcgi_record.hpp"
#include "roomkey/random.hpp"

namespace roomkey::fastcgi {

// What is to become of the connection after an exchange. Its owner closes it, but for `gone`.
enum class After {
    keep,   // answered; the web server keeps it open for another request
    close,  // answered for the last time
    drain,  // answered for the last time, with input left that nobody will read
    lost,   // the answer could not be sent
    gone,   // libfcgi found no request, and has closed the descriptor
};

// For one thread; reused from request to request. Creating the first one initialises libfcgi.
class Exchange {
public:
    Exchange();
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // Reads the request that waits on `connection`, lets `handler` answer it, writes the answer.
    // `connection` must be non-blocking, with a request or the start of an oversized one in its
    // input; so nothing here waits. A request that can't be read to its end gets no token.
    [[nodiscard]] After serve(int connection, const Scan& scan, AuthHandler& handler,
                              RandomSource& random);

private:
    class Request;
    std::unique_ptr<Request> m_request;
    std::vector<char> m_body;
};

}  // namespace roomkey::fastcgi
