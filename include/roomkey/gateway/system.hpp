// SPDX-License-Identifier: MIT
// What the core must not touch: the clock, the kernel's randomness, the process's own limits.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "roomkey/token/random.hpp"

namespace roomkey {

// The wall clock, in whole seconds. Throws std::system_error when there is none.
[[nodiscard]] std::chrono::sys_seconds current_time();

// getrandom(2), fetched a block at a time: a token needs few bytes, a system call costs the same
// for many. For one thread and one process: after a fork, which roomkey never does, both would hand
// out the same bytes. Throws std::system_error when the kernel gives nothing.
class SystemRandom : public RandomSource {
public:
    void fill(std::span<unsigned char> bytes) override;

private:
    void fetch();

    std::array<unsigned char, 1024> m_block{};
    std::size_t m_used = sizeof(m_block);
};

// Opens /dev/null where stdin, stdout or stderr is closed, as FastCGI 1.0 allows (section 2.2):
// else the next socket would take its place, and a log line would be written to a visitor.
void open_standard_descriptors();

// Keeps the process's memory, with the key in it, out of core dumps and from other processes of
// the same user.
void forbid_core_dumps();

// Lets the process have as many descriptors as it may, and tells how many that is.
[[nodiscard]] std::size_t raise_descriptor_limit();

// "text: reason" for the current errno.
[[nodiscard]] std::string with_errno(const std::string& text);

}  // namespace roomkey
