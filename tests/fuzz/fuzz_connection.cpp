// SPDX-License-Identifier: MIT
// A request through the gateway and libfcgi, in any pieces. The input is a line whose bytes say how
// the request is cut, one of bytes that are put behind the parameters as they are, a line for each
// of the method, the content type and the query, and then the body. The answer does not depend on
// the pieces, it is the one that the core gives, and no connection is left over.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fuzz.hpp"
#include "roomkey/auth/responder.hpp"
#include "roomkey/gateway/connection_handler.hpp"

using namespace roomkey;

namespace {

enum Type : unsigned char {
    begin_request = 1,
    params = 4,
    standard_input = 5,
    standard_output = 6
};

// A policy whose tokens all have the same length.
AuthHandler make_handler() {
    constexpr std::array<const char*, 1> k_environment{nullptr};
    constexpr std::string_view k_policy =
        R"({"claims": {"client": "${form.clientID}", "exp": "${now+60}"}})";
    constexpr std::array<unsigned char, 32> k_key{1};
    return {std::make_shared<const Policy>(
                compile_policy(k_policy, "policy", Parameters(k_environment.data()))),
            Hs256Signer(k_key)};
}

struct Server {
    Connections connections;
    SharedHandlers handlers{make_handler()};
    ConnectionHandler handler{connections, handlers, Limits{}};

    // Lets it act on all that is there.
    void handle(int fd) {
        while (connections.state_of(fd) && !handler.handle_input(fd)) {
        }
    }
};

std::string record(Type type, std::string_view content) {
    const auto high = static_cast<char>(content.size() >> 8U);
    const auto low = static_cast<char>(content.size() & 255U);
    std::string bytes{1, static_cast<char>(type), 0, 1, high, low, 0, 0};
    return bytes.append(content);
}

std::string stream(Type type, std::string_view content, std::size_t piece) {
    std::string bytes;
    for (; !content.empty(); content.remove_prefix(std::min(piece, content.size()))) {
        bytes += record(type, content.substr(0, piece));
    }
    return bytes + record(type, {});
}

std::string pair(std::string_view name, std::string_view value) {
    std::string bytes;
    for (const std::size_t size : {name.size(), value.size()}) {
        for (const unsigned shift : {24U, 16U, 8U, 0U}) {
            bytes += static_cast<char>((size >> shift & 255U) | (shift == 24 ? 128U : 0U));
        }
    }
    return bytes.append(name).append(value);
}

std::string receive_all(int fd) {
    std::string bytes;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;) {
        bytes.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return bytes;
}

// What comes back for these bytes, sent as the bytes of `cuts` say, or whole without any.
std::string answer_to(std::string_view request, std::string_view cuts) {
    static Server server;
    std::array<int, 2> ends{};
    FUZZ_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const Descriptor ours(ends[0]);
    const int fd = ends[1];
    FUZZ_CHECK(::fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    server.connections.add(Descriptor(fd));
    // Few enough pieces for the fuzzer to stay quick.
    const std::size_t smallest = 1 + request.size() / 64;
    for (std::size_t i = 0; !request.empty(); ++i) {
        const std::size_t more =
            cuts.empty() ? request.size() : static_cast<unsigned char>(cuts[i % cuts.size()]);
        const std::string_view piece = request.substr(0, smallest + more);
        request.remove_prefix(piece.size());
        if (::send(ours.get(), piece.data(), piece.size(), MSG_NOSIGNAL) < 0) {
            break;  // it has closed the connection
        }
        server.handle(fd);
    }
    std::string received = receive_all(ours.get());
    (void)::shutdown(ours.get(), SHUT_RDWR);
    server.handle(fd);
    FUZZ_CHECK(server.connections.size() == 0);
    return received;
}

// The content of the STDOUT records.
std::string output_of(std::string_view records) {
    std::string output;
    while (records.size() >= 8) {
        const std::size_t size =
            static_cast<std::size_t>(static_cast<unsigned char>(records[4])) * 256 +
            static_cast<unsigned char>(records[5]);
        if (records[1] == standard_output) {
            output += records.substr(8, size);
        }
        const std::size_t whole = 8 + size + static_cast<unsigned char>(records[6]);
        records.remove_prefix(std::min(whole, records.size()));
    }
    return output;
}

// Tokens are of different seconds, but of one length.
bool same(const std::string& one, const std::string& other) {
    const auto is_token = [](const std::string& bytes) {
        return bytes.find("Status: 200 OK\r\n") != std::string::npos;
    };
    return one == other || (is_token(one) && is_token(other) && one.size() == other.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static AuthHandlers direct = make_handler();
    std::string_view input = fuzz::as_text(data, size);
    const std::string_view cuts = fuzz::take_line(input);
    const std::string_view extra = fuzz::take_line(input);
    std::array<std::string, 3> lines;
    for (std::string& line : lines) {
        line = fuzz::take_line(input);
        line.resize(std::min(line.find('\0'), line.size()));
    }
    const std::string_view body = input.substr(0, k_max_body);
    const std::size_t piece =
        cuts.empty() ? 65535 : 300 + 100UL * static_cast<unsigned char>(cuts[0]);
    const std::string parameters = pair("REQUEST_METHOD", lines[0]) +
                                   pair("CONTENT_TYPE", lines[1]) + pair("QUERY_STRING", lines[2]);
    const std::string request = record(begin_request, std::string_view("\0\1\0\0\0\0\0\0", 8)) +
                                stream(params, parameters.substr(0, 20'000).append(extra), piece) +
                                stream(standard_input, body, piece);
    const std::string whole = answer_to(request, {});
    FUZZ_CHECK(same(whole, answer_to(request, cuts)));
    if (!extra.empty() || parameters.size() > 20'000) {
        return 0;
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        constexpr std::array k_names{"REQUEST_METHOD=", "CONTENT_TYPE=", "QUERY_STRING="};
        lines[i].insert(0, k_names[i]);
    }
    const std::array<const char*, 4> variables{lines[0].c_str(), lines[1].c_str(), lines[2].c_str(),
                                               nullptr};
    fuzz::FixedRandom random;
    const Answer answer = respond(direct, {Parameters(variables.data()), body, BodyRead::complete},
                                  current_time(), random);
    FUZZ_CHECK(same(output_of(whole), answer.bytes));
    return 0;
}
