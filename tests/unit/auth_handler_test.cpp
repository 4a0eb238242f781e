// SPDX-License-Identifier: MIT
// The table of answers that the README promises, row by row.
#include "roomkey/auth/auth_handler.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "roomkey/text/base64url.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Json = nlohmann::json;
using Pairs = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(auth_handler)

constexpr std::string_view k_key = "golden secret of 32 bytes length";
constexpr std::string_view k_urlencoded = "CONTENT_TYPE=application/x-www-form-urlencoded";
const std::chrono::sys_seconds k_now{std::chrono::seconds(1'700'000'000)};

AuthHandler handler_of(std::string_view policy) {
    const Variables environment{"SCALEDRONE_CHANNEL_ID=channel"};
    return AuthHandler(
        std::make_shared<const Policy>(compile_policy(policy, "policy", environment.parameters())),
        Hs256Signer(test::bytes_of(k_key)));
}

Response answer(std::string_view policy, const Pairs& variables, std::string_view body,
                BodyRead body_read = BodyRead::complete) {
    const Variables storage(variables);
    test::FixedRandom random;
    return handler_of(policy).answer({storage.parameters(), body, body_read}, k_now, random);
}

Response answer(const Pairs& variables, std::string_view body,
                BodyRead body_read = BodyRead::complete) {
    return answer(k_builtin_policy, variables, body, body_read);
}

std::string length_of(std::string_view body) {
    return "CONTENT_LENGTH=" + std::to_string(body.size());
}

// A good request but for `body`.
Response post(std::string_view body, std::string_view content_type = k_urlencoded) {
    return answer({"REQUEST_METHOD=POST", std::string(content_type), length_of(body)}, body);
}

Json claims_of(const std::string& token) {
    const std::size_t first = token.find('.');
    const std::size_t second = token.find('.', first + 1);
    return Json::parse(base64url::decode(token.substr(first + 1, second - first - 1)).value());
}

bool is_token(const std::string& text) {
    return text.starts_with("eyJ") &&
           text.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
               "-_.") == std::string::npos;
}

std::string header_of(const Response& response, std::string_view name) {
    std::string values;
    for (const auto& [header, value] : response.headers) {
        if (header == name) {
            values += (values.empty() ? "" : "|") + value;
        }
    }
    return values.empty() ? "absent" : values;
}

// "200 CLIENT" for a token, the status and the text for a refusal.
std::string shown(const Response& response) {
    const std::string status = std::to_string(response.status) + " ";
    if (response.status == 200) {
        return is_token(response.body)
                   ? status + claims_of(response.body)["client"].get<std::string>()
                   : status + "but no token: " + response.body;
    }
    // No refusal holds anything that could be taken for a token.
    BOOST_TEST(response.body.find("eyJ") == std::string::npos);
    BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
    BOOST_TEST(response.body.find_first_of("\r\n") == std::string::npos);
    return status + response.body;
}

BOOST_AUTO_TEST_CASE(answers_a_good_request_with_the_token_alone) {
    const Response response = post("clientID=bcI%3AGPhz6A2T");
    BOOST_TEST(response.status == 200);
    BOOST_TEST(response.content_type == "text/plain; charset=utf-8");
    BOOST_TEST(response.headers.empty());
    BOOST_TEST(is_token(response.body));
    BOOST_TEST(claims_of(response.body)["client"] == "bcI:GPhz6A2T");
    BOOST_TEST(claims_of(response.body)["exp"] == 1'700'000'180);
}

struct Method : test::Case {
    Pairs variables;
};

const Method k_methods[] = {
    {{"GET"}, {"REQUEST_METHOD=GET"}},
    {{"HEAD"}, {"REQUEST_METHOD=HEAD"}},
    {{"PUT"}, {"REQUEST_METHOD=PUT"}},
    {{"DELETE"}, {"REQUEST_METHOD=DELETE"}},
    {{"PATCH"}, {"REQUEST_METHOD=PATCH"}},
    {{"OPTIONS"}, {"REQUEST_METHOD=OPTIONS"}},
    {{"TRACE"}, {"REQUEST_METHOD=TRACE"}},
    {{"lower case"}, {"REQUEST_METHOD=post"}},
    {{"a longer word"}, {"REQUEST_METHOD=POSTS"}},
    {{"empty"}, {"REQUEST_METHOD="}},
    {{"absent"}, {}},
    {{"the first counts"}, {"REQUEST_METHOD=GET", "REQUEST_METHOD=POST"}},
};

BOOST_DATA_TEST_CASE(refuses_methods_other_than_post, k_methods, row) {
    Pairs variables = row.variables;
    variables.emplace_back("QUERY_STRING=clientID=x");
    const Response response = answer(variables, "");
    BOOST_TEST(shown(response) == "405 Method not allowed: use POST");
    BOOST_TEST(header_of(response, "Allow") == "POST");
}

struct Length : test::Case {
    Pairs length;
    std::string expected;
};

// The body is `clientID=x`, of 10 bytes.
const Length k_lengths[] = {
    {{"right"}, {"CONTENT_LENGTH=10"}, "200 x"},
    {{"absent, as after a chunked body"}, {}, "200 x"},
    {{"empty, which is as good as absent"}, {"CONTENT_LENGTH="}, "200 x"},
    {{"leading zeros"}, {"CONTENT_LENGTH=00010"}, "200 x"},
    {{"one more than there is"},
     {"CONTENT_LENGTH=11"},
     "400 The body is shorter than CONTENT_LENGTH"},
    {{"the limit"}, {"CONTENT_LENGTH=16384"}, "400 The body is shorter than CONTENT_LENGTH"},
    {{"one less than there is"},
     {"CONTENT_LENGTH=9"},
     "400 The body is longer than CONTENT_LENGTH"},
    {{"zero"}, {"CONTENT_LENGTH=0"}, "400 The body is longer than CONTENT_LENGTH"},
    {{"over the limit"}, {"CONTENT_LENGTH=16385"}, "413 The body is over 16384 bytes"},
    {{"the largest number"},
     {"CONTENT_LENGTH=9223372036854775807"},
     "413 The body is over 16384 bytes"},
    {{"an overflow"},
     {"CONTENT_LENGTH=18446744073709551626"},
     "400 CONTENT_LENGTH is not a plain decimal number"},
    {{"negative"}, {"CONTENT_LENGTH=-1"}, "400 CONTENT_LENGTH is not a plain decimal number"},
    {{"a plus"}, {"CONTENT_LENGTH=+10"}, "400 CONTENT_LENGTH is not a plain decimal number"},
    {{"an exponent"}, {"CONTENT_LENGTH=1e1"}, "400 CONTENT_LENGTH is not a plain decimal number"},
    {{"hexadecimal"}, {"CONTENT_LENGTH=0xa"}, "400 CONTENT_LENGTH is not a plain decimal number"},
    {{"a space before"},
     {"CONTENT_LENGTH= 10"},
     "400 CONTENT_LENGTH is not a plain decimal number"},
    {{"a space after"}, {"CONTENT_LENGTH=10 "}, "400 CONTENT_LENGTH is not a plain decimal number"},
    {{"two in a list"},
     {"CONTENT_LENGTH=10, 10"},
     "400 CONTENT_LENGTH is not a plain decimal number"},
    {{"a word"}, {"CONTENT_LENGTH=ten"}, "400 CONTENT_LENGTH is not a plain decimal number"},
};

BOOST_DATA_TEST_CASE(holds_the_body_against_its_announced_length, k_lengths, row) {
    Pairs variables = row.length;
    variables.emplace_back("REQUEST_METHOD=POST");
    variables.emplace_back(k_urlencoded);
    BOOST_TEST(shown(answer(variables, "clientID=x")) == row.expected);
}

// A body of exactly `size` bytes whose clientID is x.
std::string body_of(std::size_t size) {
    const std::string field = "clientID=x";
    return std::string(size - field.size(), '&') + field;
}

BOOST_AUTO_TEST_CASE(takes_a_body_of_16384_bytes_and_no_more) {
    BOOST_TEST(shown(post(body_of(16384))) == "200 x");
    BOOST_TEST(shown(post(body_of(16385))) == "413 The body is over 16384 bytes");
}

BOOST_AUTO_TEST_CASE(limits_a_body_of_unknown_length_too) {
    const Pairs variables{"REQUEST_METHOD=POST", std::string(k_urlencoded)};
    BOOST_TEST(shown(answer(variables, body_of(16384))) == "200 x");
    BOOST_TEST(shown(answer(variables, body_of(16385))) == "413 The body is over 16384 bytes");
}

BOOST_AUTO_TEST_CASE(never_gives_a_token_after_a_failed_read) {
    const std::string body = "clientID=x";
    const Pairs variables{"REQUEST_METHOD=POST", std::string(k_urlencoded), length_of(body)};
    BOOST_TEST(shown(answer(variables, body, BodyRead::failed)) == "400 The request was cut off");
    // Also when the length is unknown, and when all of it came by the query string.
    BOOST_TEST(shown(answer({"REQUEST_METHOD=POST", std::string(k_urlencoded)}, body,
                            BodyRead::failed)) == "400 The request was cut off");
    BOOST_TEST(shown(answer({"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"}, "",
                            BodyRead::failed)) == "400 The request was cut off");
}

std::string many_pairs(int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        text += "f" + std::to_string(i) + "=v&";
    }
    return text;
}

const std::string k_unsupported =
    "415 Content type not supported: use multipart/form-data, application/x-www-form-urlencoded "
    "or application/json, in UTF-8";
const std::string k_multipart =
    "--B\r\nContent-Disposition: form-data; name=\"clientID\"\r\n\r\nx\r\n--B--\r\n";

struct Body : test::Case {
    std::string content_type;
    std::string body;
    std::string expected;
};

const Body k_bodies[] = {
    {{"urlencoded"}, "CONTENT_TYPE=application/x-www-form-urlencoded", "clientID=x", "200 x"},
    {{"urlencoded in UTF-8"},
     "CONTENT_TYPE=application/x-www-form-urlencoded; charset=UTF-8",
     "clientID=x",
     "200 x"},
    {{"multipart"}, "CONTENT_TYPE=multipart/form-data; boundary=B", k_multipart, "200 x"},
    {{"JSON"}, "CONTENT_TYPE=application/json", R"({"clientID":"x"})", "200 x"},
    {{"fields that nobody asked for"},
     std::string(k_urlencoded),
     "clientID=x&a=%FF%00&a=" + std::string(4000, 'b'),
     "200 x"},
    {{"16 fields"}, std::string(k_urlencoded), many_pairs(15) + "clientID=x", "200 x"},
    {{"128 bytes"},
     std::string(k_urlencoded),
     "clientID=" + std::string(128, 'a'),
     "200 " + std::string(128, 'a')},
    {{"no clientID"}, std::string(k_urlencoded), "a=b", "422 No clientID defined"},
    {{"an empty clientID"}, std::string(k_urlencoded), "clientID=", "422 No clientID defined"},
    {{"an empty body"}, std::string(k_urlencoded), "", "422 No clientID defined"},
    {{"an empty form"},
     "CONTENT_TYPE=multipart/form-data; boundary=B",
     "--B--\r\n",
     "422 No clientID defined"},
    {{"an empty object"}, "CONTENT_TYPE=application/json", "{}", "422 No clientID defined"},
    {{"an upload of that name"},
     "CONTENT_TYPE=multipart/form-data; boundary=B",
     "--B\r\nContent-Disposition: form-data; name=\"clientID\"; "
     "filename=\"a\"\r\n\r\nx\r\n--B--\r\n",
     "422 No clientID defined"},
    {{"129 bytes"},
     std::string(k_urlencoded),
     "clientID=" + std::string(129, 'a'),
     "422 clientID is longer than 128 bytes"},
    {{"not UTF-8"}, std::string(k_urlencoded), "clientID=%FF", "422 clientID is not UTF-8"},
    {{"a control character"},
     std::string(k_urlencoded),
     "clientID=a%0Ab",
     "422 clientID has control characters"},
    {{"twice"},
     std::string(k_urlencoded),
     "clientID=x&clientID=x",
     "400 clientID is given more than once"},
    {{"17 fields"},
     std::string(k_urlencoded),
     many_pairs(16) + "clientID=x",
     "413 More than 16 fields"},
    {{"a bad percent escape"},
     std::string(k_urlencoded),
     "clientID=%zz",
     "400 Malformed form: bad percent escape"},
    {{"a bad boundary"},
     "CONTENT_TYPE=multipart/form-data; boundary=a@b",
     k_multipart,
     "400 Malformed multipart body: bad boundary"},
    {{"no closing boundary"},
     "CONTENT_TYPE=multipart/form-data; boundary=B",
     k_multipart.substr(0, k_multipart.size() - 4),
     "400 Malformed multipart body: no closing boundary"},
    {{"bad JSON"}, "CONTENT_TYPE=application/json", "{", "400 Malformed JSON body: syntax error"},
    {{"JSON that is no object of strings"},
     "CONTENT_TYPE=application/json",
     R"({"clientID":1})",
     "400 Malformed JSON body: clientID is not a string"},
    {{"plain text"}, "CONTENT_TYPE=text/plain", "clientID=x", k_unsupported},
    {{"no type"}, "CONTENT_TYPE=", "clientID=x", k_unsupported},
    {{"UTF-16"},
     "CONTENT_TYPE=application/json; charset=utf-16",
     R"({"clientID":"x"})",
     k_unsupported},
};

BOOST_DATA_TEST_CASE(answers_each_body_as_promised, k_bodies, row) {
    BOOST_TEST(shown(post(row.body, row.content_type)) == row.expected);
}

BOOST_DATA_TEST_CASE(never_echoes_a_value, k_bodies, row) {
    const Response response = post("clientID=zqxzqx%0A&zqx=%FF", row.content_type);
    BOOST_TEST(response.status != 200);
    BOOST_TEST(response.body.find("zqxzqx") == std::string::npos);
}

// A field is as strict as ever as soon as the policy reads it.
BOOST_AUTO_TEST_CASE(reads_the_fields_that_the_policy_names_and_no_other) {
    constexpr std::string_view k_policy = R"({"claims": {"client": "${form.clientID}",
        "exp": "${now+60}", "name": "${form.name ?? 'guest'}",
        "in": {"${form.key ?? 'k'}": ["${form.deep ?? 'd'}"]}}})";
    const auto given = [k_policy](const std::string& body) {
        return shown(answer(k_policy, {"REQUEST_METHOD=POST", std::string(k_urlencoded)},
                            "clientID=x&" + body));
    };
    for (const std::string name : {"name", "key", "deep"}) {
        BOOST_TEST(given(name + "=y") == "200 x");
        BOOST_TEST(given(name + "=%FF") == "422 " + name + " is not UTF-8");
        BOOST_TEST(given(name + "=%0A") == "422 " + name + " has control characters");
        BOOST_TEST(given(name + "=" + std::string(129, 'a')) ==
                   "422 " + name + " is longer than 128 bytes");
        BOOST_TEST(given(name + "=a&" + name + "=a") == "400 " + name + " is given more than once");
    }
    BOOST_TEST(given("Name=%FF&keys=%0A&k=" + std::string(999, 'a') + "&d=&d=") == "200 x");
}

