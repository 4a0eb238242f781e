// SPDX-License-Identifier: MIT
#include "roomkey/policy/strict_json.hpp"

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

namespace roomkey {

namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;

constexpr int k_max_depth = 64;

// 2 to the power of 64, and 2 to that of 63. Of an integer beyond them nlohmann makes a double.
constexpr double k_too_large = 18'446'744'073'709'551'616.0;
constexpr double k_too_small = -9'223'372'036'854'775'808.0;

bool has_lost_digits(const Json& number) {
    return number.is_number_float() &&
           (number.get<double>() >= k_too_large || number.get<double>() <= k_too_small);
}

// Watches the parser: nlohmann keeps the last of two equal keys without a word.
class Watch {
public:
    explicit Watch(Diagnostics& diagnostics) : m_diagnostics(diagnostics) {}

    // Called for each key, value, and bracket.
    void see(int depth, Json::parse_event_t event, const Json& parsed) {
        m_too_deep = m_too_deep || depth > k_max_depth;
        if (m_too_deep) {
            return;
        }
        using Event = Json::parse_event_t;
        if (event == Event::key) {
            m_open.back().key = parsed.get<std::string>();
            if (!m_open.back().keys.insert(m_open.back().key).second) {
                m_diagnostics.error(place().to_string(),
                                    {"each key once", "this one twice in one object"});
            }
        } else if (event == Event::object_end || event == Event::array_end) {
            m_open.pop_back();
            ++count();
        } else if (event == Event::value) {
            if (has_lost_digits(parsed)) {
                m_diagnostics.error(place().to_string(),
                                    {"a number of 64 bits, or a string",
                                     "one of more, of which digits would be lost"});
            }
            ++count();
        } else {
            m_open.push_back({event == Event::array_start});
        }
    }

    [[nodiscard]] bool too_deep() const { return m_too_deep; }

private:
    struct Level {
        bool is_array;
        std::size_t count = 0;
        std::string key = {};
        std::set<std::string> keys = {};
    };

    // How many values the innermost open level has.
    std::size_t& count() { return m_open.empty() ? m_whole : m_open.back().count; }

    [[nodiscard]] Pointer place() const {
        Pointer at;
        for (const Level& level : m_open) {
            level.is_array ? at.push_back(std::to_string(level.count)) : at.push_back(level.key);
        }
        return at;
    }

    Diagnostics& m_diagnostics;
    std::vector<Level> m_open;
    std::size_t m_whole = 0;
    bool m_too_deep = false;
};

}  // namespace

Json parse_strict_json(std::string_view text, Diagnostics& diagnostics) {
    if (text.size() > k_max_json_bytes) {
        diagnostics.error("", {std::to_string(k_max_json_bytes) + " bytes at most", "more"});
        diagnostics.throw_if_any();
    }
    // To nlohmann a zero byte is the end, and what is behind it would be ignored.
    if (text.find('\0') != std::string_view::npos) {
        diagnostics.error("", {"JSON text", "a zero byte"});
        diagnostics.throw_if_any();
    }
    Watch watch(diagnostics);
    const auto see = [&watch](int depth, Json::parse_event_t event, const Json& parsed) {
        watch.see(depth, event, parsed);
        return true;
    };
    try {
        Json parsed = Json::parse(text, see, true, true);
        // Copying and printing a value recurse, so nothing is done with one that is too deep.
        if (watch.too_deep()) {
            diagnostics.error("", {std::to_string(k_max_depth) + " levels at most", "more"});
            diagnostics.throw_if_any();
        }
        return parsed;
    } catch (const Json::exception& error) {
        // Before the bracket stands nlohmann's own label; line and column come after it.
        const std::string_view what = error.what();
        const bool is_syntax = dynamic_cast<const Json::out_of_range*>(&error) == nullptr;
        diagnostics.error("", {is_syntax ? "JSON text" : "numbers of 64 bits",
                               "a " + std::string(what.substr(what.find("] ") + 2))});
        diagnostics.throw_if_any();
        throw;
    }
}

}  // namespace roomkey
