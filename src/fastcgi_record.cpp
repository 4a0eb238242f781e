// SPDX-License-Identifier: MIT
#include "roomkey/fastcgi_record.hpp"

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "roomkey/http.hpp"

namespace roomkey::fastcgi {

namespace {

// FastCGI 1.0, section 8.
enum Type : unsigned char {
    begin_request = 1,
    abort_request = 2,
    end_request = 3,
    params = 4,
    standard_input = 5,
    get_values = 9,
    get_values_result = 10,
    unknown_type = 11,
};

enum ProtocolStatus : unsigned char {
    request_complete = 0,
    can_not_multiplex = 1,
    unknown_role = 3,
};

constexpr unsigned char k_version = 1;
constexpr std::size_t k_header_size = 8;
constexpr std::size_t k_body_size = 8;
constexpr unsigned k_responder = 1;

using Bytes = std::span<const unsigned char>;

unsigned big_endian(unsigned char high, unsigned char low) {
    return static_cast<unsigned>(high) << 8U | low;
}

struct Record {
    unsigned char version;
    unsigned char type;
    unsigned id;
    Bytes content;
    // With header and padding.
    std::size_t size;
};

// The record at the front of `bytes`, if all of it is there.
std::optional<Record> first_record(Bytes bytes) {
    if (bytes.size() < k_header_size) {
        return std::nullopt;
    }
    const std::size_t length = big_endian(bytes[4], bytes[5]);
    const std::size_t size = k_header_size + length + bytes[6];
    if (bytes.size() < size) {
        return std::nullopt;
    }
    return Record{bytes[0], bytes[1], big_endian(bytes[2], bytes[3]),
                  bytes.subspan(k_header_size, length), size};
}

void append_header(std::string& out, Type type, unsigned id, std::size_t length) {
    for (const std::size_t byte :
         {std::size_t{k_version}, std::size_t{type}, std::size_t{id >> 8U}, std::size_t{id & 255U},
          length >> 8U, length & 255U, std::size_t{0}, std::size_t{0}}) {
        out += static_cast<char>(byte);
    }
}

std::string end_of_request(unsigned id, ProtocolStatus status) {
    std::string record;
    append_header(record, end_request, id, k_body_size);
    record.append(4, '\0').append(1, static_cast<char>(status)).append(3, '\0');
    return record;
}

// Takes one length of a name-value pair (section 3.4) off the front of `bytes`.
std::optional<std::size_t> take_length(Bytes& bytes) {
    constexpr unsigned char k_long = 0x80;
    const std::size_t width = bytes.empty() || bytes[0] < k_long ? 1 : 4;
    if (bytes.size() < width) {
        return std::nullopt;
    }
    std::size_t length = bytes[0] & (width == 1 ? 0xFFU : 0x7FU);
    for (std::size_t i = 1; i < width; ++i) {
        length = length << 8U | bytes[i];
    }
    bytes = bytes.subspan(width);
    return length;
}

// Takes a name-value pair off the front of `bytes`: its name, if all of it is there.
std::optional<std::string_view> take_pair(Bytes& bytes) {
    const auto name_length = take_length(bytes);
    const auto value_length = name_length ? take_length(bytes) : std::nullopt;
    if (!value_length || *name_length > bytes.size() ||
        *value_length > bytes.size() - *name_length) {
        return std::nullopt;
    }
    const std::string_view name(reinterpret_cast<const char*>(bytes.data()), *name_length);
    bytes = bytes.subspan(*name_length + *value_length);
    return name;
}

// Whether a stream, given in pieces, is pairs to its end.
bool are_pairs(const std::vector<Bytes>& pieces) {
    std::vector<unsigned char> joined;
    Bytes stream;
    if (pieces.size() == 1) {
        stream = pieces.front();
    } else {
        for (const Bytes piece : pieces) {
            joined.insert(joined.end(), piece.begin(), piece.end());
        }
        stream = joined;
    }
    while (!stream.empty()) {
        if (!take_pair(stream)) {
            return false;
        }
    }
    return true;
}

// Section 4.1: the values of the names that are known, each once; other names are left out.
std::string values(Bytes query, std::size_t max_connections) {
    const std::string most = std::to_string(max_connections);
    std::array<std::pair<std::string_view, std::string_view>, 3> known{
        std::pair{std::string_view("FCGI_MAX_CONNS"), std::string_view(most)},
        std::pair{std::string_view("FCGI_MAX_REQS"), std::string_view(most)},
        std::pair{std::string_view("FCGI_MPXS_CONNS"), std::string_view("0")}};
    std::string pairs;
    while (const auto name = take_pair(query)) {
        for (auto& [known_name, value] : known) {
            if (*name == known_name && !value.empty()) {
                pairs += static_cast<char>(name->size());
                pairs += static_cast<char>(value.size());
                pairs.append(*name).append(value);
                value = {};
            }
        }
    }
    std::string reply;
    append_header(reply, get_values_result, 0, pairs.size());
    return reply.append(pairs);
}

std::string unknown(unsigned char type) {
    std::string record;
    append_header(record, unknown_type, 0, k_body_size);
    return record.append(1, static_cast<char>(type)).append(7, '\0');
}

Scan answer_management(const Record& record, std::size_t start, std::size_t max_connections) {
    return {
        Verdict::answer, record.size,
        record.type == get_values ? values(record.content, max_connections) : unknown(record.type),
        start};
}

Scan refuse(std::string reply = {}) {
    return {Verdict::answer_and_close, 0, std::move(reply)};
}

// How far one request has arrived.
class Progress {
public:
    Progress(unsigned id, bool keeps_connection) : m_id(id), m_keeps_connection(keeps_connection) {}

