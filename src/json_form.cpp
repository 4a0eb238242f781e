// SPDX-License-Identifier: MIT
// A JSON body as a form. The parser reports events, so that nothing of the wrong shape is built,
// however deep or wide it is: the first such event ends the parse.
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <utility>

#include "roomkey/form.hpp"

namespace roomkey {

namespace {

using Json = nlohmann::json;

class FormReader : public nlohmann::json_sax<Json> {
public:
    [[nodiscard]] Outcome<Form> result() && {
        if (m_refusal) {
            return std::move(*m_refusal);
        }
        return std::move(m_form);
    }

    bool start_object(std::size_t /*unused*/) override {
        if (m_open) {
            return refuse("only strings are allowed as values");
        }
        m_open = true;
        return true;
    }
    bool key(string_t& name) override {
        m_name = std::move(name);
        return true;
    }
    bool string(string_t& value) override {
        if (!m_open) {
            return refuse("an object is expected");
        }
        if (auto added = m_form.add({std::move(m_name), std::move(value)}); !added) {
            m_refusal = std::move(added.error());
            return false;
        }
        return true;
    }
    bool end_object() override { return true; }

    bool null() override { return refuse_value(); }
    bool boolean(bool /*unused*/) override { return refuse_value(); }
    bool number_integer(number_integer_t /*unused*/) override { return refuse_value(); }
    bool number_unsigned(number_unsigned_t /*unused*/) override { return refuse_value(); }
    bool number_float(number_float_t /*unused*/, const string_t& /*unused*/) override {
        return refuse_value();
    }
    bool binary(binary_t& /*unused*/) override { return refuse_value(); }
    bool start_array(std::size_t /*unused*/) override { return refuse_value(); }
    bool end_array() override { return true; }
    bool parse_error(std::size_t /*unused*/, const std::string& /*unused*/,
                     const Json::exception& /*unused*/) override {
        return refuse("syntax error");
    }

private:
    bool refuse(std::string_view detail) {
        m_refusal = Refusal{Reason::bad_json, {}, detail};
        return false;
    }
    bool refuse_value() {
        return refuse(m_open ? "only strings are allowed as values" : "an object is expected");
    }

    Form m_form;
    std::string m_name;
    bool m_open = false;
    std::optional<Refusal> m_refusal;
};

}  // namespace

Outcome<Form> parse_json_form(std::string_view text) {
    // To nlohmann a zero byte is the end, and what is behind it would be ignored.
    if (text.find('\0') != std::string_view::npos) {
        return Refusal{Reason::bad_json, {}, "syntax error"};
    }
    FormReader reader;
    (void)Json::sax_parse(text, &reader);
    return std::move(reader).result();
}

}  // namespace roomkey
