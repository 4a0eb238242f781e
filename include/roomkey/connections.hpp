// SPDX-License-Identifier: MIT
// The open connections of one worker: findable by descriptor, and by how long they have been in
// a state.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <optional>
#include <vector>

#include "roomkey/descriptor.hpp"

namespace roomkey {

using SteadyClock = std::chrono::steady_clock;

enum class State : std::size_t {
    silent,    // accepted, and nothing has arrived yet
    arriving,  // a request is on its way
    idle,      // nothing has arrived since the last answer
    draining,  // answered for the last time; what still comes is thrown away
};
inline constexpr std::size_t k_states = 4;

// Each operation costs constant time, whatever the number of connections.
class Connections {
public:
    [[nodiscard]] std::size_t size() const { return m_size; }

    // The state of a connection; nothing for a descriptor that is none of ours.
    [[nodiscard]] std::optional<State> state_of(int fd) const;

    // A new connection is silent.
    void add(Descriptor socket);

    // The connection enters a state, or starts over in it.
    void move(int fd, State state);

    // What was taken off the socket of a request that is not all there yet.
    [[nodiscard]] std::vector<unsigned char>& collected(int fd) { return at(fd).collected; }

    void close(int fd);

    // The same for a descriptor that somebody else has closed.
    void forget(int fd);

    // The one that has been in the state longest, and since when.
    struct Oldest {
        int fd;
        SteadyClock::time_point since;
    };
    [[nodiscard]] std::optional<Oldest> oldest(State state) const;

    // Those in a state, in the order in which they entered it.
    [[nodiscard]] const std::list<int>& in(State state) const { return list(state); }

private:
    struct Connection {
        Descriptor socket;
        State state;
        SteadyClock::time_point since;
        std::list<int>::iterator place;
        std::vector<unsigned char> collected = {};
    };

    [[nodiscard]] Connection& at(int fd) { return m_by_fd[static_cast<std::size_t>(fd)].value(); }
    [[nodiscard]] const Connection& at(int fd) const {
        return m_by_fd[static_cast<std::size_t>(fd)].value();
    }
    [[nodiscard]] std::list<int>& list(State state) {
        return m_lists[static_cast<std::size_t>(state)];
    }
    [[nodiscard]] const std::list<int>& list(State state) const {
        return m_lists[static_cast<std::size_t>(state)];
    }

    // The kernel gives the lowest free number, so there are few gaps.
    std::vector<std::optional<Connection>> m_by_fd;
    std::size_t m_size = 0;
    std::array<std::list<int>, k_states> m_lists;
};

}  // namespace roomkey
