// SPDX-License-Identifier: MIT
// A JSON value with placeholders, compiled: rendering appends ready text and values, parses
// nothing, and can't yield anything but JSON of the same shape, whatever the values are.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "roomkey/form.hpp"
#include "roomkey/http.hpp"
#include "roomkey/placeholder.hpp"
#include "roomkey/random.hpp"

namespace roomkey {

// What the values of one token are taken from.
struct RenderInput {
    const Form& form;
    const Parameters& parameters;
    std::chrono::sys_seconds now;
    RandomSource& random;
};

// Limit on a ROOMKEY_ parameter, in bytes: what a web server passes on (a user's name, say) is
// often the visitor's choice after all.
inline constexpr std::size_t k_max_parameter_bytes = 1024;

class Template {
public:
    // Builds a template in document order. The text given to literal() is JSON as it stands.
    void literal(std::string_view json);
    // A placeholder inside a JSON string: its value, escaped.
    void text(Placeholder placeholder);
    // A placeholder that is a whole JSON value: a number for `now`, a string otherwise.
    void value(Placeholder placeholder);
    // Surrounds a key of an object in which keys have placeholders; `object` tells such objects
    // apart. Rendering refuses to repeat a key within one.
    void begin_key(std::size_t object);
    void end_key();

    // The JSON text for one request. Costs one pass over the steps. Refused: a field or a login
    // that is not there, a value that is not fit for a token, a key that would appear twice.
    // A uuid, guest name or colour is the same wherever it stands in one rendering.
    [[nodiscard]] Outcome<std::string> render(const RenderInput& input) const;

    // The JSON text if it is the same for every request.
    [[nodiscard]] std::optional<std::string_view> constant() const;

private:
    enum class Kind { literal, text, value, begin_key, end_key };
    struct Step {
        Kind kind;
        std::string literal = {};
        Placeholder placeholder = {};
        std::size_t object = 0;
    };
    class Rendering;
    std::vector<Step> m_steps;
};

}  // namespace roomkey