    // Takes the next record, which starts there; a verdict ends the scan.
    std::optional<Scan> take(const Record& record, std::size_t start) {
        if (record.version != k_version) {
            return refuse();
        }
        // Of two requests, the new one is rejected (section 5.5), and so belongs to no request what
        // comes of it, which is ignored (section 3.3). libfcgi would lose the first one's rest.
        if (record.id != m_id) {
            return Scan{Verdict::answer, record.size,
                        record.type == begin_request ? end_of_request(record.id, can_not_multiplex)
                                                     : std::string{},
                        start};
        }
        if (record.type == abort_request) {
            return Scan{m_keeps_connection ? Verdict::answer : Verdict::answer_and_close,
                        start + record.size, end_of_request(m_id, request_complete)};
        }
        if (record.type == params && !m_params_ended) {
            m_params_ended = record.content.empty();
            if (!m_params_ended) {
                m_params.push_back(record.content);
            }
            return std::nullopt;
        }
        if (record.type == standard_input && m_params_ended) {
            m_body_size += record.content.size();
            if (m_body_size > k_max_body) {
                return hand_over(Verdict::oversized, start + record.size);
            }
            return record.content.empty()
                       ? std::optional(hand_over(Verdict::request, start + record.size))
                       : std::nullopt;
        }
        return refuse();
    }

    // The verdict when no more can be looked at.
    [[nodiscard]] Scan give_up(std::size_t size) const {
        return m_params_ended ? hand_over(Verdict::oversized, size) : refuse();
    }

private:
    // Leaves it to libfcgi, which allocates whatever length a parameter claims to have, and aborts
    // where so much can't be had.
    [[nodiscard]] Scan hand_over(Verdict verdict, std::size_t size) const {
        return are_pairs(m_params) ? Scan{verdict, size} : refuse();
    }

    unsigned m_id;
    bool m_keeps_connection;
    bool m_params_ended = false;
    std::vector<Bytes> m_params;
    std::size_t m_body_size = 0;
};

}  // namespace

Scan scan(std::span<const unsigned char> bytes, bool full, std::size_t max_connections) {
    // Nothing that starts with another version is FastCGI, however little of it there is.
    if (!bytes.empty() && bytes[0] != k_version) {
        return refuse();
    }
    const auto first = first_record(bytes);
    if (!first) {
        return full ? refuse() : Scan{Verdict::incomplete};
    }
    if (first->id == 0) {
        return answer_management(*first, 0, max_connections);
    }
    // Section 3.3: what belongs to no request is ignored. It may be late news of one that has been
    // answered, such as its abort.
    if (first->type != begin_request) {
        return {Verdict::answer, first->size};
    }
    if (first->content.size() != k_body_size) {
        return refuse();
    }
    if (big_endian(first->content[0], first->content[1]) != k_responder) {
        return refuse(end_of_request(first->id, unknown_role));
    }
    constexpr unsigned k_keep_connection = 1;
    Progress progress(first->id, (first->content[2] & k_keep_connection) != 0);
    std::size_t size = first->size;
    while (const auto record = first_record(bytes.subspan(size))) {
        if (record->id == 0 && record->version == k_version) {
            return answer_management(*record, size, max_connections);
        }
        if (auto verdict = progress.take(*record, size)) {
            return std::move(*verdict);
        }
        size += record->size;
    }
    return full ? progress.give_up(bytes.size()) : Scan{Verdict::incomplete};
}

}  // namespace roomkey::fastcgi
