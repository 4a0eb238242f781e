// SPDX-License-Identifier: MIT
#include "roomkey/policy/claims_tree.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "roomkey/text/escape.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;

constexpr std::size_t k_max_depth = 32;
// Each level doubles the backslashes of the one within.
constexpr std::size_t k_max_json_texts = 4;
constexpr std::string_view k_json_text = "${json}";
constexpr std::size_t k_max_shown = 80;

std::string shortened(std::string text) {
    if (text.size() > k_max_shown) {
        std::size_t end = k_max_shown;
        // Not within a character.
        while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
            --end;
        }
        text.resize(end);
        text += "...";
    }
    return text;
}

class Parser {
public:
    Parser(const Parameters& environment, Diagnostics& diagnostics)
        : m_environment(environment), m_diagnostics(diagnostics) {}

    Node parse(const Json& value, const Place& place) {
        if (value.is_string()) {
            return {parse_string(value.get_ref<const std::string&>(), place)};
        }
        if (!value.is_structured()) {
            const auto kind = value.is_number()    ? Literal::Kind::number
                              : value.is_boolean() ? Literal::Kind::boolean
                                                   : Literal::Kind::null;
            return {Literal{kind, value.dump()}};
        }
        if (m_depth == k_max_depth) {
            m_diagnostics.error(place.pointer(), {"32 levels at most", "more"});
            return {Array{}};
        }
        ++m_depth;
        Node node = value.is_array()              ? Node{parse_array(value, place)}
                    : value.contains(k_json_text) ? Node{parse_json_text(value, place)}
                                                  : Node{parse_object(value, place)};
        --m_depth;
        return node;
    }

private:
    Text parse_string(const std::string& written, const Place& place) {
        auto text = parse_text(written, m_environment);
        if (!text) {
            m_diagnostics.error(place.pointer(), text.error());
            return {written, {written}};
        }
        return std::move(*text);
    }

    Array parse_array(const Json& array, const Place& place) {
        Array parsed;
        for (std::size_t i = 0; i < array.size(); ++i) {
            const std::string step = std::to_string(i);
            parsed.elements.push_back(parse(array[i], place / step));
        }
        return parsed;
    }

    JsonText parse_json_text(const Json& object, const Place& place) {
        if (object.size() != 1) {
            m_diagnostics.error(place.pointer(), {"${json} alone in its object",
                                                  std::to_string(object.size()) + " members"});
        }
        if (m_json_texts == k_max_json_texts) {
            m_diagnostics.error(place.pointer(), {"JSON in JSON, 4 levels at most", "more"});
            return {{Node{Array{}}}};
        }
        ++m_json_texts;
        JsonText text{{parse(object[std::string(k_json_text)], place / k_json_text)}};
        --m_json_texts;
        return text;
    }

    Object parse_object(const Json& object, const Place& place) {
        Object parsed;
        std::set<std::string> constants;
        for (const auto& [key, value] : object.items()) {
            const Place at = place / key;
            Text text = parse_string(key, at);
            const std::string* constant = text.constant();
            const bool is_repeated = constant != nullptr
                                         ? !constants.insert(*constant).second
                                         : std::any_of(parsed.members.begin(), parsed.members.end(),
                                                       [&text](const Member& other) {
                                                           return other.key.pieces == text.pieces;
                                                       });
            if (is_repeated) {
                m_diagnostics.error(at.pointer(),
                                    {"each key once", "one that always equals another"});
            }
            parsed.members.push_back({std::move(text), parse(value, at)});
        }
        return parsed;
    }

    const Parameters& m_environment;
    Diagnostics& m_diagnostics;
    std::size_t m_depth = 0;
    std::size_t m_json_texts = 0;
};

}  // namespace

std::string Place::pointer() const {
    std::string text = m_outer == nullptr ? "" : m_outer->pointer();
    text += '/';
    for (const char c : m_step) {
        if (c == '~' || c == '/') {
            text.append(1, '~').append(1, c == '~' ? '0' : '1');
        } else {
            text += c;
        }
    }
    return text;
}

Node parse_claims(const Json& value, const Place& place, const Parameters& environment,
                  Diagnostics& diagnostics) {
    return Parser(environment, diagnostics).parse(value, place);
}

std::string shown(const Json& value) {
    return value.is_object()  ? "an object"
           : value.is_array() ? "an array"
                              : shortened(value.dump());
}

std::string shown(const Text& text) {
    std::string json = "\"";
    append_json_escaped(json, text.written);
    return shortened(json.append(1, '"'));
}

std::string shown(const Node& node) {
    if (const auto* text = std::get_if<Text>(&node.value)) {
        return shown(*text);
    }
    if (const auto* literal = std::get_if<Literal>(&node.value)) {
        return literal->json;
    }
    return std::holds_alternative<Array>(node.value) ? "an array" : "an object";
}

const Node* find_claim(const Object& claims, std::string_view path) {
    const std::string_view name = path.substr(0, path.find('.'));
    for (const Member& member : claims.members) {
        const std::string* key = member.key.constant();
        if (key == nullptr || *key != name) {
            continue;
        }
        const auto* object = std::get_if<Object>(&member.value.value);
        return name.size() == path.size() ? &member.value
               : object == nullptr        ? nullptr
                                          : find_claim(*object, path.substr(name.size() + 1));
    }
    return nullptr;
}

}  // namespace roomkey
