// SPDX-License-Identifier: MIT
#include "roomkey/gateway/record_reader.hpp"

#include <algorithm>
#include <utility>

#include "roomkey/request/http.hpp"

namespace roomkey::fastcgi {

namespace {

unsigned big_endian(unsigned char high, unsigned char low) {
    return static_cast<unsigned>(high) << 8U | low;
}

// Takes up to `most` bytes off the front of `bytes`.
Bytes take(Bytes& bytes, std::size_t most) {
    const Bytes taken = bytes.first(std::min(most, bytes.size()));
    bytes = bytes.subspan(taken.size());
    return taken;
}

Bytes bytes_of(const std::string& text) {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

// What can stand as NAME=VALUE, ended by a zero byte, in a list of CGI variables. Of anything else
// whoever reads that list would find another name or value than was sent.
bool is_variable(const Pair& pair) {
    // Not find_first_of(), which looks at each character by itself.
    return pair.name.find('=') == std::string_view::npos &&
           pair.name.find('\0') == std::string_view::npos &&
           pair.value.find('\0') == std::string_view::npos;
}

// Leaves in `stream` the pairs that can be variables; false if it is no stream of pairs.
bool keep_variables(std::string& stream) {
    std::size_t kept = 0;
    for (Bytes rest = bytes_of(stream); !rest.empty();) {
        const std::size_t start = stream.size() - rest.size();
        const auto pair = take_pair(rest);
        if (!pair) {
            return false;
        }
        if (is_variable(*pair)) {
            const std::size_t size = stream.size() - rest.size() - start;
            std::copy_n(stream.data() + start, size, stream.data() + kept);
            kept += size;
        }
    }
    stream.resize(kept);
    return true;
}

}  // namespace

bool RecordReader::is(RecordType type) const {
    return m_header[1] == static_cast<unsigned char>(type);
}

unsigned RecordReader::id() const {
    return big_endian(m_header[2], m_header[3]);
}

ParseResult RecordReader::read(Bytes input) {
    const std::size_t size = input.size();
    ParseResult result{InputStatus::incomplete};
    while (!input.empty() && result.status == InputStatus::incomplete) {
        // Nothing that starts with another version is FastCGI, however little of it there is.
        if (m_header_size == 0 && input[0] != k_version) {
            result.status = InputStatus::refused;
            break;
        }
        const Bytes header = take(input, m_header.size() - m_header_size);
        std::copy(header.begin(), header.end(), m_header.data() + m_header_size);
        m_header_size += header.size();
        if (m_header_size < m_header.size()) {
            break;
        }
        const std::size_t content_size = big_endian(m_header[4], m_header[5]);
        const Bytes content = take(input, content_size - m_content.size());
        m_content.append(reinterpret_cast<const char*>(content.data()), content.size());
        m_padding_size +=
            take(input, m_content.size() < content_size ? 0 : m_header[6] - m_padding_size).size();
        if (m_content.size() == content_size && m_padding_size == m_header[6]) {
            result = take_record();
            m_header_size = 0;
            m_content.clear();
            m_padding_size = 0;
        }
    }
    result.size = size - input.size();
    return result;
}

ParseResult RecordReader::take_record() {
    if (id() == 0) {
        return {InputStatus::reply, 0,
                management_reply(m_header[1], bytes_of(m_content), m_max_connections)};
    }
    if (m_stage == Stage::idle && is(RecordType::begin_request)) {
        return begin_request();
    }
    // What belongs to no request is ignored (section 3.3): it may be late news of one that has been
    // answered, such as its abort. But of two requests, the new one is rejected (section 5.5).
    if (m_stage == Stage::idle || id() != m_request.id) {
        return is(RecordType::begin_request)
                   ? ParseResult{InputStatus::reply, 0,
                                 end_request(id(), ProtocolStatus::cant_mpx_conn)}
                   : ParseResult{InputStatus::incomplete};
    }
    if (is(RecordType::abort_request)) {
        const bool keeps = m_request.keeps_connection;
        reset();
        return {keeps ? InputStatus::reply : InputStatus::refused, 0,
                end_request(id(), ProtocolStatus::request_complete)};
    }
    if (m_stage == Stage::parameters && is(RecordType::params)) {
        return take_parameters();
    }
    if (m_stage == Stage::body && is(RecordType::standard_input)) {
        return take_body();
    }
    return {InputStatus::refused};
}

ParseResult RecordReader::begin_request() {
    const Bytes body = bytes_of(m_content);
    if (body.size() != k_body_size) {
        return {InputStatus::refused};
    }
    if (big_endian(body[0], body[1]) != k_responder) {
        return {InputStatus::refused, 0, end_request(id(), ProtocolStatus::unknown_role)};
    }
    m_request.id = id();
    m_request.keeps_connection = (body[2] & k_keep_conn) != 0;
    m_stage = Stage::parameters;
    return {InputStatus::incomplete};
}

ParseResult RecordReader::take_parameters() {
    std::string& parameters = m_request.parameters;
    if (m_content.empty()) {
        m_stage = Stage::body;
        if (!keep_variables(parameters)) {
            m_request.refusal = Refusal{Reason::parameters_malformed};
        }
        return {InputStatus::incomplete};
    }
    if (m_content.size() > k_max_parameters - parameters.size()) {
        m_request.refusal = Refusal{Reason::parameters_too_long, {}, {}, k_max_parameters};
        return {InputStatus::request};
    }
    parameters.append(m_content);
    return {InputStatus::incomplete};
}

ParseResult RecordReader::take_body() {
    if (m_content.empty()) {
        m_request.is_whole = true;
        return {InputStatus::request};
    }
    std::string& body = m_request.body;
    body.append(m_content, 0, k_max_body + 1 - body.size());
    return {body.size() > k_max_body ? InputStatus::request : InputStatus::incomplete};
}

void RecordReader::reset() {
    m_header_size = 0;
    m_content.clear();
    m_padding_size = 0;
    m_stage = Stage::idle;
    m_request.parameters.clear();
    m_request.body.clear();
    m_request.refusal.reset();
    m_request.is_whole = false;
}

std::size_t RecordReader::memory() const {
    return sizeof(*this) + m_content.capacity() + m_request.parameters.capacity() +
           m_request.body.capacity();
}

}  // namespace roomkey::fastcgi
