// SPDX-License-Identifier: MIT
// A JSON body as a form. The parser reports events, so that nothing is built of values that nobody
// reads, however deep or wide they are; and a value of the wrong shape ends the parse.
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>

#include "roomkey/request/form.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;

class FormReader : public nlohmann::json_sax<Json> {
public:
    explicit FormReader(const FieldLimits& limits) : m_form(limits) {}

    [[nodiscard]] Outcome<Form> result() && {
        if (m_refusal) {
            return std::move(*m_refusal);
        }
        return std::move(m_form).take();
    }

    bool start_object(std::size_t /*unused*/) override {
        // The outermost object is the form; any other is a value.
        return (m_depth == 0 || pass_over()) && ++m_depth > 0;
    }
    bool end_object() override { return --m_depth >= 0; }
    bool start_array(std::size_t /*unused*/) override { return pass_over() && ++m_depth > 0; }
    bool end_array() override { return --m_depth >= 0; }

    bool key(string_t& name) override {
        if (m_depth == 1) {
            m_name = std::move(name);
        }
        return true;
    }
    bool string(string_t& value) override {
        return m_depth == 1 ? keep(m_form.add(m_name, value)) : pass_over();
    }
    bool null() override { return pass_over(); }
    bool boolean(bool /*unused*/) override { return pass_over(); }
    bool number_integer(number_integer_t /*unused*/) override { return pass_over(); }
    bool number_unsigned(number_unsigned_t /*unused*/) override { return pass_over(); }
    bool number_float(number_float_t /*unused*/, const string_t& /*unused*/) override {
        return pass_over();
    }
    bool binary(binary_t& /*unused*/) override { return pass_over(); }
    bool parse_error(std::size_t /*unused*/, const std::string& /*unused*/,
                     const Json::exception& /*unused*/) override {
        return refuse({Reason::bad_json, {}, "syntax error"});
    }

private:
    bool refuse(Refusal refusal) {
        m_refusal = std::move(refusal);
        return false;
    }
    bool keep(Outcome<std::monostate> outcome) {
        return outcome || refuse(std::move(outcome.error()));
    }
    // A value that is no field: one within a field's value, or a field that is no string.
    bool pass_over() {
        if (m_depth == 0) {
            return refuse({Reason::bad_json, {}, "an object is expected"});
        }
        if (m_depth > 1) {
            return true;
        }
        return m_form.reads(m_name) ? refuse({Reason::field_not_string, std::move(m_name)})
                                    : keep(m_form.pass_over());
    }

    FormBuilder m_form;
    // The field whose value is being read.
    std::string m_name;
    int m_depth = 0;
    std::optional<Refusal> m_refusal;
};

}  // namespace

Outcome<Form> parse_json_form(std::string_view text, const FieldLimits& limits) {
    // To nlohmann a zero byte is the end, and what is behind it would be ignored.
    if (text.find('\0') != std::string_view::npos) {
        return Refusal{Reason::bad_json, {}, "syntax error"};
    }
    FormReader reader(limits);
    (void)Json::sax_parse(text, &reader);
    return std::move(reader).result();
}

}  // namespace roomkey
