// SPDX-License-Identifier: MIT
// What to do with the bytes that arrive on a connection: wait for more, let a request be answered,
// answer a management record, or throw them away.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "roomkey/connections.hpp"
#include "roomkey/counts.hpp"
#include "roomkey/fastcgi.hpp"
#include "roomkey/fastcgi_record.hpp"
#include "roomkey/shared_handler.hpp"
#include "roomkey/system.hpp"

namespace roomkey {

// For one worker. It never waits: what is not there yet is left for another call.
class ConnectionHandler {
public:
    ConnectionHandler(Connections& connections, SharedHandler& handlers,
                      std::size_t max_connections);

    // Acts on the input of `fd`, one of the connections, which it may close. False if it stopped
    // before the end of the input, to let others have their turn: then it is to be called again.
    [[nodiscard]] bool handle_input(int fd);

    // From now on no connection is kept open after an answer.
    void keep_none() { m_keeps = false; }

    [[nodiscard]] const Counts& counts() const { return m_counts; }

private:
    // What became of one look at the input.
    enum class Look { nothing_new, incomplete, more, closed };

    Look look(int fd);
    Look act_on(int fd, std::span<const unsigned char> input);
    Look wait_for_rest(int fd, std::size_t available);
    Look serve(int fd, const fastcgi::Scan& scan, std::size_t available);
    fastcgi::After serve_collected(int fd, const fastcgi::Scan& scan);
    Look answer(int fd, const fastcgi::Scan& scan, std::size_t available);
    bool take(int fd, std::size_t start, std::size_t size);
    bool send(int fd, std::span<const unsigned char> bytes);
    Look start_draining(int fd);
    [[nodiscard]] bool drain(int fd);

    Connections& m_connections;
    SharedHandler::Copy m_handler;
    std::size_t m_max_connections;
    SystemRandom m_random;
    fastcgi::Exchange m_exchange;
    std::vector<unsigned char> m_buffer;
    Counts m_counts;
    bool m_keeps = true;
};

}  // namespace roomkey
