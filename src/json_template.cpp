// SPDX-License-Identifier: MIT
#include "roomkey/json_template.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
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

// No UTF-8 has this byte, so neither text nor a name has it.
constexpr char k_mark = '\xFF';

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
        std::vector<std::vector<Piece>> keys;
        for (const auto& [key, value] : object.items()) {
            keys.push_back(cut(key, at / key));
        }
        check_keys(keys, object, at);
        const std::size_t number = m_objects++;
        m_template.literal("{");
        std::size_t i = 0;
        for (const auto& [key, value] : object.items()) {
            m_template.literal(i == 0 ? "" : ",");
            compile_key(std::move(keys[i++]), number);
            m_template.literal(":");
            compile(value, at / key);
        }
        m_template.literal("}");
    }

    void compile_key(std::vector<Piece> key, std::size_t object) {
        if (std::none_of(key.begin(), key.end(), &varies)) {
            m_template.fixed_key(object, with_stand_in(key, {}));
            return;
        }
        m_template.begin_key(object);
        compile_text(std::move(key));
        m_template.end_key();
    }

    // Whether a piece is not the same for every request.
    static bool varies(const Piece& piece) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        return placeholder != nullptr && !placeholder->constant();
    }

    // Two keys that are the same in every token are an error.
    void check_keys(const std::vector<std::vector<Piece>>& keys, const Json& object,
                    const Pointer& at) {
        std::set<std::string> seen;
        std::size_t i = 0;
        for (const auto& [key, value] : object.items()) {
            const std::vector<Piece>& pieces = keys[i++];
            // A key that could not be cut was found already.
            if (pieces.empty() && !key.empty()) {
                continue;
            }
            if (!seen.insert(signature(pieces)).second) {
                m_findings.error((at / key).to_string(),
                                 "found a key that another one of this object always equals; a key "
                                 "is allowed once");
            }
        }
    }

    // The same for keys that are the same for every request.
    static std::string signature(const std::vector<Piece>& pieces) {
        std::string all;
        for (const Piece& piece : pieces) {
            if (!varies(piece)) {
                all += with_stand_in({piece}, {});
                continue;
            }
            const auto& placeholder = std::get<Placeholder>(piece);
            for (const Reference& each : placeholder.alternatives) {
                all.append(1, k_mark).append(
                    1, static_cast<char>('a' + static_cast<int>(each.source)));
                all.append(each.name).append(std::to_string(each.offset));
            }
            for (const Filter filter : placeholder.filters) {
                all.append(1, k_mark).append(filter == Filter::regex ? "regex" : "json");
            }
            all += k_mark;
        }
        return all;
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
