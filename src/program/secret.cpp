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
#include "roomkey/text/errors.hpp"

namespace roomkey {

namespace {

constexpr std::string_view k_variable = "SCALEDRONE_CHANNEL_SECRET";
constexpr std::string_view k_default_secret = "secret";
constexpr std::size_t k_max_key = 4096;
// RFC 7518 3.2: a key of at least the size of the hash.
constexpr std::size_t k_min_advised = 32;

[[noreturn]] void fail(const std::string& finding, int exit_status = EX_CONFIG) {
    throw ConfigError({finding}, exit_status);
}

Secret read_secret_file(const std::string& path, const std::string& where) {
    const Descriptor file = open_file(path, where);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0 || (status.st_mode & S_IROTH) != 0) {
        fail(where +
                 ": expected a file that roomkey alone may read (chmod o-r), found one that "
                 "everyone may read",
             EX_NOPERM);
    }
    // One byte more than the longest key and its newline tells that it is too long.
    Secret secret(k_max_key + 2);
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

// The file that holds the secret, if one does. A unit may have other credentials and not this one,
// which is no reason to pass over the environment.
std::optional<std::string> path_of(const std::string& name,
                                   const std::optional<std::string>& configured,
                                   const Parameters& environment) {
    if (configured && is_directory(*configured)) {
        return *configured + "/" + name;
    }
    if (configured) {
        if (name != k_default_secret) {
            fail("secret " + name +
                 ": expected a directory in which it is a file, found the file " + *configured);
        }
        return configured;
    }
    const std::string_view directory = environment.get("CREDENTIALS_DIRECTORY");
    if (directory.empty()) {
        return std::nullopt;
    }
    std::string path = std::string(directory) + "/" + name;
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
        fail(where + ": expected a key, found nothing");
    }
    if (key.size() > k_max_key) {
        fail(where + ": expected a key of at most " + std::to_string(k_max_key) +
             " bytes, found more");
    }
    if (is_placeholder(key)) {
        fail(where + ": expected the channel's own secret, found a placeholder");
    }
    if (key.size() < k_min_advised) {
        warnings.push_back(where + ": expected at least " + std::to_string(k_min_advised) +
                           " bytes for HS256 (RFC 7518 3.2), found " + std::to_string(key.size()));
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

Secret load_secret(const std::string& name, const std::optional<std::string>& configured,
                   const Parameters& environment, std::vector<std::string>& warnings) {
    if (const auto path = path_of(name, configured, environment)) {
        const std::string where = "secret file " + *path;
        Secret secret = read_secret_file(*path, where);
        check(secret, where, warnings);
        return secret;
    }
    const auto value = name == k_default_secret ? environment.find(k_variable) : std::nullopt;
    if (!value) {
        fail("secret " + name + ": expected --secret-file, a systemd credential of this name" +
             (name == k_default_secret ? ", or SCALEDRONE_CHANNEL_SECRET in the environment" : "") +
             ", found none");
    }
    Secret secret = read_variable(*value);
    check(secret, "environment variable SCALEDRONE_CHANNEL_SECRET", warnings);
    return secret;
}

}  // namespace roomkey
