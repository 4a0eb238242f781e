// SPDX-License-Identifier: MIT
#include "roomkey/policy/json_template.hpp"

#include <string_view>
#include <utility>
#include <variant>

namespace roomkey {

namespace {

class Compiler {
public:
    void compile(const Node& node) {
        std::visit([this](const auto& value) { add(value); }, node.value);
    }

    [[nodiscard]] Template result() && { return std::move(m_template); }

private:
    void add(const Literal& literal) { m_template.literal(literal.json); }

    void add(const Array& array) {
        m_template.literal("[");
        std::string_view before;
        for (const Node& element : array.elements) {
            m_template.literal(std::exchange(before, ","));
            compile(element);
        }
        m_template.literal("]");
    }

    void add(const Object& object) {
        const std::size_t number = m_objects++;
        m_template.literal("{");
        std::string_view before;
        for (const Member& member : object.members) {
            m_template.literal(std::exchange(before, ","));
            if (const std::string* constant = member.key.constant()) {
                m_template.fixed_key(number, *constant);
            } else {
                m_template.begin_key(number);
                add_text(member.key);
                m_template.end_key();
            }
            m_template.literal(":");
            compile(member.value);
        }
        m_template.literal("}");
    }

    void add(const JsonText& text) {
        m_template.begin_string();
        compile(text.value.front());
        m_template.end_string();
    }

    // A string that is one placeholder takes the type of its value.
    void add(const Text& text) {
        if (const Placeholder* placeholder = text.whole()) {
            m_template.value(*placeholder);
        } else {
            add_text(text);
        }
    }

    void add_text(const Text& text) {
        m_template.begin_string();
        for (const Text::Piece& piece : text.pieces) {
            if (const auto* placeholder = std::get_if<Placeholder>(&piece)) {
                m_template.text(*placeholder);
            } else {
                m_template.literal(std::get<std::string>(piece));
            }
        }
        m_template.end_string();
    }

    Template m_template;
    std::size_t m_objects = 0;
};

}  // namespace

Template compile_json(const Node& node) {
    Compiler compiler;
    compiler.compile(node);
    return std::move(compiler).result();
}

}  // namespace roomkey
