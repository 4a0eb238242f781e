// SPDX-License-Identifier: MIT
// libfcgi has no promise for what is done here: it is handed a connected descriptor instead of
// accepting one. The fields of FCGX_Request that this leans on are pinned by a test.
#include "roomkey/fastcgi.hpp"

#include <fcgiapp.h>

#include <stdexcept>
#include <string_view>

#include "roomkey/http.hpp"
#include "roomkey/log.hpp"
#include "roomkey/responder.hpp"
#include "roomkey/system.hpp"
#include "roomkey/text.hpp"

namespace roomkey::fastcgi {

namespace {

constexpr int k_no_socket = -1;

// The request's id as the web server gave it, if it is fit for a log line.
std::string id_for_log(const Parameters& parameters) {
    const std::string_view id = parameters.get("ROOMKEY_REQUEST_ID");
    return is_plain_name(id) ? "request " + std::string(id) + ": " : std::string{};
}

}  // namespace

class Exchange::Request {
public:
    Request() {
        static const bool k_initialized = FCGX_Init() == 0;
        // Without a socket to accept from, libfcgi fails where it would otherwise block.
        if (!k_initialized || FCGX_InitRequest(&m_request, k_no_socket, 0) != 0) {
            throw std::runtime_error("libfcgi can't be initialised");
        }
    }
    ~Request() { FCGX_Free(&m_request, 0); }
    Request(const Request&) = delete;
    Request& operator=(const Request&) = delete;

    // Reads the request's parameters; false if libfcgi found no request and closed the descriptor.
    bool begin(int connection) {
        // Of a request that an exception has ended before its answer. Accepting would end it on
        // this connection.
        FCGX_Free(&m_request, 0);
        m_request.ipcFd = connection;
        m_request.keepConnection = 1;  // else accepting would first finish and close what it has
        m_request.detached = 1;        // else closing would wait up to two seconds for the peer
        return FCGX_Accept_r(&m_request) == 0;
    }

    // Whether the web server wants to send more requests on the connection.
    [[nodiscard]] bool keeps_connection() const { return m_request.keepConnection != 0; }

    [[nodiscard]] Parameters parameters() const { return Parameters(m_request.envp); }

    // Whether the input was read as it was meant, and not cut off.
    [[nodiscard]] bool sound() const { return FCGX_GetError(m_request.in) == 0; }

    std::string_view read(std::vector<char>& buffer) {
        const int size = FCGX_GetStr(buffer.data(), static_cast<int>(buffer.size()), m_request.in);
        return {buffer.data(), static_cast<std::size_t>(size)};
    }

    void write(std::string_view bytes) {
        FCGX_PutStr(bytes.data(), static_cast<int>(bytes.size()), m_request.out);
    }

    // Sends the answer and ends the request, but leaves the descriptor to its owner.
    // False if it could not be sent.
    bool finish() {
        const bool quiet = FCGX_FClose(m_request.err) == 0;
        const bool sent = FCGX_FClose(m_request.out) == 0 && quiet;
        FCGX_Free(&m_request, 0);
        m_request.ipcFd = k_no_socket;
        return sent;
    }

private:
    FCGX_Request m_request{};
};

Exchange::Exchange() : m_request(std::make_unique<Request>()), m_body(k_max_body + 1) {}

Exchange::~Exchange() = default;

After Exchange::serve(int connection, const Scan& scan, AuthHandler& handler,
                      RandomSource& random) {
    if (!m_request->begin(connection)) {
        return After::gone;
    }
    // Cut-off parameters look like complete ones, so the error must be asked for here already.
    bool sound = m_request->sound();
    std::string_view body = m_request->read(m_body);
    sound = sound && m_request->sound();
    if (scan.verdict == Verdict::oversized) {
        // Refused by its size, however little of its body was there beside long parameters.
        body = {m_body.data(), m_body.size()};
    }
    const Parameters parameters = m_request->parameters();
    const Answer answer =
        respond(handler, {parameters, body, sound ? BodyRead::complete : BodyRead::failed},
                current_time(), random);
    if (!answer.failure.empty()) {
        log(Severity::error, id_for_log(parameters) + answer.failure);
    }
    m_request->write(answer.bytes);
    const bool kept = m_request->keeps_connection();
    if (!m_request->finish()) {
        return After::lost;
    }
    if (body.size() > k_max_body || !sound) {
        return After::drain;
    }
    return kept ? After::keep : After::close;
}

}  // namespace roomkey::fastcgi
