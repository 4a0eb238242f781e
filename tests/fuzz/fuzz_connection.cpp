// SPDX-License-Identifier: MIT
// A connection of records through the gateway and libfcgi, in any pieces, against a second reading
// of FastCGI: the same requests have to be seen, with the same parameters and bodies, and answered
// as the core answers them, in this order, and no connection is left over.
//
// The input is a line whose bytes say how the connection's bytes are cut; a byte for how many of
// them are missing at the end; and then the records, each as seven bytes and its content:
// type, id, padding, form (see Form), where it is split in two, and the length in two bytes.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "fuzz.hpp"
#include "reference_fastcgi.hpp"
#include "roomkey/auth/responder.hpp"
#include "roomkey/gateway/connection_handler.hpp"
#include "roomkey/request/http.hpp"
#include "roomkey/text/base64url.hpp"

using namespace roomkey;

namespace {

// What makes a content of the bytes that are there.
enum Form : unsigned {
    pairs = 1,         // lines of NAME=VALUE become name-value pairs
    long_lengths = 2,  // with lengths of four bytes each
    version_2 = 4,
    filled = 0xF8,  // and all above: 16 KiB follow what is there
};

constexpr std::size_t k_max_records = 48;

struct Piece {
    reference::Record record;
    std::string bytes;
};

AuthHandler make_handler() {
    constexpr std::array<const char*, 1> k_environment{nullptr};
    constexpr std::string_view k_policy = R"({"claims": {"client": "${form.clientID|text}",
        "user": "${server.ROOMKEY_USER|text}", "exp": "${now+60}"}})";
    constexpr std::array<unsigned char, 32> k_key{1};
    return {std::make_shared<const Policy>(
                compile_policy(k_policy, "policy", Parameters(k_environment.data()))),
            Hs256Signer(k_key)};
}

struct Server {
    // Lets it act on all that is there.
    void handle(int fd) {
        while (connections.state_of(fd) && !handler.handle_input(fd)) {
        }
    }

    Connections connections;
    SharedHandlers handlers{make_handler()};
    Limits limits;
    ConnectionHandler handler{connections, handlers, limits};
};

std::string big_endian(std::size_t number, int width) {
    return width == 0 ? "" : big_endian(number >> 8U, width - 1) + static_cast<char>(number & 255U);
}

std::string as_pairs(const std::string& lines, bool is_long) {
    const auto length = [&](std::size_t size) {
        return is_long || size > 127 ? big_endian(size + 0x80000000, 4) : big_endian(size, 1);
    };
    std::string bytes;
    for (const std::string& line : reference::split(lines, "\n")) {
        const std::size_t equals = std::min(line.find('='), line.size());
        const std::string value = line.substr(std::min(equals + 1, line.size()));
        bytes += length(equals) + length(value.size()) + line.substr(0, equals) + value;
    }
    return bytes;
}

Piece make_piece(const reference::Record& record, unsigned padding) {
    // Each byte of it could be the first of a record.
    return {record, std::string{static_cast<char>(record.version), static_cast<char>(record.type)} +
                        big_endian(record.id, 2) + big_endian(record.content.size(), 2) +
                        static_cast<char>(padding) + '\x01' + record.content +
                        std::string(padding, '\x01')};
}

