// SPDX-License-Identifier: MIT
// roomkey's FastCGI gateway with a constant behind it: what the gateway alone costs. It defines the
// functions by which the gateway asks the core, so the core's own are not linked in.
#include <unistd.h>

#include <string>
#include <utility>

#include "roomkey/auth/responder.hpp"
#include "roomkey/gateway/listener.hpp"
#include "roomkey/gateway/serve.hpp"
#include "roomkey/program/options.hpp"

namespace roomkey {

// As many bytes as an answer with a token of the built-in policy.
Answer respond(AuthHandlers&, const Request&, std::chrono::sys_seconds, RandomSource&) {
    static const std::string k_bytes =
        "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 500\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n" +
        std::string(500, 'x');
    return {200, k_bytes, {}};
}

Answer refuse(const Refusal& refusal) {
    return {status_of(refusal.reason), "", {}};
}

Answer fail(const Parameters&, std::string failure) {
    return {500, "", std::move(failure)};
}

}  // namespace roomkey

int main(int argc, char** argv) {
    using namespace roomkey;
    const Parameters environment(environ);
    const Options options = parse_command_line(argc, argv, environment);
    return serve([&] { return Listener::open(options.socket.value()); }, options.threads, Limits{},
                 [] { return AuthHandlers(); });
}
