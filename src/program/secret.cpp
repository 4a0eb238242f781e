// SPDX-License-Identifier: MIT
#include "roomkey/program/secret.hpp"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

#include "roomkey/gateway/file.hpp"

namespace roomkey {

namespace {

constexpr std::string_view k_variable = "SCALEDRONE_CHANNEL_SECRET";
constexpr std::size_t k_longest = 4096;
// RFC 7518 3.2: a key of at least the size of the hash.
constexpr std::size_t k_advised = 32;

[[noreturn]] void fail(const std::string& finding, int exit_status = EX_CONFIG) {
    throw ConfigError({finding}, exit_status);
}

Secret read_secret_file(const std::string& path, const std::string& where) {
    const Descriptor file = open_file(path, where);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || (status.st_mode & S_IROTH) != 0) {
        fail(where + ": found a file that everyone may read; chmod o-r it", EX_NOPERM);
    }
    // One byte more than the longest key and its newline tells that it is too long.
    Secret secret(k_longest + 2);
    std::size_t size = read_file(file, secret.storage(), where);
    if (size > 0 && secret.storage()[size - 1] == '\n') {
        --size;
    }
    secret.resize(size);
    return secret;
}

Secret read_variable(std::string_view value) {
    Secret secret(std::max<std::size_t>(value.size(), 1));
    std::copy(value.begin(), value.end(), secret.storage().begin());
    secret.resize(value.size());
    return secret;
}

// The file of the credential `secret`. A unit may have other credentials and not this one, which is
// no reason to pass over the environment.
std::optional<std::string> credential(const Parameters& environment) {
    const std::string_view directory = environment.get("CREDENTIALS_DIRECTORY");
    if (directory.empty()) {
        return std::nullopt;
    }
    std::string path = std::string(directory) + "/secret";
    const bool is_missing = ::access(path.c_str(), F_OK) != 0 && errno == ENOENT;
    return is_missing ? std::nullopt : std::optional(std::move(path));
}

// What stands in examples and tutorials, and would sign tokens that anybody can forge.
bool is_placeholder(std::string_view key) {
    constexpr std::array<std::string_view, 5> k_known{"changeme", "change-me", "secret",
                                                      "secret_key", "password"};
    return key.starts_with("YOUR_") || key.starts_with("<") ||
           std::find(k_known.begin(), k_known.end(), key) != k_known.end();
}

void check(const Secret& secret, const std::string& where, std::vector<std::string>& warnings) {
    const std::string_view key(reinterpret_cast<const char*>(secret.bytes().data()),
                               secret.bytes().size());
    if (key.empty()) {
        fail(where + ": empty; HS256 needs a key");
    }
    if (key.size() > k_longest) {
        fail(where + ": found over 4096 bytes; a key of 32 to 4096 bytes is allowed");
    }
    if (is_placeholder(key)) {
        fail(where + ": found a placeholder; put the channel's own secret there");
    }
    if (key.size() < k_advised) {
        warnings.push_back(where + ": found " + std::to_string(key.size()) +
                           " bytes; at least 32 are advised for HS256 (RFC 7518 3.2)");
    }
    if (key.back() == '\r' || key.back() == '\n') {
        warnings.push_back(where + ": ends in a line end that is taken as part of the key");
    }
}

}  // namespace

// A mapping of its own rather than the heap: only whole pages can be locked and left out of dumps.
Secret::Secret(std::size_t capacity) : m_data(nullptr), m_capacity(capacity) {
    void* pages =
        ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        throw std::bad_alloc();
    }
    (void)::madvise(pages, capacity, MADV_DONTDUMP);
    (void)::mlock(pages, capacity);
    m_data = static_cast<unsigned char*>(pages);
}

Secret::Secret(Secret&& other) noexcept
    : m_data(std::exchange(other.m_data, nullptr)),
      m_capacity(other.m_capacity),
      m_size(other.m_size) {}

Secret::~Secret() {
    if (m_data != nullptr) {
        ::explicit_bzero(m_data, m_capacity);
        ::munmap(m_data, m_capacity);
    }
}

void hide_secret(char** environment) {
    static std::vector<Secret> moved;
    for (char** entry = environment; *entry != nullptr; ++entry) {
        const std::string_view pair(*entry);
        if (pair.starts_with(k_variable) && pair.substr(k_variable.size()).starts_with('=')) {
            const auto copy = moved.emplace_back(pair.size() + 1).storage();
            std::copy_n(*entry, copy.size(), copy.begin());
            ::explicit_bzero(*entry, pair.size());
            *entry = reinterpret_cast<char*>(copy.data());
        }
    }
}

Secret load_secret(const std::optional<std::string>& file, const Parameters& environment,
                   std::vector<std::string>& warnings) {
    if (const auto path = file ? file : credential(environment)) {
        const std::string where = "secret file " + *path;
        Secret secret = read_secret_file(*path, where);
        check(secret, where, warnings);
        return secret;
    }
    const auto value = environment.find(k_variable);
    if (!value) {
        fail(
            "secret: not given; --secret-file FILE, a systemd credential named secret, or "
            "SCALEDRONE_CHANNEL_SECRET in the environment, is needed");
    }
    Secret secret = read_variable(*value);
    check(secret, "environment variable SCALEDRONE_CHANNEL_SECRET", warnings);
    return secret;
}

}  // namespace roomkey
