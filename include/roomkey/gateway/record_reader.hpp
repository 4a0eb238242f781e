// SPDX-License-Identifier: MIT
// The one reading of FastCGI: takes the bytes of a connection apart, in whatever pieces they come,
// and puts a request together from them. Pure: bytes in, what is to be done out. (FastCGI 1.0,
// sections 3 to 5.)
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "roomkey/gateway/fastcgi_record.hpp"
#include "roomkey/request/refusal.hpp"

namespace roomkey::fastcgi {

// Largest sum of a request's parameters, with their lengths, in bytes.
inline constexpr std::size_t k_max_parameters = 65'536;

struct ReceivedRequest {
    unsigned id = 0;
    bool keeps_connection = false;
    // Name-value pairs as section 3.4 has them, without those that no CGI variable can have.
    std::string parameters;
    // At most k_max_body + 1 bytes; so many mean that the body is too large.
    std::string body;
    // Set if the parameters must not be used.
    std::optional<Refusal> refusal;
    // False if it was refused before its end was there, so that no other can follow.
    bool is_whole = false;
};

enum class InputStatus {
    incomplete,  // more bytes are needed
    reply,       // `reply` is to be sent, and reading goes on
    request,     // request() is to be answered; then reset() is due
    refused      // `reply` is to be sent, if there is one; nothing further can be read
};

struct ParseResult {
    InputStatus status;
    // How many bytes were read.
    std::size_t size = 0;
    // Records to send; empty for most.
    std::string reply = {};
};

// One connection's input. What it says depends on the bytes alone, and not on how they are cut.
class RecordReader {
public:
    // GET_VALUES is answered with `max_connections`.
    explicit RecordReader(std::size_t max_connections) : m_max_connections(max_connections) {}

    // Reads on at the front of `input`, up to the first thing that is to be done. What was read
    // once is not read again when more arrives.
    [[nodiscard]] ParseResult read(Bytes input);

    [[nodiscard]] const ReceivedRequest& request() const { return m_request; }

    // Begins anew, after a request or for another connection, and keeps the memory for it.
    void reset();

    // Whether it is between two requests, and between two records.
    [[nodiscard]] bool is_idle() const { return m_stage == Stage::idle && m_header_size == 0; }

    // The memory that it holds, in bytes.
    [[nodiscard]] std::size_t memory() const;

private:
    // What a request lacks next.
    enum class Stage { idle, parameters, body };

    // Each acts on the record that is there.
    ParseResult take_record();
    ParseResult begin_request();
    ParseResult take_parameters();
    ParseResult take_body();

    [[nodiscard]] bool is(RecordType type) const;
    [[nodiscard]] unsigned id() const;

    std::size_t m_max_connections;
    // Of the record that is being read, as far as it has come.
    RecordHeader m_header{};
    std::size_t m_header_size = 0;
    std::string m_content;
    std::size_t m_padding_size = 0;
    Stage m_stage = Stage::idle;
    ReceivedRequest m_request;
};

}  // namespace roomkey::fastcgi
