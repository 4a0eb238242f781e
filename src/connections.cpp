// SPDX-License-Identifier: MIT
#include "roomkey/connections.hpp"

#include <iterator>
#include <utility>

namespace roomkey {

std::optional<State> Connections::state_of(int fd) const {
    const auto found = m_by_fd.find(fd);
    return found == m_by_fd.end() ? std::nullopt : std::optional(found->second.state);
}

void Connections::add(Descriptor socket) {
    const int fd = socket.get();
    std::list<int>& silent = list(State::silent);
    silent.push_back(fd);
    m_by_fd.emplace(fd, Connection{std::move(socket), State::silent, SteadyClock::now(),
                                   std::prev(silent.end())});
}

void Connections::move(int fd, State state) {
    Connection& connection = m_by_fd.at(fd);
    std::list<int>& to = list(state);
    to.splice(to.end(), list(connection.state), connection.place);
    connection.state = state;
    connection.since = SteadyClock::now();
}

void Connections::close(int fd) {
    const Connection& connection = m_by_fd.at(fd);
    list(connection.state).erase(connection.place);
    m_by_fd.erase(fd);
}

void Connections::forget(int fd) {
    m_by_fd.at(fd).socket.release();
    close(fd);
}

std::optional<Connections::Oldest> Connections::oldest(State state) const {
    if (list(state).empty()) {
        return std::nullopt;
    }
    const int fd = list(state).front();
    return Oldest{fd, m_by_fd.at(fd).since};
}

}  // namespace roomkey
