// SPDX-License-Identifier: MIT
#include "roomkey/gateway/system.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace roomkey {

std::chrono::sys_seconds current_time() {
    // Not std::chrono's: that would not tell of a failure, and give a time that nobody has set.
    timespec now{};
    if (::clock_gettime(CLOCK_REALTIME, &now) != 0) {
        throw std::system_error(errno, std::generic_category(), "clock_gettime");
    }
    return std::chrono::sys_seconds(std::chrono::seconds(now.tv_sec));
}

void SystemRandom::fill(std::span<unsigned char> bytes) {
    while (!bytes.empty()) {
        if (m_used == m_block.size()) {
            fetch();
        }
        // What was handed out is wiped, so that the block can't tell past tokens' values.
        const std::size_t size = std::min(bytes.size(), m_block.size() - m_used);
        unsigned char* from = m_block.data() + m_used;
        std::copy_n(from, size, bytes.data());
        std::fill_n(from, size, static_cast<unsigned char>(0));
        m_used += size;
        bytes = bytes.subspan(size);
    }
}

void SystemRandom::fetch() {
    // Once the kernel's pool is initialised, up to 256 bytes come whole; more may come short.
    for (std::size_t have = 0; have < m_block.size();) {
        const ssize_t got = ::getrandom(m_block.data() + have, m_block.size() - have, 0);
        if (got < 0 && errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
        have += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    }
    m_used = 0;
}

void open_standard_descriptors() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        // The lowest free number is the one that is missing, as those below it are open.
        if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) {
            throw std::system_error(errno, std::generic_category(), "/dev/null");
        }
    }
}

void forbid_core_dumps() {
    // Best effort: neither is a reason not to serve.
    (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const rlimit none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
}

std::size_t raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    (void)::getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur;
}

std::string with_errno(const std::string& text) {
    return text + ": " + std::generic_category().message(errno);
}

}  // namespace roomkey