BOOST_AUTO_TEST_CASE(takes_the_client_id_from_the_query_string) {
    BOOST_TEST(shown(answer({"REQUEST_METHOD=POST", "QUERY_STRING=clientID=y"}, "")) == "200 y");
}

BOOST_AUTO_TEST_CASE(lets_the_body_win_over_the_query) {
    const auto both = [](const std::string& body) {
        return shown(answer({"REQUEST_METHOD=POST", std::string(k_urlencoded), length_of(body),
                             "QUERY_STRING=clientID=y"},
                            body));
    };
    BOOST_TEST(both("clientID=x") == "200 x");
    BOOST_TEST(both("clientID=") == "422 No clientID defined");
    BOOST_TEST(both("a=b") == "200 y");
}

struct Accept : test::Case {
    std::string accept;
    bool json;
};

const Accept k_accepts[] = {
    {{"absent"}, "", false},
    {{"anything"}, "*/*", false},
    {{"any application type"}, "application/*", false},
    {{"plain text"}, "text/plain", false},
    {{"JSON"}, "application/json", true},
    {{"in another case"}, "Application/JSON", true},
    {{"with a parameter"}, "application/json;q=0.9", true},
    {{"among others"}, "text/plain, application/json, */*;q=0.1", true},
    {{"the last of a list without spaces"}, "text/html,application/json", true},
    {{"a type that starts alike"}, "application/json-seq", false},
    {{"a type that ends alike"}, "application/problem+json", false},
    {{"only commas"}, ",,,", false},
    {{"with the weight 0, which excludes it"}, "application/json;q=0", false},
    {{"excluded at length"}, "*/*, Application/JSON ; charset=utf-8 ; Q=0.000", false},
    {{"with the least weight"}, "application/json;q=0.001", true},
    {{"with a parameter of another name"}, "application/json;v=0", true},
};

