// SPDX-License-Identifier: MIT
// What the fuzzers share.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <span>
#include <string_view>

#include "roomkey/token/random.hpp"

// A property that does not hold ends the run, so that the fuzzer keeps the input.
#define FUZZ_CHECK(condition)                                                                  \
    do {                                                                                       \
        if (!(condition)) {                                                                    \
            std::fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
            std::abort();                                                                      \
        }                                                                                      \
    } while (false)

namespace roomkey::fuzz {

// The same randomness each time, so that an input means the same each time.
class FixedRandom : public RandomSource {
public:
    void fill(std::span<unsigned char> bytes) override {
        std::fill(bytes.begin(), bytes.end(), static_cast<unsigned char>(7));
    }
};

// The processor time of this thread, in seconds.
inline double own_time() {
    timespec time{};
    (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// What `work` returns. It takes linear time: at the size of these inputs that is a millisecond or
// two even with sanitizers, and square time would be more than this. A machine may count a moment
// of its own as ours, though not three times in a row.
template <typename Work>
auto in_time(Work work, double most_seconds = 0.1) {
    for (int tries_left = 3;; --tries_left) {
        const double begin = own_time();
        const auto is_in_time = [&] {
            const bool is = own_time() - begin < most_seconds;
            FUZZ_CHECK(is || tries_left > 1);
            return is;
        };
        try {
            auto result = work();
            if (is_in_time()) {
                return result;
            }
        } catch (...) {
            if (is_in_time()) {
                throw;
            }
        }
    }
}

// For compiling a policy, which no visitor sends: a pattern costs the square of its length, of
// which little is allowed, and each is tried on the rooms of others. The largest policy takes a
// tenth of a second, and with sanitizers one of the size of these inputs a second.
inline constexpr double k_most_for_policy = 3.0;

inline std::string_view as_text(const unsigned char* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

// Takes a line off the front of `input`.
inline std::string_view take_line(std::string_view& input) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(line.size() + 1, input.size()));
    return line;
}

}  // namespace roomkey::fuzz