// The next one or two records of the input.
std::vector<Piece> take_pieces(std::string_view& input) {
    std::array<unsigned, 7> head{};
    for (unsigned& byte : head) {
        byte = input.empty() ? 0 : static_cast<unsigned char>(input.front());
        input.remove_prefix(input.empty() ? 0 : 1);
    }
    const auto [type, id, padding, form, split, high, low] = head;
    std::string content(input.substr(0, high * 256 + low));
    input.remove_prefix(content.size());
    if ((form & pairs) != 0) {
        content = as_pairs(content, (form & long_lengths) != 0);
    }
    if (form >= filled) {
        content.append(16'384, 'x');
    }
    content.resize(std::min<std::size_t>(content.size(), 65'535));
    const unsigned version = (form & version_2) != 0 ? 2 : 1;
    std::vector<Piece> pieces;
    if (split > 0 && split < content.size()) {
        pieces.push_back(make_piece({version, type, id, content.substr(0, split)}, padding));
        content.erase(0, split);
    }
    pieces.push_back(make_piece({version, type, id, content}, padding));
    return pieces;
}

// A token is told by its claims, without the second in which it was made.
std::string comparable(const std::string& answer) {
    const std::size_t body = answer.find("\r\n\r\n") + 4;
    if (!answer.starts_with("Status: 200 ")) {
        return answer;
    }
    const auto parts = reference::split(answer.substr(body), ".");
    FUZZ_CHECK(parts.size() == 3);
    auto claims = nlohmann::json::parse(base64url::decode(parts[1]).value_or(""));
    FUZZ_CHECK(claims.erase("exp") == 1);
    return claims.dump();
}

std::string answer_of_core(const reference::Request& request) {
    static AuthHandlers handlers = make_handler();
    if (request.trouble == reference::Trouble::too_long) {
        return refuse({Reason::parameters_too_long, {}, {}, 65'536}).bytes;
    }
    if (request.trouble == reference::Trouble::malformed) {
        return refuse({Reason::parameters_malformed}).bytes;
    }
    std::vector<std::string> variables;
    for (const auto& [name, value] : request.parameters) {
        // What a list of NAME=VALUE, each ended by a zero byte, can't have.
        if ((name + value).find('\0') == std::string::npos && name.find('=') == std::string::npos) {
            variables.push_back(name + "=" + value);
        }
    }
    std::vector<const char*> pointers;
    for (const std::string& variable : variables) {
        pointers.push_back(variable.c_str());
    }
    pointers.push_back(nullptr);
    fuzz::FixedRandom random;
    return comparable(
        respond(handlers,
                {Parameters(pointers.data()),
                 std::string_view(request.body).substr(0, k_max_body + 1), BodyRead::complete},
                current_time(), random)
            .bytes);
}

// The records that came back, as events.
std::vector<std::string> events_in(std::string_view received) {
    std::vector<std::string> events;
    std::optional<std::string> output;
    while (!received.empty()) {
        FUZZ_CHECK(received.size() >= 8 && received[0] == 1);
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(received[at]); };
        const unsigned type = byte(1);
        const unsigned id = byte(2) * 256U + byte(3);
        const std::size_t size = byte(4) * std::size_t{256} + byte(5);
        FUZZ_CHECK(received.size() >= 8 + size + byte(6));
        const std::string content(received.substr(8, size));
        if (type == 6) {
            output = output.value_or("") + content;
        } else if (type == 3 && output) {
            FUZZ_CHECK(content == std::string(8, '\0'));
            events.push_back(reference::answered(id, comparable(*output)));
            output.reset();
        } else if (type == 3) {
            events.push_back(reference::ended(id, static_cast<unsigned char>(content.at(4))));
        } else if (type == 10) {
            const auto [found, all] = reference::pairs_in(content);
            FUZZ_CHECK(all && id == 0);
            events.push_back(reference::values(found));
        } else {
            FUZZ_CHECK(type == 11 && id == 0);
            events.push_back(reference::unknown(static_cast<unsigned char>(content.at(0))));
        }
        received.remove_prefix(8 + size + byte(6));
    }
    FUZZ_CHECK(!output);
    return events;
}

std::string receive_all(int fd) {
    std::string bytes;
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT)) > 0;) {
        bytes.append(buffer.data(), static_cast<std::size_t>(size));
    }
    return bytes;
}

reference::Left left_of(std::optional<ConnectionState> state) {
    if (!state) {
        return reference::Left::closed;
    }
    constexpr std::array k_left{reference::Left::silent, reference::Left::arriving,
                                reference::Left::idle, reference::Left::refused};
    return k_left[static_cast<std::size_t>(*state)];
}

// What comes back for these bytes, sent as the bytes of `cuts` say, or whole without any.
reference::Reading serve(std::string_view bytes, std::string_view cuts) {
    static Server server;
    std::array<int, 2> ends{};
    FUZZ_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    const Descriptor ours(ends[0]);
    const int fd = ends[1];
    FUZZ_CHECK(::fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    server.connections.add(Descriptor(fd));
    // Few enough pieces for the fuzzer to stay quick.
    const std::size_t smallest = 1 + bytes.size() / 64;
    std::string received;
    for (std::size_t i = 0; !bytes.empty(); ++i) {
        const std::size_t more =
            cuts.empty() ? 32'768 : static_cast<unsigned char>(cuts[i % cuts.size()]);
        const std::string_view piece = bytes.substr(0, smallest + more);
        bytes.remove_prefix(piece.size());
        if (::send(ours.get(), piece.data(), piece.size(), MSG_NOSIGNAL) < 0) {
            break;  // it has closed the connection
        }
        server.handle(fd);
        received += receive_all(ours.get());
    }
    const reference::Left left = left_of(server.connections.state_of(fd));
    (void)::shutdown(ours.get(), SHUT_RDWR);
    server.handle(fd);
    FUZZ_CHECK(server.connections.size() == 0 && server.connections.buffered() == 0);
    return {events_in(received), left};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view input = fuzz::as_text(data, size);
    const std::string_view cuts = fuzz::take_line(input);
    std::size_t missing = input.empty() ? 0 : static_cast<unsigned char>(input.front());
    input.remove_prefix(std::min<std::size_t>(input.size(), 1));
    std::vector<Piece> pieces;
    while (!input.empty() && pieces.size() < k_max_records) {
        for (Piece& piece : take_pieces(input)) {
            pieces.push_back(std::move(piece));
        }
    }
    std::string begun;
    for (; !pieces.empty() && missing > 0 && begun.empty(); pieces.pop_back()) {
        const std::string& last = pieces.back().bytes;
        begun = last.substr(0, last.size() - std::min(missing, last.size()));
        missing -= std::min(missing, last.size());
    }
    std::string bytes;
    reference::Connection connection(Limits{}.connections, answer_of_core);
    for (const Piece& piece : pieces) {
        bytes += piece.bytes;
        connection.take(piece.record);
    }
    const reference::Reading expected = connection.reading(begun);
    const reference::Reading found = serve(bytes + begun, cuts);
    FUZZ_CHECK(found.events == expected.events);
    FUZZ_CHECK(found.left == expected.left);
    return 0;
}
