// SPDX-License-Identifier: MIT
// Makes system calls fail on demand, in every thread but the test's own; and counts them.
#pragma once

#include <functional>

namespace roomkey::test {

// `clock_gettime` is the wall clock alone; the steady one keeps running.
enum class Call {
    accept4,
    epoll_wait,
    epoll_ctl,
    recv,
    send,
    read,
    write,
    poll,
    clock_gettime,
};
inline constexpr int k_calls = 9;

// While it lives, `times` calls fail with `error`, from the `first`-th on (counted from 1).
class FailingCall {
public:
    FailingCall(Call call, int error, int first = 1, int times = 1);
    ~FailingCall();
    FailingCall(const FailingCall&) = delete;
    FailingCall& operator=(const FailingCall&) = delete;

    // Whether one has failed yet.
    [[nodiscard]] bool happened() const;
};

// While it lives, `act` runs before each of these calls, in the thread that makes it.
class BeforeCall {
public:
    BeforeCall(Call call, std::function<void()> act);
    ~BeforeCall();
    BeforeCall(const BeforeCall&) = delete;
    BeforeCall& operator=(const BeforeCall&) = delete;
};

// How many there have been since the program started.
[[nodiscard]] int times_called(Call call);

}  // namespace roomkey::test
