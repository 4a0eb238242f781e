// SPDX-License-Identifier: MIT
#include "roomkey/token/template.hpp"

#include <algorithm>
#include <utility>

#include "roomkey/text/escape.hpp"
#include "roomkey/text/text.hpp"
#include "roomkey/token/guest.hpp"

namespace roomkey {

// One rendering under way: first the slots' values, in the order in which the document names them;
// then the text.
class Template::Rendering {
public:
    Rendering(const Template& source, const RenderInput& input, Buffer& buffer)
        : m_template(source), m_input(input), m_buffer(buffer) {
        m_buffer.m_text.clear();
        m_buffer.m_values.clear();
        m_buffer.m_ends.clear();
        m_buffer.m_keys.clear();
    }

    // The refusal that ends the rendering, if one does.
    [[nodiscard]] std::optional<Refusal> run() {
        for (const Slot& slot : m_template.m_slots) {
            if (auto refusal = evaluate(slot)) {
                return refusal;
            }
        }
        Key key{};
        for (const Step& step : m_template.m_steps) {
            switch (step.kind) {
                case Kind::literal: m_buffer.m_text.append(step.literal); break;
                case Kind::slot: m_buffer.m_text.append(value_in(step.number)); break;
                case Kind::begin_key: key = {step.number, m_buffer.m_text.size(), 0}; break;
                case Kind::end_key:
                    key.end = m_buffer.m_text.size();
                    m_buffer.m_keys.push_back(key);
                    break;
            }
        }
        return repeats_a_key() ? std::optional(Refusal{Reason::claims_repeat_a_key}) : std::nullopt;
    }

private:
    using Key = Buffer::Key;

    [[nodiscard]] std::string_view value_in(std::size_t slot) const {
        const std::size_t begin = slot == 0 ? 0 : m_buffer.m_ends[slot - 1];
        return std::string_view(m_buffer.m_values).substr(begin, m_buffer.m_ends[slot] - begin);
    }

