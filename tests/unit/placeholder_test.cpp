// SPDX-License-Identifier: MIT
#include "roomkey/placeholder.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "support.hpp"

namespace {

using namespace roomkey;

BOOST_AUTO_TEST_SUITE(placeholder)

const test::Variables k_environment{"CHANNEL=abc", "EMPTY=", "BAD=\xFF", "QUOTED=a\"b.c"};

std::string shown(const Reference& reference) {
    switch (reference.source) {
        case Source::form: return "form." + reference.name;
        case Source::previous: return "previous." + reference.name;
        case Source::server: return "server." + reference.name;
        case Source::constant: return "'" + reference.name + "'";
        case Source::now: return "now" + std::to_string(reference.offset);
        case Source::uuid: return "uuid";
        case Source::guest_name: return "guest.name";
        case Source::guest_color: return "guest.color";
    }
    return {};
}

// The pieces in one line: [text], {placeholder}, or the error.
std::string shown(const std::string& text) {
    const auto pieces = parse_placeholders(text, k_environment.parameters());
    if (!pieces) {
        return pieces.error();
    }
    std::string line;
    for (const Piece& piece : *pieces) {
        if (const auto* literal = std::get_if<std::string>(&piece)) {
            line += "[" + *literal + "]";
            continue;
        }
        const auto& placeholder = std::get<Placeholder>(piece);
        std::string inside;
        for (const Reference& reference : placeholder.alternatives) {
            inside += (inside.empty() ? "" : " ?? ") + shown(reference);
        }
        for (const Filter filter : placeholder.filters) {
            inside += filter == Filter::regex ? " | regex" : " | json";
        }
        line += "{" + inside + "}";
    }
    return line;
}

struct Row : test::Case {
    std::string text;
    std::string expected;
};

const Row k_accepted[] = {
    {{"no placeholder"}, "observable-room", "[observable-room]"},
    {{"nothing"}, "", ""},
    {{"a field"}, "${form.clientID}", "{form.clientID}"},
    {{"a field's name with dashes and points"}, "${form.user-id.x_1}", "{form.user-id.x_1}"},
    {{"a parameter of the web server"}, "${server.ROOMKEY_USER}", "{server.ROOMKEY_USER}"},
    {{"a variable"}, "${env.CHANNEL}", "{'abc'}"},
    {{"now"}, "${now}", "{now0}"},
    {{"later"}, "${now+180}", "{now180}"},
    {{"earlier"}, "${now-30}", "{now-30}"},
    {{"ten years"}, "${now+315360000}", "{now315360000}"},
    {{"uuid"}, "${uuid}", "{uuid}"},
    {{"a guest's name"}, "${guest.name}", "{guest.name}"},
    {{"a guest's color"}, "${guest.color}", "{guest.color}"},
    {{"text around it"}, "^private-room-${form.clientID}$", "[^private-room-]{form.clientID}[$]"},
    {{"two in a row"}, "${form.a}${form.b}", "{form.a}{form.b}"},
    {{"a dollar sign alone"}, "^a$", "[^a$]"},
    {{"two dollar signs"}, "$${form.a}$$", "[$]{form.a}[$$]"},
    {{"braces alone"}, "a{2}}{", "[a{2}}{]"},
    {{"spaces inside"}, "${ form.a }", "{form.a}"},
    {{"a fallback"}, "${form.name ?? guest.name}", "{form.name ?? guest.name}"},
    {{"no spaces around it"}, "${form.name??guest.name}", "{form.name ?? guest.name}"},
    {{"two fallbacks"},
     "${server.ROOMKEY_USER ?? form.name ?? guest.name}",
     "{server.ROOMKEY_USER ?? form.name ?? guest.name}"},
    {{"a fallback for an empty variable"}, "${env.EMPTY ?? form.a}", "{'' ?? form.a}"},
    {{"a fallback for a variable that is not set"}, "${env.NONE ?? env.CHANNEL}", "{'' ?? 'abc'}"},
    {{"a text as fallback"},
     "${form.role ?? 'guest of 1.0_a-b'}",
     "{form.role ?? 'guest of 1.0_a-b'}"},
    {{"a text alone"}, "${'lobby'}", "{'lobby'}"},
    {{"a filter"}, "${form.a|regex}", "{form.a | regex}"},
    {{"spaces around the filter"}, "${ form.a | regex }", "{form.a | regex}"},
    {{"two filters"}, "${form.a|json|regex}", "{form.a | json | regex}"},
    {{"fallback and filter"}, "${form.a ?? form.b|json}", "{form.a ?? form.b | json}"},
};

BOOST_DATA_TEST_CASE(cuts_text_into_pieces, k_accepted, row) {
    BOOST_TEST(shown(row.text) == row.expected);
}

std::string unknown(const std::string& found) {
    return "found " + found +
           "; form.NAME, server.ROOMKEY_NAME, previous.PATH, env.NAME, now, now+N, now-N, uuid, "
           "guest.name, "
           "guest.color or 'text' is allowed";
}

std::string bad_offset(const std::string& found) {
    return "found " + found +
           "; now, now+N or now-N with N in seconds, at most ten years, is allowed";
}

std::string visitors_own(const std::string& found) {
    return "found " + found +
           ", which visitors can set themselves; only server.ROOMKEY_ names are allowed, set on "
           "purpose in the web server (fastcgi_param ROOMKEY_USER $remote_user;)";
}

std::string not_set(const std::string& found) {
    return "found " + found +
           ", but the environment has no such variable, or an empty one; set it, or give a "
           "fallback with ??";
}

std::string bad_quotes(const std::string& found) {
    return "found " + found + "; letters, digits, spaces and _ . - are allowed in quotes";
}

const Row k_refused[] = {
    {{"no end"}, "a${form.clientID", "found ${ without its }; a placeholder is ${NAME}"},
    {{"only the beginning"}, "${", "found ${ without its }; a placeholder is ${NAME}"},
    {{"nothing in it"}, "${}", unknown("nothing")},
    {{"spaces in it"}, "${  }", unknown("nothing")},
    {{"an unknown name"}, "${clientID}", unknown("clientID")},
    {{"three filters, each of which may double it"},
     "${form.a|regex|json|json}",
     "found 3 filters on one value; two are allowed"},
    {{"another case"}, "${Form.clientID}", unknown("Form.clientID")},
    {{"a field without a name"}, "${form.}", unknown("form.")},
    {{"a field's name with a space"}, "${form.client ID}", unknown("form.client ID")},
    {{"a field's name with a slash"}, "${form.a/b}", unknown("form.a/b")},
    {{"one placeholder in another"}, "${form.${form.a}}", unknown("form.${form.a")},
    {{"form alone"}, "${form}", unknown("form")},
    {{"an unknown guest"}, "${guest.age}", unknown("guest.age")},
    {{"a word that starts with now"}, "${nowhere}", unknown("nowhere")},
    {{"spaces around plus"}, "${now + 180}", unknown("now + 180")},
    {{"no offset after plus"}, "${now+}", bad_offset("now+")},
    {{"two signs"}, "${now+-1}", bad_offset("now+-1")},
    {{"a fraction"}, "${now+1.5}", bad_offset("now+1.5")},
    {{"a unit"}, "${now+3m}", bad_offset("now+3m")},
    {{"over ten years"}, "${now+315360001}", bad_offset("now+315360001")},
    {{"over ten years ago"}, "${now-315360001}", bad_offset("now-315360001")},
    {{"an overflow"}, "${now+99999999999999999999}", bad_offset("now+99999999999999999999")},
    {{"a variable without a name"}, "${env.}", "found env.; a variable's name is allowed"},
    {{"a variable's name with a dash"},
     "${env.A-B}",
     "found env.A-B; a variable's name is allowed"},
    {{"a variable that is not UTF-8"}, "${env.BAD}", "environment variable BAD is not UTF-8"},
    {{"a variable that is not set"}, "${env.NONE}", not_set("${env.NONE}")},
    {{"an empty variable"}, "${env.EMPTY}", not_set("${env.EMPTY}")},
    {{"an empty variable as fallback"},
     "${form.a ?? env.EMPTY}",
     not_set("${form.a ?? env.EMPTY}")},
    {{"REMOTE_USER"}, "${server.REMOTE_USER}", visitors_own("server.REMOTE_USER")},
    {{"a header"}, "${server.HTTP_X_USER}", visitors_own("server.HTTP_X_USER")},
    {{"another parameter"},
     "${server.SCRIPT_NAME}",
     "found server.SCRIPT_NAME; only server.ROOMKEY_ names are allowed"},
    {{"another case of the prefix"},
     "${server.roomkey_user}",
     "found server.roomkey_user; only server.ROOMKEY_ names are allowed"},
    {{"a bad name after the prefix"},
     "${server.ROOMKEY_A-B}",
     "found server.ROOMKEY_A-B; only server.ROOMKEY_ names are allowed"},
    {{"a parameter without a name"},
     "${server.}",
     "found server.; only server.ROOMKEY_ names are allowed"},
    {{"an unknown filter"}, "${form.a|html}", "found filter |html; |regex or |json is allowed"},
    {{"an empty filter"}, "${form.a|}", "found filter |; |regex or |json is allowed"},
    {{"a filter in another case"},
     "${form.a|Regex}",
     "found filter |Regex; |regex or |json is allowed"},
    {{"a fallback after the filter"},
     "${form.a|regex ?? form.b}",
     "found filter |regex ?? form.b; |regex or |json is allowed"},
    {{"no first alternative"}, "${ ?? form.a}", unknown("nothing")},
    {{"no fallback"}, "${form.a ??}", unknown("nothing")},
    {{"one question mark"}, "${form.a ? form.b}", unknown("form.a ? form.b")},
    {{"an empty text"}, "${form.a ?? ''}", bad_quotes("''")},
    {{"regex syntax in a text"}, "${form.a ?? '.*'}", bad_quotes("'.*'")},
    {{"a quote in a text"}, "${form.a ?? 'it's'}", bad_quotes("'it's'")},
    {{"markup in a text"}, "${form.a ?? '<b>'}", bad_quotes("'<b>'")},
    {{"text that is not ASCII"}, "${form.a ?? '\xC3\xA9'}", bad_quotes("'\xC3\xA9'")},
    {{"one quote"}, "${'}", unknown("'")},
    {{"a text without its end"}, "${form.a ?? 'guest}", unknown("'guest")},
    {{"double quotes"}, "${form.a ?? \"guest\"}", unknown("\"guest\"")},
    {{"a bad one after a good one"}, "${form.a}${b}", unknown("b")},
};

BOOST_DATA_TEST_CASE(refuses_with_what_was_found_and_what_is_allowed, k_refused, row) {
    BOOST_TEST(shown(row.text) == row.expected);
}

struct Quoted : test::Case {
    std::string text;
    std::string expected;
};

const Quoted k_quoted[] = {
    {{"a client id stays as it is"}, "bcI:GPhz6A2T", "bcI:GPhz6A2T"},
    {{"each character with a meaning"},
     "^$\\.*+?()[]{}|/",
     "\\^\\$\\\\\\.\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|\\/"},
    {{"each character without one"}, " !\"#%&',-:;<=>@_`~", " !\"#%&',-:;<=>@_`~"},
    {{"everything"}, ".*", "\\.\\*"},
    {{"UTF-8"}, "\xC3\xA9.", "\xC3\xA9\\."},
    {{"nothing"}, "", ""},
};

BOOST_DATA_TEST_CASE(quotes_what_has_a_meaning_in_a_regex, k_quoted, row) {
    BOOST_TEST(quote_regex(row.text) == row.expected);
}

struct Escaped : test::Case {
    std::string text;
    std::string expected;
};

const Escaped k_escaped[] = {
    {{"plain"}, "bcI:GPhz6A2T", "bcI:GPhz6A2T"},
    {{"a quote"}, "a\"b", "a\\\"b"},
    {{"a backslash"}, "a\\b", "a\\\\b"},
    {{"a slash stays"}, "a/b", "a/b"},
    {{"zero and the first control character"}, test::with_zeros("\0\x01"), "\\u0000\\u0001"},
    {{"a line end"}, "\r\n", "\\u000d\\u000a"},
    {{"the last control character"}, "\x1F", "\\u001f"},
    {{"space, DEL and UTF-8 stay"}, " \x7F\xC3\xA9", " \x7F\xC3\xA9"},
};

BOOST_DATA_TEST_CASE(escapes_what_json_does_not_allow_in_a_string, k_escaped, row) {
    std::string text = "\"";
    append_json_escaped(text, row.text);
    BOOST_TEST(text == "\"" + row.expected);
}

Placeholder only(const std::string& text) {
    auto pieces = parse_placeholders(text, k_environment.parameters());
    return std::get<Placeholder>(std::move((*pieces).at(0)));
}

BOOST_AUTO_TEST_CASE(applies_filters_in_their_order) {
    BOOST_TEST(only("${form.a}").filtered("a.\"b") == "a.\"b");
    BOOST_TEST(only("${form.a|regex}").filtered("a.\"b") == "a\\.\"b");
    BOOST_TEST(only("${form.a|json}").filtered("a.\"b") == "\"a.\\\"b\"");
    BOOST_TEST(only("${form.a|json|regex}").filtered("a.\"b") == "\"a\\.\\\\\"b\"");
    BOOST_TEST(only("${form.a|regex|json}").filtered("a.\"b") == "\"a\\\\.\\\"b\"");
}

BOOST_AUTO_TEST_CASE(knows_its_sources_and_filters) {
    const Placeholder placeholder = only("${server.ROOMKEY_A ?? form.b|json}");
    BOOST_TEST(placeholder.has(Source::server));
    BOOST_TEST(placeholder.has(Source::form));
    BOOST_TEST(!placeholder.has(Source::constant));
    BOOST_TEST((placeholder.filters == std::vector<Filter>{Filter::json}));
}

BOOST_AUTO_TEST_CASE(is_constant_when_no_request_can_change_it) {
    BOOST_TEST(only("${env.CHANNEL}").constant().value() == "abc");
    BOOST_TEST(only("${env.CHANNEL ?? form.a}").constant().value() == "abc");
    BOOST_TEST(only("${env.EMPTY ?? env.CHANNEL}").constant().value() == "abc");
    BOOST_TEST(only("${env.QUOTED|regex}").constant().value() == "a\"b\\.c");
    BOOST_TEST(!only("${env.EMPTY ?? form.a}").constant().has_value());
    BOOST_TEST(!only("${form.a ?? env.CHANNEL}").constant().has_value());
    BOOST_TEST(!only("${now}").constant().has_value());
    BOOST_TEST(!only("${uuid}").constant().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
