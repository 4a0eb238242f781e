// SPDX-License-Identifier: MIT
#include "roomkey/token/placeholder.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

#include "roomkey/text/escape.hpp"
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

// The pieces in one line: [text], {placeholder}, or what is wrong.
std::string shown(const std::string& written) {
    const auto text = parse_text(written, k_environment.parameters());
    if (!text) {
        return text.error().expected + " / " + text.error().found;
    }
    BOOST_TEST(text->written == written);
    constexpr const char* k_filters[] = {"", " | name", " | regex", " | uri", " | text"};
    std::string line;
    for (const Text::Piece& piece : text->pieces) {
        if (const auto* literal = std::get_if<std::string>(&piece)) {
            line += "[" + *literal + "]";
            continue;
        }
        const auto& placeholder = std::get<Placeholder>(piece);
        std::string inside;
        for (const Reference& reference : placeholder.alternatives) {
            inside += (inside.empty() ? "" : " ?? ") + shown(reference);
        }
        line += "{" + inside + k_filters[static_cast<int>(placeholder.filter)] + "}";
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
    {{"a variable"}, "${env.CHANNEL}", "[abc]"},
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
    {{"a fallback for an empty variable"}, "${env.EMPTY ?? form.a}", "{form.a}"},
    {{"a fallback for a variable that is not set"}, "${env.NONE ?? env.CHANNEL}", "[abc]"},
    {{"a text as fallback"},
     "${form.role ?? 'guest of 1.0_a-b'}",
     "{form.role ?? 'guest of 1.0_a-b'}"},
    {{"a text alone"}, "${'lobby'}", "[lobby]"},
    {{"a filter"}, "${form.a|regex}", "{form.a | regex}"},
    {{"spaces around the filter"}, "${ form.a | regex }", "{form.a | regex}"},
    {{"a filter for URIs"}, "${form.a|uri}", "{form.a | uri}"},
    {{"a filter that does nothing"}, "${form.a|text}", "{form.a | text}"},
    {{"a claim of the token before"},
     "${previous.data.name ?? uuid}",
     "{previous.data.name ?? uuid}"},
    {{"a constant within text"}, "a${env.CHANNEL}b${'c'}", "[aabcbc]"},
    {{"a constant with a filter"}, "${env.QUOTED|regex}-${env.QUOTED|uri}", "[a\"b\\.c-a%22b.c]"},
    {{"what comes behind a constant"}, "${form.a ?? env.CHANNEL ?? form.b}", "{form.a ?? 'abc'}"},
    {{"what comes behind a constant alone"}, "${env.CHANNEL ?? form.b}", "[abc]"},
    {{"an empty variable in between"}, "${form.a ?? env.EMPTY ?? form.b}", "{form.a ?? form.b}"},
    {{"a variable of your own that looks like another's"}, "${env.HTTPS_PROXY ?? 'x'}", "[x]"},
    {{"fallback and filter"}, "${form.a ?? form.b|uri}", "{form.a ?? form.b | uri}"},
};

BOOST_DATA_TEST_CASE(cuts_text_into_pieces, k_accepted, row) {
    BOOST_TEST(shown(row.text) == row.expected);
}

std::string unknown(const std::string& found) {
    return "form.NAME, server.ROOMKEY_NAME, previous.PATH, env.NAME, now, now+N, now-N, uuid, "
           "guest.name, guest.color or 'text' / " +
           found;
}

std::string bad_quotes(const std::string& found) {
    return "letters, digits, spaces and _ . - in quotes / " + found;
}

std::string bad_offset(const std::string& found) {
    return "an offset in seconds, at most ten years / " + found;
}

std::string not_server(const std::string& found) {
    return "a server.ROOMKEY_ name, set on purpose in the web server "
           "(fastcgi_param ROOMKEY_USER $remote_user;) / " +
           found;
}

std::string visitors_own(const std::string& found) {
    return not_server(found) + ", which visitors can set themselves";
}

std::string not_set(const std::string& found) {
    return "a variable of the environment that is set and not empty, or a fallback with ?? / none "
           "for " +
           found;
}

std::string filled(const std::string& found) {
    return "a variable that no web server fills from a request / " + found;
}

const Row k_refused[] = {
    {{"no end"}, "a${form.clientID", "a placeholder ${NAME} / ${ without its }"},
    {{"only the beginning"}, "${", "a placeholder ${NAME} / ${ without its }"},
    {{"nothing in it"}, "${}", unknown("nothing")},
    {{"spaces in it"}, "${  }", unknown("nothing")},
    {{"an unknown name"}, "${clientID}", unknown("clientID")},
    {{"the filter of old"}, "${form.a|json}", "|name, |regex, |uri or |text / |json"},
    {{"two filters"}, "${form.a|regex|uri}", "|name, |regex, |uri or |text / |regex|uri"},
    {{"a header, under CGI"}, "${env.HTTP_X}", filled("env.HTTP_X")},
    {{"a header, with a fallback"}, "${env.HTTP_X ?? 'x'}", filled("env.HTTP_X")},
    {{"the query, under CGI"}, "${env.QUERY_STRING}", filled("env.QUERY_STRING")},
    {{"the path, under CGI"}, "${env.PATH_INFO}", filled("env.PATH_INFO")},
    {{"the login, under CGI"}, "${env.REMOTE_USER}", filled("env.REMOTE_USER")},
    {{"the address, under CGI"}, "${env.REQUEST_URI}", filled("env.REQUEST_URI")},
    {{"what is Apache's for the request before"},
     "${env.REDIRECT_QUERY_STRING}",
     filled("env.REDIRECT_QUERY_STRING")},
    {{"a client's certificate"}, "${env.SSL_CLIENT_S_DN}", filled("env.SSL_CLIENT_S_DN")},
    {{"what is meant for server."}, "${env.ROOMKEY_USER}", filled("env.ROOMKEY_USER")},
    {{"a claim without a path"}, "${previous.}", unknown("previous.")},
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
    {{"a variable without a name"}, "${env.}", "a variable\'s name / env."},
    {{"a variable's name with a dash"}, "${env.A-B}", "a variable\'s name / env.A-B"},
    {{"a variable that is not UTF-8"},
     "${env.BAD}",
     "a variable in UTF-8 / env.BAD with other bytes"},
    {{"a variable that is not set"}, "${env.NONE}", not_set("${env.NONE}")},
    {{"an empty variable"}, "${env.EMPTY}", not_set("${env.EMPTY}")},
    {{"an empty variable as fallback"},
     "${form.a ?? env.EMPTY}",
     not_set("${form.a ?? env.EMPTY}")},
    {{"REMOTE_USER"}, "${server.REMOTE_USER}", visitors_own("server.REMOTE_USER")},
    {{"a header"}, "${server.HTTP_X_USER}", visitors_own("server.HTTP_X_USER")},
    {{"another parameter"}, "${server.SCRIPT_NAME}", not_server("server.SCRIPT_NAME")},
    {{"another case of the prefix"}, "${server.roomkey_user}", not_server("server.roomkey_user")},
    {{"a bad name after the prefix"}, "${server.ROOMKEY_A-B}", not_server("server.ROOMKEY_A-B")},
    {{"a parameter without a name"}, "${server.}", not_server("server.")},
    {{"an unknown filter"}, "${form.a|html}", "|name, |regex, |uri or |text / |html"},
    {{"an empty filter"}, "${form.a|}", "|name, |regex, |uri or |text / |"},
    {{"a filter in another case"}, "${form.a|Regex}", "|name, |regex, |uri or |text / |Regex"},
    {{"a fallback after the filter"},
     "${form.a|regex ?? form.b}",
     "|name, |regex, |uri or |text / |regex ?? form.b"},
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

BOOST_AUTO_TEST_CASE(applies_filters) {
    BOOST_TEST(filtered("a.\"b", Filter::none) == "a.\"b");
    BOOST_TEST(filtered("a.\"b", Filter::text) == "a.\"b");
    BOOST_TEST(filtered("a.\"b", Filter::regex) == "a\\.\"b");
    BOOST_TEST(filtered("aZ09-._~ /:*%{}\"\xC3\xA9", Filter::uri) ==
               "aZ09-._~%20%2F%3A%2A%25%7B%7D%22%C3%A9");
}

BOOST_AUTO_TEST_CASE(knows_a_name) {
    for (const char* name : {"a", "Z", "0", "-", "_", "room-1_A"}) {
        BOOST_TEST(is_name(name));
    }
    for (const char* other : {"", " ", "a b", "a.b", "a:b", "a/b", "*", "a@b", "\"", "{a}", "a\n",
                              "\xC3\xA9", "%20", "a,b", "a|b"}) {
        BOOST_TEST(!is_name(other));
    }
}

BOOST_AUTO_TEST_CASE(knows_what_depends_on_the_request) {
    const auto depends = [](const std::string& written) {
        return parse_text(written, k_environment.parameters())->depends_on_request();
    };
    BOOST_TEST(depends("a${form.b}"));
    BOOST_TEST(depends("${guest.name}${server.ROOMKEY_A}"));
    BOOST_TEST(depends("${previous.a ?? uuid}"));
    BOOST_TEST(!depends("${guest.name}${now}${uuid}${env.CHANNEL}"));
    BOOST_TEST(!depends("${env.CHANNEL ?? form.a}"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
