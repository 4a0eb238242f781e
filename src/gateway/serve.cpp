// SPDX-License-Identifier: MIT
#include "roomkey/gateway/serve.hpp"

#include <signal.h>
#include <sysexits.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "roomkey/gateway/limits.hpp"
#include "roomkey/gateway/log.hpp"
#include "roomkey/gateway/shared_handlers.hpp"
#include "roomkey/gateway/system.hpp"
#include "roomkey/gateway/worker.hpp"
#include "roomkey/text/errors.hpp"

namespace roomkey {

namespace {

// The signals that are waited for, and not handled: so none can come at a wrong moment.
sigset_t waited_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) {
        ::sigaddset(&signals, number);
    }
    return signals;
}

// The limits of each of so many threads.
Limits share_of(Limits limits, unsigned threads) {
    constexpr std::size_t k_reserve = 64;  // files, epoll sets, what the libraries open
    constexpr std::size_t k_max_connections = 16'384;
    const std::size_t descriptors = raise_descriptor_limit();
    limits.connections =
        std::clamp<std::size_t>((std::max(descriptors, k_reserve + 1) - k_reserve) / threads, 1,
                                k_max_connections / threads);
    // A worker has room for some of the largest requests, however many workers there are.
    constexpr std::size_t k_min_buffered = std::size_t{512} * 1024;
    limits.buffered = std::max(k_max_buffered / threads, k_min_buffered);
    return limits;
}

// A thread that can't go on takes the process with it, so that its supervisor starts another; a
// process that only looks alive would keep its share of the connections waiting.
void run_or_exit(Worker& worker) {
    try {
        worker.run();
    } catch (const std::exception& error) {
        log(Severity::error, error.what());
        std::_Exit(EX_OSERR);
    }
}

std::string summary(const std::vector<std::unique_ptr<Worker>>& workers) {
    Counts all;
    for (const auto& worker : workers) {
        all.answered += worker->counts().answered;
        all.lost += worker->counts().lost;
    }
    return " after " + std::to_string(all.answered) + " answers; " + std::to_string(all.lost) +
           " more could not be sent";
}

void reload(const LoadHandlers& load, SharedHandlers& handlers) {
    try {
        handlers.replace(load());
        log(Severity::notice, "policy and secret were read again");
    } catch (const ConfigError& error) {
        log(Severity::error, error.findings());
        log(Severity::error, "the old policy and secret stay in force");
    } catch (const std::exception& error) {
        log(Severity::error,
            std::string("the old policy and secret stay in force: ") + error.what());
    }
}

}  // namespace

int serve(const OpenListener& open, unsigned thread_count, const Limits& limits,
          const LoadHandlers& load) {
    // Before anybody can connect, whom a signal would cut off, and before any thread starts, so
    // that all of them inherit it.
    const sigset_t signals = waited_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);

    Listener listener = open();
    SharedHandlers handlers(load());

    std::vector<std::unique_ptr<Worker>> workers;
    const Limits share = share_of(limits, thread_count);
    for (unsigned i = 0; i < thread_count; ++i) {
        workers.push_back(std::make_unique<Worker>(listener.fd(), handlers, share));
    }
    std::vector<std::jthread> threads;
    threads.reserve(workers.size());
    for (const auto& worker : workers) {
        threads.emplace_back([&worker] { run_or_exit(*worker); });
    }
    log(Severity::notice, "serving FastCGI on " + listener.name() + " with " +
                              std::to_string(thread_count) +
                              (thread_count == 1 ? " thread" : " threads"));
    int received = 0;
    while (::sigwait(&signals, &received) == 0 && received == SIGHUP) {
        reload(load, handlers);
    }
    // Before the last round of accepting, or a connection could come after it, and be cut off.
    listener.withdraw();
    for (const auto& worker : workers) {
        worker->stop();
    }
    for (const auto& worker : workers) {
        worker->wait_until_accepting_ended();
    }
    // Whoever connects from now on is refused at once, or served by another process that shares
    // the socket, and does not wait for us in vain.
    listener.close();
    threads.clear();  // joins them
    log(Severity::notice, "stopped" + summary(workers));
    return 0;
}

}  // namespace roomkey