BOOST_DATA_TEST_CASE(answers_in_json_when_it_is_asked_for, k_accepts, row) {
    const Response response =
        answer({"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x", "HTTP_ACCEPT=" + row.accept}, "");
    BOOST_TEST(response.status == 200);
    BOOST_TEST(response.content_type ==
               (row.json ? "application/json" : "text/plain; charset=utf-8"));
    BOOST_TEST(is_token(response.body) == !row.json);
    if (row.json) {
        const Json body = Json::parse(response.body);
        BOOST_TEST(body.size() == 2U);
        BOOST_TEST(is_token(body["token"].get<std::string>()));
        BOOST_TEST(body["expires_at"] == 1'700'000'180);
        BOOST_TEST(claims_of(body["token"].get<std::string>())["exp"] == body["expires_at"]);
    }
}

constexpr std::string_view k_json_policy =
    R"({"claims": {"client": "${form.clientID}", "exp": "${now+60}"}, "reply": "json"})";

BOOST_AUTO_TEST_CASE(answers_in_json_when_the_policy_says_so) {
    const Response response =
        answer(k_json_policy, {"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"}, "");
    BOOST_TEST(response.content_type == "application/json");
    BOOST_TEST(Json::parse(response.body)["expires_at"] == 1'700'000'060);
    // A refusal stays a line of text.
    BOOST_TEST(shown(answer(k_json_policy, {"REQUEST_METHOD=POST"}, "")) ==
               "422 No clientID defined");
}

constexpr std::string_view k_origins_policy =
    R"({"claims": {"client": "${form.clientID}", "exp": "${now+60}"},
        "allowed_origins": ["https://chat.example", "https://b.example:8443"]})";

