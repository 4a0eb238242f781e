// SPDX-License-Identifier: MIT
#include "roomkey/gateway/connections.hpp"

#include <iterator>
#include <utility>

namespace roomkey {

std::optional<ConnectionState> Connections::state_of(int fd) const {
    const auto index = static_cast<std::size_t>(fd);
    return index < m_by_fd.size() && m_by_fd[index] ? std::optional(m_by_fd[index]->state)
                                                    : std::nullopt;
}

void Connections::add(Descriptor socket) {
    const int fd = socket.get();
    const auto index = static_cast<std::size_t>(fd);
    if (index >= m_by_fd.size()) {
        m_by_fd.resize(index + 1);
    }
    std::list<int>& silent = list(ConnectionState::silent);
    silent.push_back(fd);
    m_by_fd[index] = Connection{std::move(socket), ConnectionState::silent, SteadyClock::now(),
                                std::prev(silent.end())};
    ++m_size;
}

void Connections::move(int fd, ConnectionState state) {
    Connection& connection = at(fd);
    std::list<int>& to = list(state);
    to.splice(to.end(), list(connection.state), connection.place);
    connection.state = state;
    connection.since = SteadyClock::now();
}

void Connections::keep_reader(int fd, fastcgi::RecordReader& reader) {
    Connection& connection = at(fd);
    if (connection.reader.get() != &reader) {
        connection.reader = std::make_unique<fastcgi::RecordReader>(reader);
    }
    m_buffered -= connection.buffered;
    connection.buffered = connection.reader->memory();
    m_buffered += connection.buffered;
}

void Connections::drop_reader(int fd) {
    Connection& connection = at(fd);
    m_buffered -= std::exchange(connection.buffered, 0);
    connection.reader.reset();
}

void Connections::close(int fd) {
    drop_reader(fd);
    const Connection& connection = at(fd);
    list(connection.state).erase(connection.place);
    m_by_fd[static_cast<std::size_t>(fd)].reset();
    --m_size;
}

std::optional<Connections::Oldest> Connections::oldest(ConnectionState state) const {
    if (list(state).empty()) {
        return std::nullopt;
    }
    const int fd = list(state).front();
    return Oldest{fd, at(fd).since};
}

}  // namespace roomkey
