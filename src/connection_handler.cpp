// SPDX-License-Identifier: MIT
#include "roomkey/connection_handler.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace roomkey {

namespace {

// The largest request that is looked at: the largest body, and three times as much for its
// parameters. It must fit a socket's buffers.
constexpr std::size_t k_peek_size = 4 * k_max_body;

// recv(2) without waiting; a signal is no reason to stop, as no other event might follow.
ssize_t receive(int fd, std::span<unsigned char> buffer, int flags) {
    ssize_t size = 0;
    do {
        size = ::recv(fd, buffer.data(), buffer.size(), flags | MSG_DONTWAIT);
    } while (size < 0 && errno == EINTR);
    return size;
}

bool send_whole(int fd, std::span<const unsigned char> bytes) {
    return bytes.empty() || ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) ==
                                static_cast<ssize_t>(bytes.size());
}

std::span<const unsigned char> bytes_of(const std::string& text) {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

}  // namespace

ConnectionHandler::ConnectionHandler(Connections& connections, SharedHandler& handlers,
                                     std::size_t max_connections)
    : m_connections(connections),
      m_handler(handlers),
      m_max_connections(max_connections),
      m_buffer(k_peek_size) {}

bool ConnectionHandler::handle_input(int fd) {
    constexpr int k_most_looks = 16;
    for (int i = 0; i < k_most_looks; ++i) {
        if (m_connections.state_of(fd) == State::draining) {
            return drain(fd);
        }
        const Look last = look(fd);
        if (last == Look::nothing_new || last == Look::closed) {
            return true;
        }
    }
    return false;
}

// Usually a request arrives whole, and is left where it is for libfcgi to read.
ConnectionHandler::Look ConnectionHandler::look(int fd) {
    std::vector<unsigned char>& collected = m_connections.collected(fd);
    const ssize_t size = collected.empty()
                             ? receive(fd, m_buffer, MSG_PEEK)
                             : receive(fd, std::span(m_buffer).subspan(collected.size()), 0);
    const bool nothing = size < 0 && errno == EAGAIN;
    if (nothing && collected.empty()) {
        return Look::nothing_new;
    }
    if (size <= 0 && !nothing) {
        m_connections.close(fd);
        return Look::closed;
    }
    if (collected.empty()) {
        return act_on(fd, std::span(m_buffer).first(static_cast<std::size_t>(size)));
    }
    if (nothing) {
        // What was collected may hold more than the record that was answered last.
        const Look last = act_on(fd, collected);
        return last == Look::incomplete ? Look::nothing_new : last;
    }
    const auto from = m_buffer.begin() + static_cast<std::ptrdiff_t>(collected.size());
    collected.insert(collected.end(), from, from + size);
    return act_on(fd, collected);
}

ConnectionHandler::Look ConnectionHandler::act_on(int fd, std::span<const unsigned char> input) {
    const fastcgi::Scan scan =
        fastcgi::scan(input, input.size() == m_buffer.size(), m_max_connections);
    switch (scan.verdict) {
        case fastcgi::Verdict::incomplete: return wait_for_rest(fd, input.size());
        case fastcgi::Verdict::request:
        case fastcgi::Verdict::oversized: return serve(fd, scan, input.size());
        case fastcgi::Verdict::answer: return answer(fd, scan, input.size());
        case fastcgi::Verdict::answer_and_close:
            return send(fd, bytes_of(scan.reply)) ? start_draining(fd) : Look::closed;
    }
    return Look::closed;
}

ConnectionHandler::Look ConnectionHandler::wait_for_rest(int fd, std::size_t available) {
    // The time that a request may take counts from its first byte, so it must not start over.
    if (m_connections.state_of(fd) != State::arriving) {
        m_connections.move(fd, State::arriving);
    }
    // What does not arrive whole is collected: a socket takes some hundred pieces, however small,
    // and then its sender would wait for somebody to read them.
    std::vector<unsigned char>& collected = m_connections.collected(fd);
    if (collected.empty()) {
        if (!take(fd, 0, available)) {
            return Look::closed;
        }
        collected.assign(m_buffer.begin(),
                         m_buffer.begin() + static_cast<std::ptrdiff_t>(available));
    }
    return Look::incomplete;
}