    // The value of a reference, or empty where it is absent; it lives as long as the rendering.
    std::string_view value_of(const Reference& reference) {
        switch (reference.source) {
            case Source::form: {
                const std::string* value = m_input.form.find(reference.name);
                return value == nullptr ? std::string_view{} : *value;
            }
            case Source::previous: {
                const std::string* value =
                    m_input.previous == nullptr ? nullptr : m_input.previous->find(reference.name);
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

    std::optional<Refusal> evaluate(const Slot& slot) {
        const auto& alternatives = slot.placeholder.alternatives;
        for (const Reference& reference : alternatives) {
            const std::string_view value = value_of(reference);
            if (value.empty()) {
                continue;
            }
            if (auto refusal = check(slot, reference, value)) {
                // A token that was right once must not keep its holder out.
                if (reference.source == Source::previous) {
                    continue;
                }
                return refusal;
            }
            append(slot, reference.source, value);
            m_buffer.m_ends.push_back(m_buffer.m_values.size());
            return std::nullopt;
        }
        const Reference& last = alternatives.back();
        return last.source == Source::server ? Refusal{Reason::not_logged_in}
                                             : Refusal{Reason::missing_field, last.name};
    }

    // What keeps a value out of its place.
    static std::optional<Refusal> check(const Slot& slot, const Reference& reference,
                                        std::string_view value) {
        const std::string& name = reference.name;
        // Fields were checked when they were parsed; what the web server hands on was not.
        if (reference.source == Source::server || reference.source == Source::previous) {
            if (value.size() > k_max_parameter_bytes) {
                return Refusal{Reason::parameter_too_long, name, {}, k_max_parameter_bytes};
            }
            if (!is_utf8(value)) {
                return Refusal{Reason::field_not_utf8, name};
            }
            if (has_control_character(value)) {
                return Refusal{Reason::field_has_control_characters, name};
            }
        }
        if (!reference.depends_on_request()) {
            return std::nullopt;
        }
        if (slot.fit == Fit::name && !is_name(value)) {
            return Refusal{Reason::field_not_a_name, name};
        }
        // RFC 3986 5.2.4: whoever reads the URI may take them for a way upwards.
        if (slot.placeholder.filter == Filter::uri && (value == "." || value == "..")) {
            return Refusal{Reason::field_is_dot_segment, name};
        }
        return std::nullopt;
    }

    void append(const Slot& slot, Source source, std::string_view value) {
        std::string& values = m_buffer.m_values;
        // Only the time is no string.
        const bool is_quoted = slot.fit == Fit::value && source != Source::now;
        const std::string quote = is_quoted ? escaped("\"", slot.depth - 1) : "";
        values += quote;
        if (slot.placeholder.filter != Filter::none) {
            values += escaped(filtered(value, slot.placeholder.filter), slot.depth);
        } else if (slot.depth == 1) {
            append_json_escaped(values, value);
        } else {
            values += escaped(value, slot.depth);
        }
        values += quote;
    }

    [[nodiscard]] std::pair<std::size_t, std::string_view> identity_of(const Key& key) const {
        return {key.object,
                std::string_view(m_buffer.m_text).substr(key.begin, key.end - key.begin)};
    }

    // Whether a key that varies has come out like a fixed one of its object.
    [[nodiscard]] bool is_fixed_too(const Key& key) const {
        const auto fixed = m_template.m_fixed_keys.find(key.object);
        return fixed != m_template.m_fixed_keys.end() &&
               fixed->second.contains(identity_of(key).second);
    }

    // Sorted, so that the time is not the square of the number of keys.
    [[nodiscard]] bool repeats_a_key() {
        std::vector<Key>& keys = m_buffer.m_keys;
        std::sort(keys.begin(), keys.end(),
                  [this](const Key& a, const Key& b) { return identity_of(a) < identity_of(b); });
        const auto equal = [this](const Key& a, const Key& b) {
            return identity_of(a) == identity_of(b);
        };
        return std::adjacent_find(keys.begin(), keys.end(), equal) != keys.end() ||
               std::any_of(keys.begin(), keys.end(),
                           [this](const Key& key) { return is_fixed_too(key); });
    }

    const Template& m_template;
    const RenderInput& m_input;
    Buffer& m_buffer;
    std::string m_now;
    std::string m_uuid;
    std::string m_guest_name;
    std::string m_guest_color;
};

std::string Template::escaped(std::string_view text, std::size_t times) {
    std::string escaped(text);
    for (; times > 0; --times) {
        const std::string within = std::exchange(escaped, {});
        append_json_escaped(escaped, within);
    }
    return escaped;
}

void Template::literal(std::string_view text) {
    if (m_steps.empty() || m_steps.back().kind != Kind::literal) {
        m_steps.push_back({Kind::literal});
    }
    m_steps.back().literal.append(escaped(text, m_depth));
}

void Template::begin_string() {
    literal("\"");
    ++m_depth;
}

void Template::end_string() {
    --m_depth;
    literal("\"");
}

void Template::text(Placeholder placeholder) {
    const Fit fit = placeholder.is_name_in_text() ? Fit::name : Fit::any;
    fill_in({std::move(placeholder), fit, m_depth});
}

void Template::value(Placeholder placeholder) {
    // Where the quotes are sure, the text alone fills the slot, and may fill others, too.
    if (placeholder.has(Source::now) && placeholder.filter == Filter::none) {
        fill_in({std::move(placeholder), Fit::value, m_depth + 1});
        return;
    }
    begin_string();
    const Fit fit = placeholder.filter == Filter::name ? Fit::name : Fit::any;
    fill_in({std::move(placeholder), fit, m_depth});
    end_string();
}

void Template::fill_in(Slot slot) {
    const auto found = std::find(m_slots.begin(), m_slots.end(), slot);
    m_steps.push_back({Kind::slot, {}, static_cast<std::size_t>(found - m_slots.begin())});
    if (found == m_slots.end()) {
        m_slots.push_back(std::move(slot));
    }
}

void Template::begin_key(std::size_t object) {
    m_steps.push_back({Kind::begin_key, {}, object});
}

void Template::end_key() {
    m_steps.push_back({Kind::end_key});
}

void Template::fixed_key(std::size_t object, std::string_view key) {
    const std::size_t begin = m_steps.empty() ? 0 : m_steps.back().literal.size();
    begin_string();
    literal(key);
    end_string();
    m_fixed_keys[object].insert(m_steps.back().literal.substr(begin));
}

Outcome<std::string> Template::render(const RenderInput& input) const {
    Buffer buffer;
    const auto text = render(input, buffer);
    return text ? Outcome<std::string>(std::string(*text)) : text.error();
}

Outcome<std::string_view> Template::render(const RenderInput& input, Buffer& buffer) const {
    if (auto refusal = Rendering(*this, input, buffer).run()) {
        return std::move(*refusal);
    }
    return std::string_view(buffer.m_text);
}

std::size_t Template::literal_size() const {
    std::size_t size = 0;
    for (const Step& step : m_steps) {
        size += step.literal.size();
    }
    return size;
}

std::vector<std::string> Template::names_of(Source source) const {
    std::set<std::string> names;
    for (const Slot& slot : m_slots) {
        for (const Reference& reference : slot.placeholder.alternatives) {
            if (reference.source == source) {
                names.insert(reference.name);
            }
        }
    }
    return {names.begin(), names.end()};
}

std::optional<std::string_view> Template::constant() const {
    const bool is_constant = m_steps.size() == 1 && m_steps.front().kind == Kind::literal;
    return is_constant ? std::optional<std::string_view>(m_steps.front().literal) : std::nullopt;
}

}  // namespace roomkey
