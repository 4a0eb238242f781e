// SPDX-License-Identifier: MIT
// Hostile input, collected: each case names the harm that it would do.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fastcgi_bytes.hpp"
#include "roomkey/auth/responder.hpp"
#include "roomkey/gateway/record_reader.hpp"
#include "roomkey/program/pattern.hpp"
#include "roomkey/text/base64url.hpp"
#include "roomkey/text/errors.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;
using Json = nlohmann::json;

BOOST_AUTO_TEST_SUITE(hardening)

const std::chrono::sys_seconds k_now{std::chrono::seconds(1'700'000'000)};

Answer answer(const std::vector<std::string>& variables, std::string_view body,
              std::string_view policy = k_builtin_policy) {
    const Variables environment{"SCALEDRONE_CHANNEL_ID=channel"};
    AuthHandlers handlers = AuthHandler(
        std::make_shared<const Policy>(compile_policy(policy, "policy", environment.parameters())),
        Hs256Signer(test::bytes_of("key")));
    const Variables storage(variables);
    test::FixedRandom random;
    return respond(handlers, {storage.parameters(), body, BodyRead::complete}, k_now, random);
}

Answer post(const std::string& content_type, const std::string& body) {
    return answer({"REQUEST_METHOD=POST", "CONTENT_TYPE=" + content_type,
                   "CONTENT_LENGTH=" + std::to_string(body.size())},
                  body);
}

std::string repeated(std::string_view text, std::size_t size) {
    std::string all;
    while (all.size() + text.size() <= size) {
        all += text;
    }
    return all;
}

// Parameters of as many names as there is room for.
std::string distinct_parameters(std::size_t size) {
    std::string all;
    for (unsigned number = 0; all.size() + 10 <= size; ++number) {
        all += ";" + std::to_string(number) + "=";
    }
    return all;
}

struct Flood : test::Case {
    std::string content_type;
    std::string body;
};

const std::string k_urlencoded = "application/x-www-form-urlencoded";
const std::string k_multipart = "multipart/form-data; boundary=B";
constexpr std::size_t k_size = 16384;

// Harm: a parser whose time grows with the square of its input lets one visitor stop the chat for
// all. Each of these has been a published weakness of some parser of forms.
const Flood k_floods[] = {
    {{"ampersands"}, k_urlencoded, repeated("&", k_size)},
    {{"pairs of one name"}, k_urlencoded, repeated("&a=", k_size)},
    {{"escapes"}, k_urlencoded, "a=" + repeated("%41", k_size - 2)},
    {{"plus signs"}, k_urlencoded, repeated("+", k_size)},
    {{"line ends in a body"}, k_multipart, "--B\r\n\r\n" + repeated("\r\n", k_size - 7)},
    {{"carriage returns in a body"}, k_multipart, "--B\r\n\r\n" + repeated("\r", k_size - 7)},
    {{"boundaries that are none"}, k_multipart, "--B\r\n\r\n" + repeated("\r\n--Bx", k_size - 7)},
    {{"boundaries with long padding"},
     k_multipart,
     "--B\r\n\r\n\r\n--B" + std::string(8000, ' ') + "x\r\n--B" + std::string(8000, ' ')},
    {{"beginnings of a long boundary"},
     "multipart/form-data; boundary=" + std::string(70, '-'),
     repeated("\r\n" + std::string(71, '-'), k_size)},
    {{"a preamble without end"}, k_multipart, repeated("a", k_size)},
    {{"part headers"}, k_multipart, "--B\r\n" + repeated("a:b\r\n", k_size - 20) + "\r\n\r\n--B--"},
    {{"one part header"},
     k_multipart,
     "--B\r\na:" + repeated("b", k_size - 30) + "\r\n\r\n\r\n--B--"},
    {{"colons in a part header"}, k_multipart, "--B\r\n" + repeated(":", k_size - 5)},
    {{"semicolons in a disposition"},
     k_multipart,
     "--B\r\nContent-Disposition: form-data" + repeated(";", k_size - 60) + "\r\n\r\n\r\n--B--"},
    {{"parameters in a disposition"},
     k_multipart,
     "--B\r\nContent-Disposition: form-data" + distinct_parameters(k_size - 60) +
         "\r\n\r\n\r\n--B--"},
    {{"backslashes in a name"},
     k_multipart,
     "--B\r\nContent-Disposition: form-data; name=\"" + repeated("\\\\", k_size - 80) +
         "\"\r\n\r\n\r\n--B--"},
    {{"spaces in a disposition"},
     k_multipart,
     "--B\r\nContent-Disposition: form-data;" + repeated(" ", k_size - 60) + "\r\n\r\n\r\n--B--"},
    {{"parts"}, k_multipart, repeated("--B\r\n\r\n\r\n", k_size) + "--B--"},
    {{"opening brackets"}, "application/json", repeated("[", k_size)},
    {{"opening braces"}, "application/json", repeated("{\"a\":", k_size)},
    {{"backslashes in JSON"}, "application/json", "{\"a\":\"" + repeated("\\\\", k_size - 6)},
    {{"digits in JSON"}, "application/json", "{\"a\":" + repeated("9", k_size - 5)},
    {{"spaces in JSON"}, "application/json", repeated(" ", k_size)},
};

BOOST_DATA_TEST_CASE(answers_a_flood_at_once, k_floods, row) {
    // Of the processor, so that a busy machine makes no difference.
    const std::clock_t begin = std::clock();
    const Answer given = post(row.content_type, row.body);
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    BOOST_TEST(given.status >= 400);
    BOOST_TEST(given.status < 500);
    // Linear time is a few milliseconds even in a slow build; square time would be seconds.
    BOOST_TEST(took < 0.5);
}

// Harm: two readers of one request disagree on whose token it is (RFC 6749 3.2 forbids it).
BOOST_AUTO_TEST_CASE(refuses_two_client_ids_however_they_are_written) {
    BOOST_TEST(post(k_urlencoded, "clientID=x&clientID=y").status == 400);
    BOOST_TEST(post(k_urlencoded, "clientID=x&clientI%44=y").status == 400);
    BOOST_TEST(post("application/json", R"({"clientID":"x","clientI\u0044":"y"})").status == 400);
    BOOST_TEST(post(k_multipart,
                    "--B\r\nContent-Disposition: form-data; name=\"clientID\"\r\n\r\nx\r\n"
                    "--B\r\nContent-Disposition: form-data; name=\"client\\ID\"\r\n\r\ny\r\n--B--")
                   .status == 400);
    BOOST_TEST(answer({"REQUEST_METHOD=POST", "QUERY_STRING=clientID=x&clientID=y"}, "").status ==
               400);
}

// Harm: a line end in an answer's header would let a visitor write headers (CWE-113).
BOOST_AUTO_TEST_CASE(puts_nothing_of_the_request_into_headers) {
    const std::string evil = "https://evil.example\r\nSet-Cookie: a=b";
    for (const std::string name : {"HTTP_ORIGIN", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_ACCEPT",
                                   "REQUEST_METHOD", "QUERY_STRING"}) {
        const Answer given = answer({name + "=" + evil, "REQUEST_METHOD=POST"}, "");
        BOOST_TEST(given.bytes.find("Set-Cookie") == std::string::npos);
        BOOST_TEST(given.bytes.find("evil") == std::string::npos);
    }
}

// Harm: a page that shows the answer would run what the visitor wrote (CWE-79), and a refusal
// that quotes its cause tells about the inside (CWE-209).
BOOST_AUTO_TEST_CASE(shows_no_markup_and_no_inside_in_a_refusal) {
    const std::string evil = "<script>alert(1)</script>";
    const std::string bodies[] = {evil + "=" + std::string(200, 'a'), "clientID=" + evil + "%00",
                                  evil + "=1&" + evil + "=2", "clientID=%ff" + evil};
    for (const std::string& body : bodies) {
        const Answer given = post(k_urlencoded, body);
        BOOST_TEST(given.status != 200);
        for (const std::string word : {"script", "nlohmann", "exception", "std::", "/src/"}) {
            BOOST_TEST(given.bytes.find(word) == std::string::npos);
        }
    }
    const Answer json = post("application/json", "{\"clientID\":<script>");
    BOOST_TEST(json.bytes.find("script") == std::string::npos);
    BOOST_TEST(json.bytes.find("json.exception") == std::string::npos);
}

const std::string k_odd_ids[] = {
    ".*",           "x|^.*",    "x$|^.*$|^x",   "(?:)", "a{0,}",   "[^]",  "x)|(.*",
    "\\",           "\\\\",     "\\E.*\\Q",     "$",    "^",       "(?!)", "x\\",
    "\xE2\x80\xAE", "\xC2\xA0", "\xEF\xBB\xBF", "\"]}", "${uuid}", "%2e*", "../../etc",
};

Json claims_of(const Answer& given) {
    const std::string token = given.bytes.substr(given.bytes.find("\r\n\r\n") + 4);
    const std::size_t first = token.find('.');
    return Json::parse(
        base64url::decode(token.substr(first + 1, token.rfind('.') - first - 1)).value());
}

// Harm: a client id that is a pattern opens other people's private rooms to its owner.
BOOST_DATA_TEST_CASE(opens_no_other_room_to_an_odd_client_id, k_odd_ids, id) {
    const Answer given = post("application/json", Json{{"clientID", id}}.dump());
    BOOST_REQUIRE(given.status == 200);
    const Json permissions = claims_of(given)["permissions"];
    for (const auto& [pattern, rights] : permissions.items()) {
        const auto compiled = Pattern::compile(pattern);
        BOOST_REQUIRE(static_cast<bool>(compiled));
        for (const std::string room :
             {"private-room-bcI:GPhz6A2T", "private-room-x", "lobby", "private-room-"}) {
            const bool reads = rights["subscribe"] == true && compiled->match(room) != Match::no;
            BOOST_TEST(!reads);
        }
    }
}

// Harm: a visitor who is not logged in sends the header that a careless policy trusts.
BOOST_AUTO_TEST_CASE(takes_no_identity_from_headers) {
    constexpr std::string_view k_policy =
        R"({"claims": {"sub": "${server.ROOMKEY_USER}", "exp": "${now+60}"}})";
    BOOST_TEST(answer({"REQUEST_METHOD=POST", "HTTP_ROOMKEY_USER=root", "REMOTE_USER=root",
                       "HTTP_X_REMOTE_USER=root", "QUERY_STRING=ROOMKEY_USER=root"},
                      "", k_policy)
                   .status == 401);
}

// Harm: a value that JSON can't hold would make the serialiser throw, or be cut, within a token.
BOOST_AUTO_TEST_CASE(refuses_bytes_that_json_cannot_hold_before_they_reach_a_token) {
    for (const std::string value : {"%FF", "%C0%80", "%ED%A0%80", "%F4%90%80%80", "%E2%82"}) {
        BOOST_TEST(post(k_urlencoded, "clientID=" + value).status == 422);
        // What nobody reads is left behind.
        BOOST_TEST(claims_of(post(k_urlencoded, "clientID=x&other=" + value))["client"] == "x");
    }
}

// Harm: names in the first two lengths of a record, of which libfcgi 2.4.2 died (CVE-2025-23016).
BOOST_AUTO_TEST_CASE(reads_no_length_beyond_a_record) {
    const std::string huge =
        test::record(test::get_values, "\x7F" + std::string("\xFF\xFF\xFF\xFF", 4) + "x", 0);
    fastcgi::RecordReader reader(1);
    BOOST_TEST((reader.read(test::bytes_of(huge)).status == fastcgi::InputStatus::reply));
}

// Harm: a reader that looks beyond its bytes, or never ends. Short inputs of few distinct bytes are
// tried; the sanitizers' build sees a byte too far.
BOOST_AUTO_TEST_CASE(reads_all_kinds_of_short_records) {
    const unsigned char alphabet[] = {0, 1, 2, 4, 5, 9, 255};
    std::vector<unsigned char> bytes;
    unsigned state = 7;
    for (int round = 0; round < 200'000; ++round) {
        bytes.clear();
        state = state * 1664525U + 1013904223U;
        const std::size_t size = state >> 24U & 63U;
        for (std::size_t i = 0; i < size; ++i) {
            state = state * 1664525U + 1013904223U;
            // The first byte is mostly the version, so that more than that is looked at.
            bytes.push_back(i % 8 == 0 && (state >> 28U) != 0 ? 1U : alphabet[(state >> 16U) % 7U]);
        }
        fastcgi::RecordReader reader(1);
        const fastcgi::ParseResult result = reader.read(bytes);
        if (result.size > size ||
            (result.status == fastcgi::InputStatus::incomplete && result.size != size)) {
            BOOST_ERROR("it reads more than there is, or stops without a reason");
        }
    }
}

// Harm: a policy that is nested without end takes the process down at its next reload.
BOOST_AUTO_TEST_CASE(survives_a_policy_of_any_depth_and_width) {
    const Variables environment{"SCALEDRONE_CHANNEL_ID=channel"};
    const std::string policies[] = {
        repeated("[", 1 << 20),
        repeated("{\"a\":", 1 << 20),
        "{\"claims\":{\"exp\":\"${now+1}\",\"a\":" + repeated("[", 100'000) +
            repeated("]", 100'000) + "}}",
        "{\"claims\":{\"exp\":\"${now+1}\",\"a\":\"" + repeated("${", 1 << 18) + "\"}}",
    };
    for (const std::string& policy : policies) {
        BOOST_CHECK_THROW((void)compile_policy(policy, "policy", environment.parameters()),
                          ConfigError);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
