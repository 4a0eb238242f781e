// SPDX-License-Identifier: MIT
#define PCRE2_CODE_UNIT_WIDTH 8
#include "roomkey/program/pattern.hpp"

#include <pcre2.h>

#include <array>
#include <cstdint>
#include <new>
#include <utility>

namespace roomkey {

namespace {

// Steps and memory (KiB) of one match: some milliseconds.
constexpr std::uint32_t k_max_steps = 100'000;
constexpr std::uint32_t k_max_depth = 10'000;
constexpr std::uint32_t k_max_heap = 8'192;

template <class T, void (*release)(T*)>
struct Release {
    void operator()(T* held) const { release(held); }
};
template <class T, void (*release)(T*)>
using Held = std::unique_ptr<T, Release<T, release>>;

template <class T>
T* checked(T* allocated) {
    return allocated != nullptr ? allocated : throw std::bad_alloc();
}

PCRE2_SPTR units_of(std::string_view text) {
    return reinterpret_cast<PCRE2_SPTR>(text.data());
}

std::string message_of(int error) {
    std::array<PCRE2_UCHAR, 256> message{};
    (void)pcre2_get_error_message(error, message.data(), message.size());
    return reinterpret_cast<const char*>(message.data());
}

}  // namespace

class Pattern::Expression {
public:
    // The dot matches no line end, and $ the very end, as in JavaScript.
    [[nodiscard]] int compile(std::string_view text) {
        const Held<pcre2_compile_context, pcre2_compile_context_free> context(
            checked(pcre2_compile_context_create(nullptr)));
        (void)pcre2_set_newline(context.get(), PCRE2_NEWLINE_ANY);
        int error = 0;
        PCRE2_SIZE at = 0;
        m_code.reset(pcre2_compile(units_of(text), text.size(),
                                   PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C,
                                   &error, &at, context.get()));
        if (m_code == nullptr) {
            return error;
        }
        m_limits.reset(checked(pcre2_match_context_create(nullptr)));
        (void)pcre2_set_match_limit(m_limits.get(), k_max_steps);
        (void)pcre2_set_depth_limit(m_limits.get(), k_max_depth);
        (void)pcre2_set_heap_limit(m_limits.get(), k_max_heap);
        return 0;
    }

    [[nodiscard]] Match match(std::string_view room) const {
        const Held<pcre2_match_data, pcre2_match_data_free> data(
            checked(pcre2_match_data_create(1, nullptr)));
        const int found = pcre2_match(m_code.get(), units_of(room), room.size(), 0, 0, data.get(),
                                      m_limits.get());
        return found >= 0 ? Match::yes : found == PCRE2_ERROR_NOMATCH ? Match::no : Match::unknown;
    }

private:
    Held<pcre2_code, pcre2_code_free> m_code;
    Held<pcre2_match_context, pcre2_match_context_free> m_limits;
};

Pattern::Pattern(std::shared_ptr<const Expression> expression)
    : m_expression(std::move(expression)) {}

Result<Pattern, std::string> Pattern::compile(std::string_view expression) {
    auto made = std::make_shared<Expression>();
    if (const int error = made->compile(expression); error != 0) {
        return message_of(error);
    }
    return Pattern(std::move(made));
}

Match Pattern::match(std::string_view room) const {
    return m_expression->match(room);
}

}  // namespace roomkey
