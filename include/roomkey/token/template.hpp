// SPDX-License-Identifier: MIT
// A JSON value with placeholders, compiled: rendering appends ready text and values, parses
// nothing, and can't yield anything but JSON of the same shape, whatever the values are.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "roomkey/request/form.hpp"
#include "roomkey/request/http.hpp"
#include "roomkey/token/placeholder.hpp"
#include "roomkey/token/previous_claims.hpp"
#include "roomkey/token/random.hpp"

namespace roomkey {

// What the values of one token are taken from.
struct RenderInput {
    const Form& form;
    const Parameters& parameters;
    std::chrono::sys_seconds now;
    RandomSource& random;
    // Of the token to be renewed; null without one.
    const PreviousClaims* previous = nullptr;
};

// Limit on a ROOMKEY_ parameter, in bytes: what a web server passes on (a user's name, say) is
// often the visitor's choice after all.
inline constexpr std::size_t k_max_parameter_bytes = 1024;

class Template {
public:
    class Buffer;

    // Builds a template in document order. The text given to literal() is JSON as it stands or,
    // within a string, the string's content. Strings nest: one may hold JSON text.
    void literal(std::string_view text);
    void begin_string();
    void end_string();
    // A placeholder inside a string. Unless it has a filter, what comes with a request must be a
    // name there.
    void text(Placeholder placeholder);
    // A placeholder that is a whole JSON value: a number for `now`, else a string of any text, or a
    // name with |name.
    void value(Placeholder placeholder);
    // The keys of an object; `object` tells objects apart. Rendering refuses to repeat a key within
    // one. A key that varies, which is a string, is surrounded; the fixed ones must differ.
    void begin_key(std::size_t object);
    void end_key();
    void fixed_key(std::size_t object, std::string_view key);

    // The JSON text for one request. Costs one pass over the steps. Refused: a field or a login
    // that is not there, a value that is not fit for a token, a key that would appear twice.
    // A uuid, guest name or colour is the same wherever it stands in one rendering.
    [[nodiscard]] Outcome<std::string> render(const RenderInput& input) const;

    // The same in memory that is used again, once the buffer has grown; the text is valid as long
    // as nothing else is rendered into it.
    [[nodiscard]] Outcome<std::string_view> render(const RenderInput& input, Buffer& buffer) const;

    // How many bytes of the JSON text are the same for every request.
    [[nodiscard]] std::size_t literal_size() const;

    // The JSON text if it is the same for every request.
    [[nodiscard]] std::optional<std::string_view> constant() const;

    // The names that its values of `source` have, each once.
    [[nodiscard]] std::vector<std::string> names_of(Source source) const;

private:
    enum class Kind { literal, slot, begin_key, end_key };
    struct Step {
        Kind kind;
        std::string literal = {};
        // Of the slot, or of the object that a key is in.
        std::size_t number = 0;
    };
    // What a value must be, and whether it brings its own quotes.
    enum class Fit { name, any, value };
    // What a request fills in. Equal placeholders share one, and are evaluated once.
    struct Slot {
        Placeholder placeholder;
        Fit fit;
        // How many strings the value is in, one within the other, its own included.
        std::size_t depth;
        bool operator==(const Slot&) const = default;
    };
    class Rendering;

    void fill_in(Slot slot);
    static std::string escaped(std::string_view text, std::size_t times);

    std::vector<Step> m_steps;
    std::vector<Slot> m_slots;
    // How many strings are open.
    std::size_t m_depth = 0;
    // Of each object the keys that do not vary, as they stand in the text.
    std::map<std::size_t, std::set<std::string, std::less<>>> m_fixed_keys;
};

// Memory for renderings, used again and again; for one thread.
class Template::Buffer {
private:
    friend class Template;
    struct Key {
        std::size_t object;
        std::size_t begin;
        std::size_t end;
    };
    std::string m_text;
    // The slots' values, one after the other, and where each ends.
    std::string m_values;
    std::vector<std::size_t> m_ends;
    // The keys that vary.
    std::vector<Key> m_keys;
};

}  // namespace roomkey