BOOST_AUTO_TEST_CASE(answers_a_preflight_of_a_listed_origin) {
    const Response response =
        answer(k_origins_policy,
               {"REQUEST_METHOD=OPTIONS", "HTTP_ORIGIN=https://b.example:8443",
                "HTTP_ACCESS_CONTROL_REQUEST_METHOD=POST"},
               "");
    BOOST_TEST(response.status == 204);
    BOOST_TEST(response.body.empty());
    BOOST_TEST(header_of(response, "Access-Control-Allow-Origin") == "https://b.example:8443");
    BOOST_TEST(header_of(response, "Access-Control-Allow-Methods") == "POST");
    BOOST_TEST(header_of(response, "Access-Control-Allow-Headers") == "Content-Type");
    BOOST_TEST(header_of(response, "Access-Control-Allow-Credentials") == "absent");
    BOOST_TEST(header_of(response, "Vary") == "Origin");
}

BOOST_AUTO_TEST_CASE(lets_a_listed_origin_read_tokens_and_refusals) {
    const Response granted = answer(
        k_origins_policy,
        {"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x", "HTTP_ORIGIN=https://chat.example"}, "");
    BOOST_TEST(shown(granted) == "200 x");
    BOOST_TEST(header_of(granted, "Access-Control-Allow-Origin") == "https://chat.example");
    BOOST_TEST(header_of(granted, "Vary") == "Origin");
    const Response refused =
        answer(k_origins_policy, {"REQUEST_METHOD=POST", "HTTP_ORIGIN=https://chat.example"}, "");
    BOOST_TEST(shown(refused) == "422 No clientID defined");
    BOOST_TEST(header_of(refused, "Access-Control-Allow-Origin") == "https://chat.example");
}

