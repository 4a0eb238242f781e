// SPDX-License-Identifier: MIT
#include "roomkey/gateway/connection_handler.hpp"

#include <sys/socket.h>

#include <cerrno>

namespace roomkey {

using fastcgi::Bytes;
using fastcgi::ConnectionFate;
using fastcgi::InputStatus;
using fastcgi::RecordReader;

namespace {

// What is read in one turn: most requests are smaller, and what it can hold is soon dealt with.
constexpr std::size_t k_input_size = std::size_t{32} * 1024;

// recv(2) without waiting; a signal is no reason to stop, as no other event might follow.
ssize_t receive(int fd, std::vector<unsigned char>& buffer) {
    ssize_t size = 0;
    do {
        size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    return size;
}

}  // namespace

ConnectionHandler::ConnectionHandler(Connections& connections, SharedHandlers& handlers,
                                     const Limits& limits)
    : m_connections(connections),
      m_handler(handlers),
      m_max_buffered(limits.buffered),
      m_input(k_input_size),
      m_reader(limits.connections) {}

bool ConnectionHandler::handle_input(int fd) {
    const ssize_t size = receive(fd, m_input);
    if (size < 0 && errno == EAGAIN) {
        return true;
    }
    if (size <= 0) {
        m_connections.close(fd);
        return true;
    }
    const Bytes input = Bytes(m_input).first(static_cast<std::size_t>(size));
    if (m_connections.state_of(fd) != ConnectionState::draining) {
        act_on(fd, input);
    }
    return input.size() < m_input.size() || !m_connections.state_of(fd);
}

void ConnectionHandler::act_on(int fd, Bytes input) {
    RecordReader* const kept = m_connections.reader(fd);
    RecordReader& reader = kept != nullptr ? *kept : m_reader;
    if (kept == nullptr) {
        m_reader.reset();  // of a connection that ended in the middle
    }
    m_reply.clear();
    while (!input.empty()) {
        const fastcgi::ParseResult result = reader.read(input);
        input = input.subspan(result.size);
        m_reply.append(result.reply);
        if (result.status == InputStatus::refused) {
            if (send_reply(fd)) {
                start_draining(fd);
            }
            return;
        }
        if (result.status == InputStatus::request) {
            if (!send_reply(fd) || !answer(fd, reader.request())) {
                return;
            }
            reader.reset();
        }
        if (reader.is_idle()) {
            m_connections.move(fd, ConnectionState::idle);
        }
    }
    if (send_reply(fd)) {
        keep_rest(fd, reader);
    }
}

// True if the connection goes on.
bool ConnectionHandler::answer(int fd, const fastcgi::ReceivedRequest& request) {
    const ConnectionFate fate = m_libfcgi.answer(fd, request, m_handler.get(), m_random);
    ++(fate == ConnectionFate::lost ? m_counts.lost : m_counts.answered);
    if (fate == ConnectionFate::drain) {
        start_draining(fd);
    } else if (fate != ConnectionFate::keep) {
        m_connections.close(fd);
    }
    return fate == ConnectionFate::keep;
}

// Replies are a few bytes each; a peer that has no room for them reads nothing and is given up.
bool ConnectionHandler::send_reply(int fd) {
    if (m_reply.empty() ||
        ::send(fd, m_reply.data(), m_reply.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
            static_cast<ssize_t>(m_reply.size())) {
        m_reply.clear();
        return true;
    }
    m_connections.close(fd);
    return false;
}

// Closing while input is unread would reset the connection, and the peer might lose the answer; so
// only our side ends, and the rest is thrown away for a while.
void ConnectionHandler::start_draining(int fd) {
    (void)::shutdown(fd, SHUT_WR);
    m_connections.drop_reader(fd);
    m_connections.move(fd, ConnectionState::draining);
}

// Buffers an incomplete request until its rest arrives. Where all of them together hold too much,
// the one that has waited longest goes.
void ConnectionHandler::keep_rest(int fd, RecordReader& reader) {
    if (reader.is_idle()) {
        m_connections.drop_reader(fd);
        if (!m_keeps_connections) {
            m_connections.close(fd);
        }
        return;
    }
    // The time that a request may take counts from its first byte, so it must not start over.
    if (m_connections.state_of(fd) != ConnectionState::arriving) {
        m_connections.move(fd, ConnectionState::arriving);
    }
    m_connections.keep_reader(fd, reader);
    while (m_connections.buffered() > m_max_buffered) {
        m_connections.close(m_connections.oldest(ConnectionState::arriving)->fd);
    }
}

}  // namespace roomkey
