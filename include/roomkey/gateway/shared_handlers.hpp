// SPDX-License-Identifier: MIT
// The handlers that are in force, for several threads: each works with a copy of its own, and takes
// a new one after a reload. A request is answered by those that are in force when it is whole.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "roomkey/auth/auth_handlers.hpp"

namespace roomkey {

// Makes handlers of the configuration as it is now. Throws ConfigError.
using LoadHandlers = std::function<AuthHandlers()>;

class SharedHandlers {
public:
    explicit SharedHandlers(AuthHandlers handlers) : m_handlers(std::move(handlers)) {}

    // Puts others in force, all at once.
    void replace(AuthHandlers handlers) {
        const std::lock_guard lock(m_mutex);
        m_handlers = std::move(handlers);
        m_generation.fetch_add(1, std::memory_order_release);
    }

    // A thread's own copy. Costs one atomic load a request, and no lock unless they were replaced.
    class Copy {
    public:
        explicit Copy(SharedHandlers& shared) : m_shared(shared) {}
        [[nodiscard]] AuthHandlers& get() {
            const unsigned current = m_shared.m_generation.load(std::memory_order_acquire);
            if (!m_handlers || current != m_generation) {
                const std::lock_guard lock(m_shared.m_mutex);
                m_handlers.emplace(m_shared.m_handlers);
                m_generation = current;
            }
            return *m_handlers;
        }

    private:
        SharedHandlers& m_shared;
        std::optional<AuthHandlers> m_handlers;
        unsigned m_generation = 0;
    };

private:
    std::mutex m_mutex;
    AuthHandlers m_handlers;
    std::atomic<unsigned> m_generation{0};
};

}  // namespace roomkey
