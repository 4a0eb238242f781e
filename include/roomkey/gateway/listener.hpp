// SPDX-License-Identifier: MIT
// The listening socket: inherited from a process manager, or opened by ourselves.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "roomkey/gateway/descriptor.hpp"
#include "roomkey/request/http.hpp"

namespace roomkey {

// A non-blocking listening socket; the file of a UNIX socket that we made goes with it.
class Listener {
public:
    // The socket at `address`: `unix:PATH` with mode 0660 whatever the umask (a stale file is
    // replaced, a live one refused), or `HOST:PORT`, loopback if HOST is empty.
    // Throws UsageError for an address of another form, std::system_error for the rest.
    [[nodiscard]] static Listener open(const std::string& address);

    // The socket that a process manager handed over: fd 0 (spawn-fcgi, mod_fcgid, systemd's
    // StandardInput=socket), or fd 3 (LISTEN_FDS and LISTEN_PID of sd_listen_fds(3)). Throws
    // UsageError for more than one of these, since nobody would answer on the others.
    [[nodiscard]] static std::optional<Listener> inherited(const Parameters& environment);

    Listener(Listener&&) = default;
    Listener& operator=(Listener&&) = delete;
    ~Listener();

    // Removes the file of a socket that we made, so that nobody finds it any more; who has found it
    // already can still be accepted.
    void withdraw();

    // Ends listening, as far as this process is concerned.
    void close();

    [[nodiscard]] int fd() const { return m_socket.get(); }
    // For the log: `unix:/run/roomkey.sock`, `127.0.0.1:9000` or `fd 0`.
    [[nodiscard]] const std::string& name() const { return m_name; }

private:
    // The file of a UNIX socket: a path, and which file stood there when we had made it.
    struct File {
        std::string path;
        dev_t device;
        ino_t inode;
    };
    Listener(Descriptor socket, std::string name, std::optional<File> file);
    [[nodiscard]] static Listener open_unix(const std::string& path, const std::string& name);

    Descriptor m_socket;
    std::string m_name;
    std::optional<File> m_file;
};

}  // namespace roomkey
