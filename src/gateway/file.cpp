// SPDX-License-Identifier: MIT
#include "roomkey/gateway/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "roomkey/gateway/system.hpp"
#include "roomkey/text/errors.hpp"

namespace roomkey {

namespace {

[[noreturn]] void fail(const std::string& finding, int exit_status) {
    throw ConfigError({finding}, exit_status);
}

[[noreturn]] void fail_by_errno(const std::string& where) {
    const int error = errno;
    if (error == ENXIO) {
        fail(where + ": expected a regular file, found a socket or device", EX_CONFIG);
    }
    int exit_status = error == EACCES || error == EPERM ? EX_NOPERM : EX_OSERR;
    if (error == ENOENT || error == ENOTDIR) {
        exit_status = EX_NOINPUT;
    }
    fail(with_errno(where + ": expected a readable file"), exit_status);
}

}  // namespace

bool is_directory(const std::string& path) {
    std::error_code ignored;  // whatever it is, opening the file tells it
    return std::filesystem::is_directory(path, ignored);
}

std::vector<std::string> names_in(const std::string& directory, const std::string& where) {
    std::vector<std::string> names;
    std::error_code error;
    std::filesystem::directory_iterator entry(directory, error);
    for (; !error && entry != std::filesystem::end(entry); entry.increment(error)) {
        names.push_back(entry->path().filename().string());
    }
    if (error) {
        errno = error.value();
        fail_by_errno(where);
    }
    std::sort(names.begin(), names.end());
    return names;
}

Descriptor open_file(const std::string& path, const std::string& where) {
    // Without O_NONBLOCK, opening a pipe waits for somebody who writes to it.
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0) {
        fail_by_errno(where);
    }
    if (!S_ISREG(status.st_mode)) {
        fail(where + ": expected a regular file, found " +
                 (S_ISDIR(status.st_mode) ? "a directory" : "a pipe or device"),
             EX_CONFIG);
    }
    return file;
}

std::size_t read_file(const Descriptor& file, std::span<unsigned char> into,
                      const std::string& where) {
    std::size_t size = 0;
    while (size < into.size()) {
        const ssize_t got = ::read(file.get(), into.data() + size, into.size() - size);
        if (got < 0 && errno != EINTR) {
            fail_by_errno(where);
        }
        if (got == 0) {
            break;
        }
        size += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    }
    return size;
}

std::string read_text(const std::string& path, const std::string& where, std::size_t limit) {
    const Descriptor file = open_file(path, where);
    std::string text(limit + 1, '\0');
    text.resize(
        read_file(file, {reinterpret_cast<unsigned char*>(text.data()), text.size()}, where));
    return text;
}

}  // namespace roomkey
