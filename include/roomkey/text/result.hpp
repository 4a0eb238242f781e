// SPDX-License-Identifier: MIT
// A value or the reason why there is none. The names are those of C++23's std::expected, which
// GCC 12 does not offer in C++20 mode; unlike there, an error converts by itself.
#pragma once

#include <utility>
#include <variant>

namespace roomkey {

template <class T, class E>
class [[nodiscard]] Result {
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(E error) : m_state(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] explicit operator bool() const { return m_state.index() == 0; }
    // Reading the side that is not there throws std::bad_variant_access.
    [[nodiscard]] T& operator*() { return std::get<0>(m_state); }
    [[nodiscard]] const T& operator*() const { return std::get<0>(m_state); }
    [[nodiscard]] T* operator->() { return &std::get<0>(m_state); }
    [[nodiscard]] const T* operator->() const { return &std::get<0>(m_state); }
    [[nodiscard]] E& error() { return std::get<1>(m_state); }
    [[nodiscard]] const E& error() const { return std::get<1>(m_state); }

private:
    std::variant<T, E> m_state;
};

}  // namespace roomkey
