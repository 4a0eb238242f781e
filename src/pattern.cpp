// SPDX-License-Identifier: MIT
#include "roomkey/pattern.hpp"

#include <boost/regex.hpp>
#include <stdexcept>
#include <utility>

namespace roomkey {

class Pattern::Expression {
public:
    // Without the m modifier ^ and $ mean the ends of the name, as they do for the service.
    explicit Expression(std::string_view text)
        : m_regex(text.data(), text.data() + text.size(),
                  boost::regex::perl | boost::regex::no_mod_m) {}

    [[nodiscard]] bool matches(std::string_view room) const {
        return boost::regex_search(room.begin(), room.end(), m_regex);
    }

private:
    boost::regex m_regex;
};

Pattern::Pattern(std::shared_ptr<const Expression> expression)
    : m_expression(std::move(expression)) {}

Result<Pattern, std::string> Pattern::compile(std::string_view expression) {
    try {
        return Pattern(std::make_shared<const Expression>(expression));
    } catch (const boost::regex_error& error) {
        // What follows the first sentence is a quotation of the pattern, which the caller has.
        const std::string_view what = error.what();
        return std::string(what.substr(0, what.find(".  ")));
    }
}

Match Pattern::match(std::string_view room) const {
    try {
        return m_expression->matches(room) ? Match::yes : Match::no;
    } catch (const std::runtime_error&) {
        return Match::unknown;
    }
}

}  // namespace roomkey
