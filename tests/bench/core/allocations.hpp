// SPDX-License-Identifier: MIT
// Counts what is taken from the heap, so that a benchmark can say how much a request takes.
#pragma once

#include <cstddef>

namespace roomkey::bench {

// Since the start of the program: calls of operator new, and of OpenSSL's allocator.
[[nodiscard]] std::size_t allocations();

}  // namespace roomkey::bench
