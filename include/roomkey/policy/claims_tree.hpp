// SPDX-License-Identifier: MIT
// The claims of a policy as a typed tree: what the templates are made from, and what every check
// reads. Nothing behind it looks at the policy's text again.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "roomkey/request/http.hpp"
#include "roomkey/text/diagnostics.hpp"
#include "roomkey/token/placeholder.hpp"

namespace roomkey {

// A way into a tree, which lives on the stack of whoever walks there.
class Place {
public:
    explicit Place(std::string_view step, const Place* outer = nullptr)
        : m_step(step), m_outer(outer) {}

    [[nodiscard]] Place operator/(std::string_view step) const { return Place(step, this); }

    // As a JSON Pointer (RFC 6901).
    [[nodiscard]] std::string pointer() const;

private:
    std::string_view m_step;
    const Place* m_outer;
};

struct Node;
struct Member;

// A number, true, false or null.
struct Literal {
    enum class Kind { null, boolean, number };
    Kind kind;
    std::string json;
};

struct Array {
    std::vector<Node> elements;
};

// In the order of the keys as they are written, none of which always equals another.
struct Object {
    std::vector<Member> members;
};

// {"${json}": VALUE}: a string that holds the JSON text of its one element.
struct JsonText {
    std::vector<Node> value;
};

struct Node {
    std::variant<Literal, Text, Array, Object, JsonText> value;
};

struct Member {
    Text key;
    Node value;
};

// Adds what is wrong with placeholders, keys that are always equal, and nesting deeper than 32
// levels to `diagnostics`; the tree is of use only if nothing was added.
[[nodiscard]] Node parse_claims(const nlohmann::json& value, const Place& place,
                                const Parameters& environment, Diagnostics& diagnostics);

// A value as an error shows it: `an object`, `an array`, or its JSON text.
[[nodiscard]] std::string shown(const nlohmann::json& value);
[[nodiscard]] std::string shown(const Text& text);
[[nodiscard]] std::string shown(const Node& node);

// The claim at `path` (`data.name`), if its keys don't vary, else null.
[[nodiscard]] const Node* find_claim(const Object& claims, std::string_view path);

// Calls `see(node, place)` for a node and all within it, from the outside inwards.
template <class See>
void walk(const Node& node, const Place& place, const See& see) {
    see(node, place);
    if (const auto* array = std::get_if<Array>(&node.value)) {
        for (std::size_t i = 0; i < array->elements.size(); ++i) {
            const std::string step = std::to_string(i);
            walk(array->elements[i], place / step, see);
        }
    } else if (const auto* object = std::get_if<Object>(&node.value)) {
        for (const Member& member : object->members) {
            walk(member.value, place / member.key.written, see);
        }
    } else if (const auto* text = std::get_if<JsonText>(&node.value)) {
        walk(text->value.front(), place / "${json}", see);
    }
}

}  // namespace roomkey
