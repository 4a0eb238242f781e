// SPDX-License-Identifier: MIT
#include "roomkey/gateway/cgi.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "roomkey/auth/responder.hpp"
#include "roomkey/gateway/limits.hpp"
#include "roomkey/gateway/log.hpp"
#include "roomkey/gateway/system.hpp"
#include "roomkey/text/errors.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

struct Body {
    std::string bytes;
    BodyRead read = BodyRead::complete;
};

// How many bytes of stdin are this request's. Without CONTENT_LENGTH there is no body (RFC 3875
// 4.2), unless it came in chunks; then it ends where stdin ends.
std::size_t wanted(const Parameters& environment) {
    const std::string_view declared = environment.get("CONTENT_LENGTH");
    if (!declared.empty()) {
        // One that is malformed or too large is refused unread.
        const long long length = parse_decimal(declared);
        return length > static_cast<long long>(k_max_body)
                   ? 0
                   : static_cast<std::size_t>(std::max(length, 0LL));
    }
    return environment.get("HTTP_TRANSFER_ENCODING").empty() ? 0 : k_max_body + 1;
}

Body read_body(std::size_t size, std::chrono::milliseconds time) {
    const auto deadline = std::chrono::steady_clock::now() + time;
    Body body{std::string(size, '\0')};
    std::size_t have = 0;
    while (have < size) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd input{STDIN_FILENO, POLLIN, 0};
        const int ready = ::poll(&input, 1, static_cast<int>(std::max<long>(left.count(), 0)));
        const ssize_t got =
            ready > 0 ? ::read(STDIN_FILENO, body.bytes.data() + have, size - have) : -1;
        if (got == 0) {
            break;
        }
        if (got > 0) {
            have += static_cast<std::size_t>(got);
        } else if (ready == 0 || errno != EINTR) {
            body.read = BodyRead::failed;
            break;
        }
    }
    body.bytes.resize(have);
    return body;
}

int write_all(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            return 1;
        }
        bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return 0;
}

// Throws away a body that was left unread. Under mod_cgid stdin and stdout are one socket, and
// ending with input unread would reset it, and cut off the answer.
void discard_body(const Parameters& environment) {
    constexpr long long k_max_discarded = 1'048'576;
    constexpr std::size_t k_piece = 4096;
    constexpr std::chrono::milliseconds k_patience{500};
    const long long declared = parse_decimal(environment.get("CONTENT_LENGTH"));
    auto left = static_cast<std::size_t>(std::clamp(declared, 0LL, k_max_discarded));
    while (left > 0) {
        const Body piece = read_body(std::min(left, k_piece), k_patience);
        if (piece.bytes.empty() || piece.read != BodyRead::complete) {
            return;
        }
        left -= piece.bytes.size();
    }
}

std::string answer(const Parameters& environment, AuthHandlers& handlers) {
    const Body body =
        read_body(wanted(environment), limits_from_environment(environment).request_time);
    SystemRandom random;
    Answer given = respond(handlers, {environment, body.bytes, body.read}, current_time(), random);
    if (!given.failure.empty()) {
        log(Severity::error, given.failure);
    }
    return std::move(given.bytes);
}

}  // namespace

bool is_cgi(const Parameters& environment) {
    return environment.find("REQUEST_METHOD") || environment.find("GATEWAY_INTERFACE");
}

int run_cgi(const Parameters& environment, const LoadHandlers& load) {
    bool is_left_unread = true;
    std::string bytes;
    // Whatever goes wrong here must not look like a visitor who is refused.
    try {
        AuthHandlers handlers = load();
        is_left_unread =
            parse_decimal(environment.get("CONTENT_LENGTH")) > static_cast<long long>(k_max_body);
        bytes = answer(environment, handlers);
    } catch (const ConfigError& error) {
        log(Severity::error, error.findings());
        bytes = fail(environment, {}).bytes;
    } catch (const std::exception& error) {
        log(Severity::error, error.what());
        bytes = fail(environment, {}).bytes;
    }
    const int status = write_all(bytes);
    if (is_left_unread) {
        discard_body(environment);
    }
    return status;
}

}  // namespace roomkey
