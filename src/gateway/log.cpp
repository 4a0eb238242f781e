// SPDX-License-Identifier: MIT
#include "roomkey/gateway/log.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>

#include "roomkey/gateway/descriptor.hpp"

namespace roomkey {

namespace {

bool is_null_device(const struct stat& status) {
    constexpr unsigned k_null_major = 1;
    constexpr unsigned k_null_minor = 3;
    return S_ISCHR(status.st_mode) && status.st_rdev == makedev(k_null_major, k_null_minor);
}

// systemd names its journal's stream (systemd.exec(5)); but stderr may have been sent elsewhere
// since, or the variable inherited.
bool is_journal(const struct stat& status) {
    const char* stream = std::getenv("JOURNAL_STREAM");
    const std::string ours = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    return stream != nullptr && stream == ours;
}

// Where lines go. A reader that does not read must hold nobody up: a line that cannot be written at
// once is dropped and counted, and the count told when there is room again.
class Log {
public:
    Log() {
        struct stat status {};
        if (::fstat(STDERR_FILENO, &status) != 0 || is_null_device(status)) {
            m_way = Way::syslog;
        } else if (S_ISSOCK(status.st_mode)) {
            m_way = Way::socket;
        } else if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
            // Opened anew, it can be non-blocking for us alone: the flag of stderr itself belongs
            // to all who share it.
            m_way = Way::pipe;
            m_own =
                Descriptor(::open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        }
        m_has_priorities = is_journal(status);
    }

    void write(Severity severity, const std::string& text) {
        const std::lock_guard lock(m_mutex);
        if (m_dropped > 0 && write_line(Severity::warning, std::to_string(m_dropped) +
                                                               " lines of the log were dropped")) {
            m_dropped = 0;
        }
        if (m_dropped > 0 || !write_line(severity, text)) {
            ++m_dropped;
        }
    }

private:
    enum class Way { file, pipe, socket, syslog };

    // False if it could not be written at once.
    bool write_line(Severity severity, const std::string& text) {
        if (m_way == Way::syslog) {
            return write_to_syslog(severity, text);
        }
        std::string line = m_has_priorities ? "<" + std::to_string(static_cast<int>(severity)) + ">"
                                            : std::string("roomkey: ");
        line += text + '\n';
        if (m_way == Way::socket) {
            return ::send(STDERR_FILENO, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >=
                   0;
        }
        pollfd room{STDERR_FILENO, POLLOUT, 0};
        if (m_way == Way::pipe && !m_own && ::poll(&room, 1, 0) != 1) {
            return false;
        }
        return ::write(m_own ? m_own.get() : STDERR_FILENO, line.data(), line.size()) >= 0;
    }

    // syslog(3) would wait for a full socket.
    bool write_to_syslog(Severity severity, const std::string& text) {
        const std::time_t now = std::time(nullptr);
        std::tm local{};
        std::array<char, 32> time{};
        (void)std::strftime(time.data(), time.size(), "%b %e %H:%M:%S",
                            ::localtime_r(&now, &local));
        const std::string line = "<" + std::to_string(LOG_DAEMON | static_cast<int>(severity)) +
                                 ">" + time.data() + " roomkey[" + std::to_string(::getpid()) +
                                 "]: " + text;
        const auto send = [&] {
            return m_own && ::send(m_own.get(), line.data(), line.size(), MSG_NOSIGNAL) >= 0;
        };
        if (send()) {
            return true;
        }
        // The daemon may have been started again.
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(static_cast<void*>(address.sun_path), _PATH_LOG, sizeof(_PATH_LOG));
        m_own = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        return ::connect(m_own.get(), reinterpret_cast<const sockaddr*>(&address),
                         sizeof(address)) == 0 &&
               send();
    }

    std::mutex m_mutex;
    Way m_way = Way::file;
    bool m_has_priorities = false;
    Descriptor m_own;
    unsigned long long m_dropped = 0;
};

}  // namespace

void log(Severity severity, std::string_view text) {
    static Log destination;
    // What a pipe takes as a whole or not at all.
    constexpr std::size_t k_max_text = 4000;
    std::string clean(text.substr(0, k_max_text));
    for (char& c : clean) {
        c = static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    }
    destination.write(severity, clean);
}

void log(Severity severity, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        log(severity, text);
    }
}

}  // namespace roomkey
