// SPDX-License-Identifier: MIT
// What one thread of the server has done so far.
#pragma once

#include <cstdint>

namespace roomkey {

struct Counts {
    std::uint64_t answered = 0;
    // Answers that could not be sent, because the peer was gone or read nothing.
    std::uint64_t lost = 0;
};

}  // namespace roomkey
