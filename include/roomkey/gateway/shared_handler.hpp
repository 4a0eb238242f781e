// SPDX-License-Identifier: MIT
// The handler that is in force, for several threads: each works with a copy of its own, and takes
// a new one after a reload. Requests under way end with the handler that they started with.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

#include "roomkey/auth/auth_handler.hpp"

namespace roomkey {

class SharedHandler {
public:
    explicit SharedHandler(AuthHandler handler) : m_handler(std::move(handler)) {}

    // Puts another handler in force.
    void replace(AuthHandler handler) {
        const std::lock_guard lock(m_mutex);
        m_handler.emplace(std::move(handler));
        m_generation.fetch_add(1, std::memory_order_release);
    }

    // A thread's own copy. Costs one atomic load a request, and no lock unless it was replaced.
    class Copy {
    public:
        explicit Copy(SharedHandler& shared) : m_shared(shared) {}
        [[nodiscard]] AuthHandler& get() {
            const unsigned current = m_shared.m_generation.load(std::memory_order_acquire);
            if (!m_handler || current != m_generation) {
                const std::lock_guard lock(m_shared.m_mutex);
                m_handler.emplace(*m_shared.m_handler);
                m_generation = current;
            }
            return *m_handler;
        }

    private:
        SharedHandler& m_shared;
        std::optional<AuthHandler> m_handler;
        unsigned m_generation = 0;
    };

private:
    std::mutex m_mutex;
    std::optional<AuthHandler> m_handler;
    std::atomic<unsigned> m_generation{0};
};

}  // namespace roomkey
