// SPDX-License-Identifier: MIT
#include "allocations.hpp"

#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace roomkey::bench {

namespace {

// Relaxed: the benchmarks run on one thread, and the count must cost next to nothing.
std::atomic<std::size_t> g_allocations{0};

void count() {
    g_allocations.fetch_add(1, std::memory_order_relaxed);
}

void* take(std::size_t size) {
    count();
    void* memory = std::malloc(size);
    if (memory == nullptr) {
        throw std::bad_alloc();
    }
    return memory;
}

// OpenSSL takes these before its first allocation only, so they are set before main().
[[maybe_unused]] const int k_counted_openssl = CRYPTO_set_mem_functions(
    [](std::size_t size, const char*, int) {
        count();
        return std::malloc(size);
    },
    [](void* memory, std::size_t size, const char*, int) {
        count();
        return std::realloc(memory, size);
    },
    [](void* memory, const char*, int) { std::free(memory); });

}  // namespace

std::size_t allocations() {
    return g_allocations.load(std::memory_order_relaxed);
}

}  // namespace roomkey::bench

void* operator new(std::size_t size) {
    return roomkey::bench::take(size);
}
void* operator new[](std::size_t size) {
    return roomkey::bench::take(size);
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
