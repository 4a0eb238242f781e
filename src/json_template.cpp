// SPDX-License-Identifier: MIT
#include "roomkey/json_template.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "roomkey/placeholder.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;
using Pointer = Json::json_pointer;

constexpr std::size_t k_deepest = 32;

class Compiler {
public:
    Compiler(const Parameters& environment, Findings& findings)
        : m_environment(environment), m_findings(findings) {}

    void compile(const Json& value, const Pointer& at) {
        if (value.is_string()) {
            compile_string(value.get<std::string>(), at);
        } else if (!value.is_structured()) {
            m_template.literal(value.dump());
        } else if (m_depth == k_deepest) {
            m_findings.error(at.to_string(), "found more than 32 levels; 32 are allowed");
        } else {
            ++m_depth;
            value.is_object() ? compile_object(value, at) : compile_array(value, at);
            --m_depth;
        }
    }

    [[nodiscard]] Template result() && { return std::move(m_template); }

private:
    void compile_array(const Json& array, const Pointer& at) {
        m_template.literal("[");
        for (std::size_t i = 0; i < array.size(); ++i) {
            m_template.literal(i == 0 ? "" : ",");
            compile(array[i], at / i);
        }
        m_template.literal("]");
    }

    void compile_object(const Json& object, const Pointer& at) {
        const std::size_t number = m_objects++;
        const bool keys_vary = has_placeholder_keys(object);
        m_template.literal("{");
        bool first = true;
        for (const auto& [key, value] : object.items()) {
            m_template.literal(first ? "" : ",");
            first = false;
            if (keys_vary) {
                m_template.begin_key(number);
            }
            compile_text(cut(key, at / key));
            if (keys_vary) {
                m_template.end_key();
            }
            m_template.literal(":");
            compile(value, at / key);
        }
        m_template.literal("}");
    }

    static bool has_placeholder_keys(const Json& object) {
        for (const auto& [key, value] : object.items()) {
            if (key.find("${") != std::string::npos) {
                return true;
            }
        }
        return false;
    }

    // A string that is one placeholder takes the type of its value.
    void compile_string(const std::string& text, const Pointer& at) {
        auto pieces = cut(text, at);
        if (pieces.size() == 1 && std::holds_alternative<Placeholder>(pieces.front())) {
            m_template.value(std::get<Placeholder>(std::move(pieces.front())));
        } else {
            compile_text(std::move(pieces));
        }
    }

    void compile_text(std::vector<Piece> pieces) {
        m_template.literal("\"");
        for (Piece& piece : pieces) {
            if (auto* placeholder = std::get_if<Placeholder>(&piece)) {
                m_template.text(std::move(*placeholder));
            } else {
                std::string escaped;
                append_json_escaped(escaped, std::get<std::string>(piece));
                m_template.literal(escaped);
            }
        }
        m_template.literal("\"");
    }

    std::vector<Piece> cut(const std::string& text, const Pointer& at) {
        auto pieces = parse_placeholders(text, m_environment);
        if (!pieces) {
            m_findings.error(at.to_string(), pieces.error());
            return {};
        }
        return std::move(*pieces);
    }

    const Parameters& m_environment;
    Findings& m_findings;
    Template m_template;
    std::size_t m_depth = 0;
    std::size_t m_objects = 0;
};

}  // namespace

Template compile_json(const Json& value, std::string_view at, const Parameters& environment,
                      Findings& findings) {
    Compiler compiler(environment, findings);
    compiler.compile(value, Pointer(std::string(at)));
    return std::move(compiler).result();
}

}  // namespace roomkey
