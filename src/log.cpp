// SPDX-License-Identifier: MIT
#include "roomkey/log.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace roomkey {

namespace {

enum class Destination { plain, journal, syslog };

Destination find_destination() {
    struct stat status {};
    constexpr unsigned k_null_major = 1;
    constexpr unsigned k_null_minor = 3;
    if (::fstat(STDERR_FILENO, &status) != 0 ||
        (S_ISCHR(status.st_mode) && status.st_rdev == makedev(k_null_major, k_null_minor))) {
        ::openlog("roomkey", LOG_PID | LOG_NDELAY, LOG_DAEMON);
        return Destination::syslog;
    }
    // systemd names its journal's stream (systemd.exec(5)); but stderr may have been sent elsewhere
    // since, or the variable inherited.
    const char* stream = std::getenv("JOURNAL_STREAM");
    const std::string ours = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    return stream != nullptr && stream == ours ? Destination::journal : Destination::plain;
}

}  // namespace

void log(Severity severity, std::string_view text) {
    static const Destination destination = find_destination();
    std::string line;
    for (const char c : text) {
        line += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
    }
    const int priority = static_cast<int>(severity);
    if (destination == Destination::syslog) {
        ::syslog(priority, "%s", line.c_str());
        return;
    }
    line.insert(0, destination == Destination::journal ? "<" + std::to_string(priority) + ">"
                                                       : std::string("roomkey: "));
    line += '\n';
    // A log that can't be written is no reason to stop serving.
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

void log(Severity severity, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
        log(severity, text);
    }
}

}  // namespace roomkey
