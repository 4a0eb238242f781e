// SPDX-License-Identifier: MIT
// This program's own versions of the C library's functions stand in the way of the real ones, for
// roomkey and for libfcgi.
#include "failing_calls.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <ctime>
#include <utility>

#include "next_function.hpp"

namespace {

using roomkey::test::Call;
using roomkey::test::next;

std::array<std::atomic<int>, roomkey::test::k_calls> g_counts;
std::function<void()> g_act;
std::atomic<int> g_act_before = -1;
std::atomic<Call> g_call;
std::atomic<int> g_error;
std::atomic<int> g_from = INT_MAX;
std::atomic<int> g_until = 0;

bool fails(Call call) {
    if (::gettid() == ::getpid()) {
        return false;  // the test's own thread
    }
    if (static_cast<int>(call) == g_act_before) {
        g_act();
    }
    const int count = ++g_counts[static_cast<std::size_t>(call)];
    if (call != g_call || count < g_from || count >= g_until) {
        return false;
    }
    errno = g_error;
    return true;
}

}  // namespace

extern "C" {

int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
    static auto* const real = next(&accept4, "accept4");
    return fails(Call::accept4) ? -1 : real(fd, address, size, flags);
}

int epoll_wait(int fd, epoll_event* events, int most, int timeout) {
    static auto* const real = next(&epoll_wait, "epoll_wait");
    return fails(Call::epoll_wait) ? -1 : real(fd, events, most, timeout);
}

int epoll_ctl(int fd, int operation, int other, epoll_event* event) noexcept {
    static auto* const real = next(&epoll_ctl, "epoll_ctl");
    // Taking a descriptor out needs no memory.
    return operation != EPOLL_CTL_DEL && fails(Call::epoll_ctl) ? -1
                                                                : real(fd, operation, other, event);
}

ssize_t recv(int fd, void* buffer, size_t size, int flags) {
    static auto* const real = next(&recv, "recv");
    return fails(Call::recv) ? -1 : real(fd, buffer, size, flags);
}

ssize_t send(int fd, const void* buffer, size_t size, int flags) {
    static auto* const real = next(&send, "send");
    return fails(Call::send) ? -1 : real(fd, buffer, size, flags);
}

ssize_t read(int fd, void* buffer, size_t size) {
    static auto* const real = next(&read, "read");
    return fails(Call::read) ? -1 : real(fd, buffer, size);
}

ssize_t write(int fd, const void* buffer, size_t size) {
    static auto* const real = next(&write, "write");
    return fails(Call::write) ? -1 : real(fd, buffer, size);
}

int poll(pollfd* fds, nfds_t count, int timeout) {
    static auto* const real = next(&poll, "poll");
    return fails(Call::poll) ? -1 : real(fds, count, timeout);
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
    static auto* const real = next(&clock_gettime, "clock_gettime");
    return clock == CLOCK_REALTIME && fails(Call::clock_gettime) ? -1 : real(clock, time);
}
}

namespace roomkey::test {

FailingCall::FailingCall(Call call, int error, int first, int times) {
    const int so_far = times_called(call);
    g_error = error;
    g_call = call;
    g_until = times > INT_MAX - so_far - first ? INT_MAX : so_far + first + times;
    g_from = so_far + first;
}

FailingCall::~FailingCall() {
    g_from = INT_MAX;
    g_until = 0;
}

bool FailingCall::happened() const {
    return times_called(g_call) >= g_from;
}

BeforeCall::BeforeCall(Call call, std::function<void()> act) {
    g_act = std::move(act);
    g_act_before = static_cast<int>(call);
}

BeforeCall::~BeforeCall() {
    g_act_before = -1;
}

int times_called(Call call) {
    return g_counts[static_cast<std::size_t>(call)];
}

}  // namespace roomkey::test
