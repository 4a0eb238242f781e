// SPDX-License-Identifier: MIT
// The open connections of one worker: findable by descriptor, and by how long they have been in a
// state; and what has come of their requests.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include "roomkey/gateway/descriptor.hpp"
#include "roomkey/gateway/record_reader.hpp"

namespace roomkey {

using SteadyClock = std::chrono::steady_clock;

enum class ConnectionState : std::size_t {
    silent,    // accepted, and nothing has arrived yet
    arriving,  // a request is on its way
    idle,      // between two requests
    draining,  // answered for the last time; what still comes is thrown away
};
inline constexpr std::size_t k_states = 4;

// Each operation costs constant time, whatever the number of connections.
class Connections {
public:
    [[nodiscard]] std::size_t size() const { return m_size; }

    // The state of a connection; nothing for a descriptor that is none of ours.
    [[nodiscard]] std::optional<ConnectionState> state_of(int fd) const;

    // A new connection is silent.
    void add(Descriptor socket);

    // The connection enters a state, or starts over in it.
    void move(int fd, ConnectionState state);

    // The reader of a request that is there in part, or null.
    [[nodiscard]] fastcgi::RecordReader* reader(int fd) { return at(fd).reader.get(); }

    // Keeps a copy of `reader`, or takes notice of how much the kept one itself has grown.
    void keep_reader(int fd, fastcgi::RecordReader& reader);

    void drop_reader(int fd);

    // The memory that all kept readers hold, in bytes.
    [[nodiscard]] std::size_t buffered() const { return m_buffered; }

    void close(int fd);

    // The one that has been in the state longest, and since when.
    struct Oldest {
        int fd;
        SteadyClock::time_point since;
    };
    [[nodiscard]] std::optional<Oldest> oldest(ConnectionState state) const;

    // Those in a state, in the order in which they entered it.
    [[nodiscard]] const std::list<int>& in(ConnectionState state) const { return list(state); }

private:
    struct Connection {
        Descriptor socket;
        ConnectionState state;
        SteadyClock::time_point since;
        std::list<int>::iterator place;
        std::unique_ptr<fastcgi::RecordReader> reader = {};
        std::size_t buffered = 0;
    };

    [[nodiscard]] Connection& at(int fd) { return m_by_fd[static_cast<std::size_t>(fd)].value(); }
    [[nodiscard]] const Connection& at(int fd) const {
        return m_by_fd[static_cast<std::size_t>(fd)].value();
    }
    [[nodiscard]] std::list<int>& list(ConnectionState state) {
        return m_lists[static_cast<std::size_t>(state)];
    }
    [[nodiscard]] const std::list<int>& list(ConnectionState state) const {
        return m_lists[static_cast<std::size_t>(state)];
    }

    // The kernel gives the lowest free number, so there are few gaps.
    std::vector<std::optional<Connection>> m_by_fd;
    std::size_t m_size = 0;
    std::size_t m_buffered = 0;
    std::array<std::list<int>, k_states> m_lists;
};

}  // namespace roomkey
