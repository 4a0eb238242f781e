// SPDX-License-Identifier: MIT
// What to do with the bytes that arrive on a connection: have a request answered, send a reply,
// keep what is not whole yet, or throw them away.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "roomkey/gateway/connections.hpp"
#include "roomkey/gateway/counts.hpp"
#include "roomkey/gateway/fastcgi.hpp"
#include "roomkey/gateway/limits.hpp"
#include "roomkey/gateway/record_reader.hpp"
#include "roomkey/gateway/shared_handlers.hpp"
#include "roomkey/gateway/system.hpp"

namespace roomkey {

// For one worker. It never waits: what is not there yet is left for another call.
class ConnectionHandler {
public:
    ConnectionHandler(Connections& connections, SharedHandlers& handlers, const Limits& limits);

    // Acts on the input of `fd`, one of the connections. It may close it, or others,
    // to stay within the limit of what is buffered. False if more input may be there: then it is to
    // be called again, after others have had their turn.
    [[nodiscard]] bool handle_input(int fd);

    // From now on no connection is kept open after an answer.
    void stop_keeping() { m_keeps_connections = false; }

    [[nodiscard]] const Counts& counts() const { return m_counts; }

private:
    void act_on(int fd, fastcgi::Bytes input);
    [[nodiscard]] bool answer(int fd, const fastcgi::ReceivedRequest& request);
    [[nodiscard]] bool send_reply(int fd);
    void start_draining(int fd);
    void keep_rest(int fd, fastcgi::RecordReader& reader);

    Connections& m_connections;
    SharedHandlers::Copy m_handler;
    std::size_t m_max_buffered;
    SystemRandom m_random;
    fastcgi::LibfcgiRequest m_libfcgi;
    // Usually a request arrives whole, and is never kept anywhere else.
    std::vector<unsigned char> m_input;
    fastcgi::RecordReader m_reader;
    // Replies that wait for the next answer, or the end of the input.
    std::string m_reply;
    Counts m_counts;
    bool m_keeps_connections = true;
};

}  // namespace roomkey