ConnectionHandler::Look ConnectionHandler::serve(int fd, const fastcgi::Scan& scan,
                                                 std::size_t available) {
    const bool is_collected = !m_connections.collected(fd).empty();
    const fastcgi::After after = is_collected
                                     ? serve_collected(fd, scan)
                                     : m_exchange.serve(fd, scan, m_handler.get(), m_random);
    if (after == fastcgi::After::gone) {
        m_connections.forget(fd);
        return Look::closed;
    }
    ++(after == fastcgi::After::lost ? m_counts.lost : m_counts.answered);
    if (after == fastcgi::After::drain) {
        return start_draining(fd);
    }
    // A connection on which more than one request was there ends, too: libfcgi reads ahead, and
    // what it has read of the next one went with its buffer. We announce FCGI_MPXS_CONNS=0, and
    // web servers wait for an answer before they send again.
    if (after != fastcgi::After::keep || !m_keeps || available != scan.size) {
        m_connections.close(fd);
        return Look::closed;
    }
    m_connections.collected(fd).clear();
    m_connections.move(fd, State::idle);
    return Look::nothing_new;
}

// libfcgi reads from a descriptor and no memory, so it gets one that holds what was collected.
fastcgi::After ConnectionHandler::serve_collected(int fd, const fastcgi::Scan& scan) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
        throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    const Descriptor ours(ends[0]);
    Descriptor theirs(ends[1]);
    const auto request = std::span(m_connections.collected(fd)).first(scan.size);
    if (!send_whole(ours.get(), request)) {
        return fastcgi::After::lost;
    }
    const fastcgi::After after = m_exchange.serve(theirs.get(), scan, m_handler.get(), m_random);
    if (after == fastcgi::After::gone) {
        theirs.release();
        return fastcgi::After::lost;
    }
    for (ssize_t size = 0; (size = receive(ours.get(), m_buffer, 0)) > 0;) {
        if (!send_whole(fd, std::span(m_buffer).first(static_cast<std::size_t>(size)))) {
            return fastcgi::After::lost;
        }
    }
    return after;
}

// Takes what the scan covers off the input, and sends what it replies.
ConnectionHandler::Look ConnectionHandler::answer(int fd, const fastcgi::Scan& scan,
                                                  std::size_t available) {
    const bool within_request = scan.start > 0;
    if (within_request && wait_for_rest(fd, available) == Look::closed) {
        return Look::closed;
    }
    if (!take(fd, scan.start, scan.size) || !send(fd, bytes_of(scan.reply))) {
        return Look::closed;
    }
    if (!within_request) {
        m_connections.move(fd, State::idle);
    }
    return Look::more;
}

// Takes bytes that are known to be there off the input; those of the socket are at its front, and
// are in m_buffer then.
bool ConnectionHandler::take(int fd, std::size_t start, std::size_t size) {
    std::vector<unsigned char>& collected = m_connections.collected(fd);
    if (!collected.empty()) {
        const auto from = collected.begin() + static_cast<std::ptrdiff_t>(start);
        collected.erase(from, from + static_cast<std::ptrdiff_t>(size));
        return true;
    }
    if (receive(fd, std::span(m_buffer).first(size), 0) == static_cast<ssize_t>(size)) {
        return true;
    }
    m_connections.close(fd);
    return false;
}

// A reply is a few bytes; a peer that has no room for them reads nothing and is given up.
bool ConnectionHandler::send(int fd, std::span<const unsigned char> bytes) {
    if (send_whole(fd, bytes)) {
        return true;
    }
    m_connections.close(fd);
    return false;
}

// Closing while input is unread would reset the connection, and the peer might lose the answer; so
// only our side ends, and the rest is thrown away for a while.
ConnectionHandler::Look ConnectionHandler::start_draining(int fd) {
    (void)::shutdown(fd, SHUT_WR);
    m_connections.move(fd, State::draining);
    return Look::more;
}

bool ConnectionHandler::drain(int fd) {
    constexpr int k_most_reads = 8;
    for (int i = 0; i < k_most_reads; ++i) {
        const ssize_t size = receive(fd, m_buffer, 0);
        if (size < 0 && errno == EAGAIN) {
            return true;
        }
        if (size <= 0) {
            m_connections.close(fd);
            return true;
        }
    }
    return false;
}

}  // namespace roomkey