struct Origin : test::Case {
    Pairs origin;
};

const Origin k_foreign[] = {
    {{"absent"}, {}},
    {{"empty"}, {"HTTP_ORIGIN="}},
    {{"null"}, {"HTTP_ORIGIN=null"}},
    {{"another"}, {"HTTP_ORIGIN=https://evil.example"}},
    {{"another scheme"}, {"HTTP_ORIGIN=http://chat.example"}},
    {{"another port"}, {"HTTP_ORIGIN=https://chat.example:8443"}},
    {{"a longer host"}, {"HTTP_ORIGIN=https://chat.example.evil.example"}},
    {{"a host that ends alike"}, {"HTTP_ORIGIN=https://evilchat.example"}},
    {{"a path"}, {"HTTP_ORIGIN=https://chat.example/"}},
    {{"another case"}, {"HTTP_ORIGIN=HTTPS://chat.example"}},
    {{"two"}, {"HTTP_ORIGIN=https://chat.example https://b.example:8443"}},
    {{"4 KiB"}, {"HTTP_ORIGIN=https://" + std::string(4096, 'a')}},
};

BOOST_DATA_TEST_CASE(sends_no_cors_header_to_other_origins, k_foreign, row) {
    for (const std::string method : {"OPTIONS", "POST"}) {
        Pairs variables = row.origin;
        variables.push_back("REQUEST_METHOD=" + method);
        variables.emplace_back("QUERY_STRING=clientID=x");
        const Response response = answer(k_origins_policy, variables, "");
        BOOST_TEST(shown(response) ==
                   (method == "POST" ? "200 x" : "405 Method not allowed: use POST"));
        BOOST_TEST(header_of(response, "Access-Control-Allow-Origin") == "absent");
        BOOST_TEST(header_of(response, "Access-Control-Allow-Methods") == "absent");
        BOOST_TEST(header_of(response, "Vary") == "Origin");
    }
}

