// SPDX-License-Identifier: MIT
// libfcgi reads from a descriptor and no memory, and makes no promise about what is done here: it
// is handed a pipe instead of accepting a connection, and the connection when it is to write. The
// fields of FCGX_Request that this leans on are pinned by a test.
#include "roomkey/gateway/fastcgi.hpp"

#include <fcgiapp.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "roomkey/auth/responder.hpp"
#include "roomkey/gateway/descriptor.hpp"
#include "roomkey/gateway/log.hpp"
#include "roomkey/gateway/system.hpp"
#include "roomkey/request/http.hpp"
#include "roomkey/text/text.hpp"

namespace roomkey::fastcgi {

namespace {

constexpr int k_no_socket = -1;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

// Both ends are non-blocking: libfcgi finds a whole request in it or an error, and never waits.
struct Pipe {
    Pipe() {
        // The largest request takes a little over 80 KiB.
        constexpr int k_size = 128 * 1024;
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
            fail("pipe2");
        }
        reading = Descriptor(ends[0]);
        writing = Descriptor(ends[1]);
        if (::fcntl(writing.get(), F_SETPIPE_SZ, k_size) < 0) {
            fail("F_SETPIPE_SZ");
        }
    }

    Descriptor reading;
    Descriptor writing;
};

void append_record(std::string& records, RecordType type, unsigned id, std::string_view content) {
    const RecordHeader header = make_header(type, id, content.size());
    records.append(header.begin(), header.end()).append(content);
}

void append_stream(std::string& records, RecordType type, unsigned id, std::string_view content) {
    for (; !content.empty(); content.remove_prefix(std::min(k_max_content, content.size()))) {
        append_record(records, type, id, content.substr(0, k_max_content));
    }
    append_record(records, type, id, {});
}

// The records of a request and nothing else: one BEGIN, the parameters, the body; no padding.
void write_canonical(const ReceivedRequest& request, std::string& records) {
    std::string begin(k_body_size, '\0');
    begin[1] = k_responder;
    begin[2] = request.keeps_connection ? k_keep_conn : 0;
    records.clear();
    append_record(records, RecordType::begin_request, request.id, begin);
    append_stream(records, RecordType::params, request.id,
                  request.refusal ? std::string_view{} : request.parameters);
    append_stream(records, RecordType::standard_input, request.id, request.body);
}

// The request's id as the web server gave it, if it is fit for a log line.
std::string id_for_log(const Parameters& parameters) {
    const std::string_view id = parameters.get("ROOMKEY_REQUEST_ID");
    return is_plain_name(id) ? "request " + std::string(id) + ": " : std::string{};
}

}  // namespace

class LibfcgiRequest::Impl {
public:
    Impl() : m_body(k_max_body + 2) {
        static const bool k_initialized = FCGX_Init() == 0;
        // Without a socket to accept from, libfcgi fails where it would otherwise block.
        if (!k_initialized || FCGX_InitRequest(&m_request, k_no_socket, 0) != 0) {
            throw std::runtime_error("libfcgi can't be initialised");
        }
    }
    ~Impl() { FCGX_Free(&m_request, 0); }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    ConnectionFate answer(int connection, const ReceivedRequest& received, AuthHandlers& handlers,
                          RandomSource& random) {
        const bool sound = read(received);
        m_request.ipcFd = connection;
        const Parameters parameters(m_request.envp);
        const Answer answer =
            received.refusal
                ? refuse(*received.refusal)
                : respond(handlers,
                          {parameters, m_text, sound ? BodyRead::complete : BodyRead::failed},
                          current_time(), random);
        if (!answer.failure.empty()) {
            log(Severity::error, id_for_log(parameters) + answer.failure);
        }
        if (!send(answer.bytes)) {
            return ConnectionFate::lost;
        }
        if (!sound || !received.is_whole) {
            return ConnectionFate::drain;
        }
        return received.keeps_connection ? ConnectionFate::keep : ConnectionFate::close;
    }

private:
    // Has libfcgi read the request; false if it did not come to its end. Throws if there is nothing
    // that could be answered.
    bool read(const ReceivedRequest& received) {
        // Of a request that an exception has ended before its answer.
        FCGX_Free(&m_request, 0);
        if (!m_pipe_is_empty) {
            m_pipe = Pipe();
        }
        m_pipe_is_empty = false;
        write_canonical(received, m_records);
        if (::write(m_pipe.writing.get(), m_records.data(), m_records.size()) !=
            static_cast<ssize_t>(m_records.size())) {
            fail("pipe");
        }
        m_request.ipcFd = m_pipe.reading.get();
        m_request.keepConnection = 1;  // else accepting would first finish and close what it has
        m_request.detached = 1;        // else closing would wait up to two seconds for the peer
        if (FCGX_Accept_r(&m_request) != 0) {
            m_pipe.reading.release();  // libfcgi has closed it
            throw std::runtime_error("libfcgi found no request");
        }
        // One byte more than there can be is asked for, so that the stream's end is read, too.
        // Cut-off parameters look like complete ones, so the error must be asked for.
        const bool has_parameters = FCGX_GetError(m_request.in) == 0;
        const int size = FCGX_GetStr(m_body.data(), static_cast<int>(m_body.size()), m_request.in);
        m_text = {m_body.data(), static_cast<std::size_t>(size)};
        m_pipe_is_empty = has_parameters && FCGX_GetError(m_request.in) == 0;
        return m_pipe_is_empty;
    }

    // Sends the answer and ends the request, but leaves the connection to its owner.
    // False if it could not be sent.
    bool send(std::string_view bytes) {
        FCGX_PutStr(bytes.data(), static_cast<int>(bytes.size()), m_request.out);
        const bool quiet = FCGX_FClose(m_request.err) == 0;
        const bool sent = FCGX_FClose(m_request.out) == 0 && quiet;
        FCGX_Free(&m_request, 0);
        return sent;
    }

    FCGX_Request m_request{};
    Pipe m_pipe;
    bool m_pipe_is_empty = true;
    std::string m_records;
    std::vector<char> m_body;
    std::string_view m_text;
};

LibfcgiRequest::LibfcgiRequest() : m_impl(std::make_unique<Impl>()) {}

LibfcgiRequest::~LibfcgiRequest() = default;

ConnectionFate LibfcgiRequest::answer(int connection, const ReceivedRequest& received,
                                      AuthHandlers& handlers, RandomSource& random) {
    return m_impl->answer(connection, received, handlers, random);
}

}  // namespace roomkey::fastcgi
