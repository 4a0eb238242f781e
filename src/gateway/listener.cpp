// SPDX-License-Identifier: MIT
#include "roomkey/gateway/listener.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "roomkey/text/errors.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

constexpr int k_backlog = 1024;
constexpr std::string_view k_unix = "unix:";

[[noreturn]] void fail(const std::string& what, int error = errno) {
    throw std::system_error(error, std::generic_category(), what);
}

bool is_listening(int fd) {
    int listening = 0;
    socklen_t size = sizeof(listening);
    return ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

void make_non_blocking(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        fail("listening socket");
    }
    // The flag belongs to all who share the socket, and systemd clears it whenever it starts
    // another process on fd 0. Accepting waits a moment at most all the same.
    constexpr timeval k_max_wait{0, 50'000};
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &k_max_wait, sizeof(k_max_wait)) != 0) {
        fail("listening socket");
    }
    // Connections inherit it. An answer must fit whole, since writing never waits.
    constexpr int k_send_buffer = 128 * 1024;
    (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &k_send_buffer, sizeof(k_send_buffer));
}

sockaddr_un unix_address(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        throw UsageError("--socket unix:PATH: expected a path of 1 to 107 bytes, found " +
                         std::to_string(path.size()));
    }
    std::memcpy(static_cast<void*>(address.sun_path), path.data(), path.size());
    return address;
}

// bind(2) and connect(2) take every kind of address through one pointer type.
template <class Address>
const sockaddr* generic(const Address& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

// A socket file that nobody listens on is left over from a process that was killed.
void remove_stale(const std::string& path, const sockaddr_un& address) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        return;
    }
    if (!S_ISSOCK(status.st_mode)) {
        fail("unix:" + path + ": expected a socket or nothing, found another file", EEXIST);
    }
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe) {
        fail("socket");
    }
    // A full backlog (EAGAIN) means that somebody listens, too.
    if (::connect(probe.get(), generic(address), sizeof(address)) == 0 || errno != ECONNREFUSED) {
        fail("unix:" + path + ": another process listens on it", EADDRINUSE);
    }
    if (::unlink(path.c_str()) != 0) {
        fail("unix:" + path);
    }
}

struct HostAndPort {
    std::string host;
    std::string port;
};

HostAndPort split(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    std::string host = address.substr(0, colon == std::string::npos ? 0 : colon);
    const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
    constexpr long long k_max_port = 65535;
    if (const long long number = parse_decimal(port); number < 1 || number > k_max_port) {
        throw UsageError("--socket: expected unix:PATH or HOST:PORT, found " + address);
    }
    if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    }
    return {host.empty() ? "127.0.0.1" : host, port};
}

Descriptor open_tcp(const std::string& address) {
    const HostAndPort target = split(address);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (const int code = ::getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found);
        code != 0) {
        throw UsageError("--socket: " + address + ": " + ::gai_strerror(code));
    }
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    constexpr int k_on = 1;
    if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &k_on, sizeof(k_on)) != 0 ||
        ::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket.get(), k_backlog) != 0) {
        fail(address);
    }
    return socket;
}

}  // namespace

Listener::Listener(Descriptor socket, std::string name, std::optional<File> file)
    : m_socket(std::move(socket)), m_name(std::move(name)), m_file(std::move(file)) {
    make_non_blocking(m_socket.get());
}

Listener Listener::open(const std::string& address) {
    if (address.starts_with(k_unix)) {
        return open_unix(address.substr(k_unix.size()), address);
    }
    return {open_tcp(address), address, std::nullopt};
}

Listener Listener::open_unix(const std::string& path, const std::string& name) {
    const sockaddr_un address = unix_address(path);
    remove_stale(path, address);
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) {
        fail("socket");
    }
    // The file never exists with another mode, not even for a moment.
    constexpr mode_t k_not_for_others = 0117;
    const mode_t umask = ::umask(k_not_for_others);
    const int bound = ::bind(socket.get(), generic(address), sizeof(address));
    const int error = errno;
    ::umask(umask);
    if (bound != 0) {
        fail(name, error);
    }
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || ::listen(socket.get(), k_backlog) != 0) {
        fail(name);
    }
    return {std::move(socket), name, File{path, status.st_dev, status.st_ino}};
}

std::optional<Listener> Listener::inherited(const Parameters& environment) {
    if (is_listening(STDIN_FILENO)) {
        return Listener(Descriptor(STDIN_FILENO), "fd 0", std::nullopt);
    }
    constexpr int k_first_passed = 3;
    if (parse_decimal(environment.get("LISTEN_PID")) == ::getpid() &&
        is_listening(k_first_passed)) {
        const std::string_view passed = environment.get("LISTEN_FDS");
        if (parse_decimal(passed) > 1) {
            throw UsageError(
                "LISTEN_FDS: expected one socket (in a systemd unit an empty "
                "ListenStream= takes back those before it), found " +
                std::string(passed));
        }
        if (parse_decimal(passed) == 1) {
            return Listener(Descriptor(k_first_passed), "fd 3", std::nullopt);
        }
    }
    return std::nullopt;
}

void Listener::withdraw() {
    if (!m_socket || !m_file) {
        return;
    }
    // Only the file that we made, and while the socket is still open, so that nobody who starts at
    // this moment takes it for a stale one.
    struct stat status {};
    if (::lstat(m_file->path.c_str(), &status) == 0 && status.st_dev == m_file->device &&
        status.st_ino == m_file->inode) {
        ::unlink(m_file->path.c_str());
    }
    m_file.reset();
}

void Listener::close() {
    withdraw();
    m_socket = Descriptor();
}

Listener::~Listener() {
    close();
}

}  // namespace roomkey