BOOST_AUTO_TEST_CASE(knows_no_cors_without_a_list) {
    const Response response =
        answer({"REQUEST_METHOD=OPTIONS", "HTTP_ORIGIN=https://chat.example"}, "");
    BOOST_TEST(shown(response) == "405 Method not allowed: use POST");
    BOOST_TEST(header_of(response, "Vary") == "absent");
    BOOST_TEST(header_of(response, "Access-Control-Allow-Origin") == "absent");
}

BOOST_AUTO_TEST_CASE(asks_for_a_login_where_the_policy_does) {
    constexpr std::string_view k_policy =
        R"({"claims": {"client": "${server.ROOMKEY_USER}", "exp": "${now+60}"}})";
    BOOST_TEST(shown(answer(k_policy, {"REQUEST_METHOD=POST"}, "")) == "401 Not logged in");
    BOOST_TEST(shown(answer(k_policy, {"REQUEST_METHOD=POST", "ROOMKEY_USER="}, "")) ==
               "401 Not logged in");
    BOOST_TEST(
        shown(answer(k_policy,
                     {"REQUEST_METHOD=POST", "HTTP_ROOMKEY_USER=mallory", "REMOTE_USER=mallory"},
                     "")) == "401 Not logged in");
    BOOST_TEST(shown(answer(k_policy, {"REQUEST_METHOD=POST", "ROOMKEY_USER=alice"}, "")) ==
               "200 alice");
}

BOOST_AUTO_TEST_CASE(works_in_copies) {
    AuthHandler original = handler_of(k_builtin_policy);
    AuthHandler copy = original;
    const Variables variables{"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"};
    const Request request{variables.parameters(), "", BodyRead::complete};
    const auto body = [&request](AuthHandler& handler) {
        test::FixedRandom random;
        return handler.answer(request, k_now, random).body;
    };
    const std::string expected = body(original);
    BOOST_TEST(body(copy) == expected);
    BOOST_TEST(body(original) == expected);
}

BOOST_AUTO_TEST_CASE(throws_when_there_is_no_randomness) {
    const Variables variables{"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x"};
    test::BrokenRandom broken;
    BOOST_CHECK_THROW((void)handler_of(k_builtin_policy)
                          .answer({variables.parameters(), "", BodyRead::complete}, k_now, broken),
                      std::runtime_error);
}

// What is longer would not arrive whole.
BOOST_AUTO_TEST_CASE(signs_no_token_that_is_too_long) {
    std::string policy = R"({"claims": {"exp": "${now+60}", "x": ")";
    for (int i = 0; i < 500; ++i) {
        policy += "${form.a}";
    }
    policy += "\"}}";
    const auto post_of = [&policy](std::size_t size) {
        const std::string body = "a=" + std::string(size, 'x');
        return answer(policy, {"REQUEST_METHOD=POST", std::string(k_urlencoded), length_of(body)},
                      body);
    };
    BOOST_TEST(post_of(90).status == 200);
    BOOST_CHECK_THROW((void)post_of(100), TokenTooLong);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
