// SPDX-License-Identifier: MIT
// The signing key on its way from its file to OpenSSL: on pages that are neither dumped nor, where
// the system lets us lock them, swapped. OpenSSL's own copy, which signs, is in ordinary memory.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "roomkey/request/http.hpp"

namespace roomkey {

// Bytes that are wiped when their owner goes.
class Secret {
public:
    explicit Secret(std::size_t capacity);
    Secret(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    Secret& operator=(Secret&&) = delete;
    ~Secret();

    [[nodiscard]] std::span<unsigned char> storage() const { return {m_data, m_capacity}; }
    [[nodiscard]] std::span<const unsigned char> bytes() const { return {m_data, m_size}; }
    void resize(std::size_t size) { m_size = size; }

private:
    unsigned char* m_data;
    std::size_t m_capacity;
    std::size_t m_size = 0;
};

// Moves the variable that holds the key, if there is one, to such pages, and wipes it where it was:
// what a process was started with can be read in /proc/PID/environ. For use before any thread
// starts.
void hide_secret(char** environment);

// Reads the key that has the name. It is in the file `configured`, where its name is `secret`; in
// the directory `configured`, or else in $CREDENTIALS_DIRECTORY, as a file of its name; or else, if
// its name is `secret`, in the variable SCALEDRONE_CHANNEL_SECRET. A file holds the raw bytes;
// exactly one newline at its end is cut.
// Throws ConfigError for a key that is missing, empty, a placeholder, over 4096 bytes, or in a file
// that everyone may read. Appends to `warnings` what is allowed but unwise.
[[nodiscard]] Secret load_secret(const std::string& name,
                                 const std::optional<std::string>& configured,
                                 const Parameters& environment, std::vector<std::string>& warnings);

}  // namespace roomkey
