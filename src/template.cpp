// SPDX-License-Identifier: MIT
#include "roomkey/template.hpp"

#include <algorithm>
#include <utility>

#include "roomkey/guest.hpp"
#include "roomkey/text.hpp"

namespace roomkey {

// One rendering under way: the text so far, the random values chosen, the keys written.
class Template::Rendering {
public:
    explicit Rendering(const RenderInput& input) : m_input(input) {}

    // The refusal that ends the rendering, if one does.
    [[nodiscard]] std::optional<Refusal> run(const std::vector<Step>& steps) {
        for (const Step& step : steps) {
            std::optional<Refusal> refusal;
            switch (step.kind) {
                case Kind::literal: m_out.append(step.literal); break;
                case Kind::text: refusal = append_text(step.placeholder); break;
                case Kind::value: refusal = append_value(step.placeholder); break;
                case Kind::begin_key: m_keys.push_back({step.object, m_out.size(), 0}); break;
                case Kind::end_key: refusal = close_key(); break;
            }
            if (refusal) {
                return refusal;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] std::string text() && { return std::move(m_out); }

private:
    struct Key {
        std::size_t object;
        std::size_t begin;
        std::size_t end;
    };

    // The value of a reference, or empty where it is absent; it lives as long as the rendering.
    std::string_view value_of(const Reference& reference) {
        switch (reference.source) {
            case Source::form: {
                const std::string* value = m_input.form.find(reference.name);
                return value == nullptr ? std::string_view{} : *value;
            }
            case Source::server: return m_input.parameters.get(reference.name);
            case Source::constant: return reference.name;
            case Source::now:
                m_now = std::to_string(m_input.now.time_since_epoch().count() + reference.offset);
                return m_now;
            case Source::uuid: return once(m_uuid, uuid);
            case Source::guest_name: return once(m_guest_name, guest_name);
            case Source::guest_color: return once(m_guest_color, guest_color);
        }
        return {};
    }

    std::string_view once(std::string& value, std::string (*make)(RandomSource&)) {
        if (value.empty()) {
            value = make(m_input.random);
        }
        return value;
    }

    struct Choice {
        std::string_view value;
        Source source;
    };

    Outcome<Choice> choose(const Placeholder& placeholder) {
        for (const Reference& reference : placeholder.alternatives) {
            const std::string_view value = value_of(reference);
            if (value.empty()) {
                continue;
            }
            // Fields were checked when they were parsed; what the web server hands on was not.
            if (reference.source == Source::server) {
                if (auto refusal = check_parameter(reference.name, value)) {
                    return std::move(*refusal);
                }
            }
            return Choice{value, reference.source};
        }
        const Reference& last = placeholder.alternatives.back();
        return last.source == Source::server ? Refusal{Reason::not_logged_in}
                                             : Refusal{Reason::missing_field, last.name};
    }

    static std::optional<Refusal> check_parameter(const std::string& name, std::string_view value) {
        if (value.size() > k_max_parameter_bytes) {
            return Refusal{Reason::parameter_too_long, name};
        }
        if (!is_utf8(value)) {
            return Refusal{Reason::field_not_utf8, name};
        }
        if (has_control_character(value)) {
            return Refusal{Reason::field_has_control_characters, name};
        }
        return std::nullopt;
    }

    void append_filtered(const Placeholder& placeholder, std::string_view value) {
        if (placeholder.filters.empty()) {
            append_json_escaped(m_out, value);
        } else {
            append_json_escaped(m_out, placeholder.filtered(value));
        }
    }

    std::optional<Refusal> append_text(const Placeholder& placeholder) {
        auto choice = choose(placeholder);
        if (!choice) {
            return std::move(choice.error());
        }
        append_filtered(placeholder, choice->value);
        return std::nullopt;
    }

    std::optional<Refusal> append_value(const Placeholder& placeholder) {
        auto choice = choose(placeholder);
        if (!choice) {
            return std::move(choice.error());
        }
        if (choice->source == Source::now && placeholder.filters.empty()) {
            m_out.append(choice->value);
            return std::nullopt;
        }
        m_out += '"';
        append_filtered(placeholder, choice->value);
        m_out += '"';
        return std::nullopt;
    }

    std::optional<Refusal> close_key() {
        Key& key = m_keys.back();
        key.end = m_out.size();
        const auto text_of = [this](const Key& each) {
            return std::string_view(m_out).substr(each.begin, each.end - each.begin);
        };
        const bool repeated =
            std::any_of(m_keys.begin(), m_keys.end() - 1, [&key, &text_of](const Key& earlier) {
                return earlier.object == key.object && text_of(earlier) == text_of(key);
            });
        return repeated ? std::optional(Refusal{Reason::claims_repeat_a_key}) : std::nullopt;
    }

    const RenderInput& m_input;
    std::string m_out;
    std::string m_now;
    std::string m_uuid;
    std::string m_guest_name;
    std::string m_guest_color;
    std::vector<Key> m_keys;
};

void Template::literal(std::string_view json) {
    if (m_steps.empty() || m_steps.back().kind != Kind::literal) {
        m_steps.push_back({Kind::literal});
    }
    m_steps.back().literal.append(json);
}

void Template::text(Placeholder placeholder) {
    if (const auto constant = placeholder.constant()) {
        std::string escaped;
        append_json_escaped(escaped, *constant);
        literal(escaped);
        return;
    }
    m_steps.push_back({Kind::text, {}, std::move(placeholder)});
}

void Template::value(Placeholder placeholder) {
    if (placeholder.constant()) {
        literal("\"");
        text(std::move(placeholder));
        literal("\"");
        return;
    }
    m_steps.push_back({Kind::value, {}, std::move(placeholder)});
}

void Template::begin_key(std::size_t object) {
    m_steps.push_back({Kind::begin_key, {}, {}, object});
}

void Template::end_key() {
    m_steps.push_back({Kind::end_key});
}

Outcome<std::string> Template::render(const RenderInput& input) const {
    Rendering rendering(input);
    if (auto refusal = rendering.run(m_steps)) {
        return std::move(*refusal);
    }
    return std::move(rendering).text();
}

std::optional<std::string_view> Template::constant() const {
    const bool is_constant = m_steps.size() == 1 && m_steps.front().kind == Kind::literal;
    return is_constant ? std::optional<std::string_view>(m_steps.front().literal) : std::nullopt;
}

}  // namespace roomkey
