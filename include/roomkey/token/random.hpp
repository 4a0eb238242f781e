// SPDX-License-Identifier: MIT
// Where randomness comes from, as an argument: the core never asks the system for it.
#pragma once

#include <span>

namespace roomkey {

class RandomSource {
public:
    RandomSource() = default;
    RandomSource(const RandomSource&) = delete;
    RandomSource& operator=(const RandomSource&) = delete;
    virtual ~RandomSource() = default;

    // Fills `bytes` with unpredictable values, or throws: it never fills them halfway.
    virtual void fill(std::span<unsigned char> bytes) = 0;
};

}  // namespace roomkey
