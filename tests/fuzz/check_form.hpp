// SPDX-License-Identifier: MIT
// Whether a parser of forms and the slow one agree: on whether to accept, and on every field.
#pragma once

#include <optional>

#include "fuzz.hpp"
#include "reference.hpp"
#include "roomkey/request/form.hpp"

namespace roomkey::fuzz {

// Which fields the parsers are asked for.
inline const FieldLimits k_limits{{"clientID", k_max_field_bytes}, {"a", k_max_field_bytes}};
inline const reference::Names k_names{{"clientID", 128}, {"a", 128}};

inline void check_form(const Outcome<Form>& parsed,
                       const std::optional<reference::Fields>& expected) {
    FUZZ_CHECK(static_cast<bool>(parsed) == expected.has_value());
    if (!expected) {
        return;
    }
    for (const auto& [name, value] : *expected) {
        const std::string* found = parsed->find(name);
        FUZZ_CHECK(found != nullptr && *found == value);
    }
    // And no other field, as far as can be asked: these are what the corpora have.
    for (const char* name : {"clientID", "a", "b", "x", "", "file"}) {
        FUZZ_CHECK((parsed->find(name) == nullptr) ==
                   (reference::find(*expected, name) == nullptr));
    }
}

}  // namespace roomkey::fuzz
