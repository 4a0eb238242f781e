// SPDX-License-Identifier: MIT
// A second reading of FastCGI 1.0, of records that are whole: what the gateway has to say to them,
// as a list of events, and what becomes of the connection. Simple rather than quick, and written
// from the specification and our limits, not from src/gateway.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reference.hpp"

namespace roomkey::reference {

struct Record {
    unsigned version = 1;
    unsigned type = 0;
    unsigned id = 0;
    std::string content;
};

enum class Trouble { none, malformed, too_long };

struct Request {
    unsigned id = 0;
    bool keeps = false;
    // There are no parameters but of a request without it.
    Trouble trouble = Trouble::none;
    Fields parameters;
    std::string body;
};

// What is left of a connection. One that is refused is read to its end, without an answer.
enum class Left { silent, idle, arriving, refused, closed };

struct Reading {
    std::vector<std::string> events;
    Left left = Left::silent;
};

// Pairs of name and value (section 3.4), and whether nothing else was there.
inline std::pair<Fields, bool> pairs_in(const std::string& stream) {
    Fields pairs;
    std::size_t at = 0;
    const auto number = [&](std::size_t width) -> std::optional<std::size_t> {
        std::size_t value = 0;
        for (std::size_t i = 0; i < width; ++i) {
            if (at >= stream.size()) {
                return std::nullopt;
            }
            value = value * 256 + static_cast<unsigned char>(stream[at++]);
        }
        return width == 4 ? value - 0x80000000 : value;
    };
    const auto length = [&] {
        return number(at < stream.size() && static_cast<unsigned char>(stream[at]) > 127 ? 4 : 1);
    };
    while (at < stream.size()) {
        const auto name = length();
        const auto value = name ? length() : std::nullopt;
        if (!value || stream.size() - at < *name + *value) {
            return {pairs, false};
        }
        pairs.emplace_back(stream.substr(at, *name), stream.substr(at + *name, *value));
        at += *name + *value;
    }
    return {pairs, true};
}

inline std::string ended(unsigned id, unsigned status) {
    return "end " + std::to_string(id) + " " + std::to_string(status);
}

inline std::string answered(unsigned id, const std::string& answer) {
    return "answer " + std::to_string(id) + " " + answer;
}

inline std::string unknown(unsigned type) {
    return "unknown " + std::to_string(type);
}

inline std::string values(const Fields& pairs) {
    std::string text = "values";
    for (const auto& [name, value] : pairs) {
        text += " " + name + "=" + value;
    }
    return text;
}

class Connection {
public:
    // `answer` says what is answered to a request.
    Connection(std::size_t most, std::function<std::string(const Request&)> answer)
        : m_most(std::to_string(most)), m_answer(std::move(answer)) {}

    void take(const Record& record) {
        if (m_ended) {
            return;
        }
        if (record.version != 1) {
            m_ended = Left::refused;
        } else if (record.id == 0) {
            manage(record);
        } else if (record.type == 1) {
            begin(record);
        } else if (m_request && record.id == m_request->id) {
            take_part(record);
        }
        m_left = m_request ? Left::arriving : Left::idle;
    }

    // What was said in all, if the bytes end here, or within a record of which the first are there.
    [[nodiscard]] Reading reading(const std::string& begun) const {
        if (m_ended || begun.empty()) {
            return {m_events, m_ended.value_or(m_left)};
        }
        return {m_events, begun[0] == 1 ? Left::arriving : Left::refused};
    }

private:
    // Section 4.
    void manage(const Record& record) {
        if (record.type != 9) {
            m_events.push_back(unknown(record.type));
            return;
        }
        std::map<std::string, std::string> known{
            {"FCGI_MAX_CONNS", m_most}, {"FCGI_MAX_REQS", m_most}, {"FCGI_MPXS_CONNS", "0"}};
        Fields told;
        for (const auto& asked : pairs_in(record.content).first) {
            if (const auto found = known.extract(asked.first)) {
                told.emplace_back(found.key(), found.mapped());
            }
        }
        m_events.push_back(values(told));
    }

    // Sections 5.1 and 5.5.
    void begin(const Record& record) {
        const auto byte = [&](std::size_t at) {
            return static_cast<unsigned char>(record.content[at]);
        };
        if (m_request && record.id == m_request->id) {
            m_ended = Left::refused;
        } else if (m_request) {
            m_events.push_back(ended(record.id, 1));
        } else if (record.content.size() != 8) {
            m_ended = Left::refused;
        } else if (byte(0) != 0 || byte(1) != 1) {
            m_events.push_back(ended(record.id, 3));
            m_ended = Left::refused;
        } else {
            m_request = Request{record.id, byte(2) % 2 == 1, Trouble::none, {}, {}};
            m_parameters.clear();
            m_lacks_parameters = true;
        }
    }

    // Sections 5.2 to 5.4: an abort, or the next part of one of the two streams, in this order.
    void take_part(const Record& record) {
        if (record.type == 2) {
            m_events.push_back(ended(record.id, 0));
            end(m_request->keeps ? Left::idle : Left::refused);
        } else if (record.type != (m_lacks_parameters ? 4U : 5U)) {
            m_ended = Left::refused;
        } else if (m_lacks_parameters) {
            m_parameters += record.content;
            if (m_parameters.size() > 65'536) {
                m_request->trouble = Trouble::too_long;
                answer(Left::refused);
            } else if (record.content.empty()) {
                m_lacks_parameters = false;
                const auto [pairs, all] = pairs_in(m_parameters);
                m_request->trouble = all ? Trouble::none : Trouble::malformed;
                m_request->parameters = all ? pairs : Fields{};
            }
        } else {
            m_request->body += record.content;
            if (m_request->body.size() > 16'384) {
                answer(Left::refused);
            } else if (record.content.empty()) {
                answer(m_request->keeps ? Left::idle : Left::closed);
            }
        }
    }

    void answer(Left left) {
        m_events.push_back(answered(m_request->id, m_answer(*m_request)));
        end(left);
    }

    void end(Left left) {
        m_request.reset();
        if (left != Left::idle) {
            m_ended = left;
        }
    }

    std::string m_most;
    std::function<std::string(const Request&)> m_answer;
    std::vector<std::string> m_events;
    std::optional<Request> m_request;
    std::string m_parameters;
    bool m_lacks_parameters = true;
    Left m_left = Left::silent;
    std::optional<Left> m_ended;
};

}  // namespace roomkey::reference
