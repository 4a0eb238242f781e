// SPDX-License-Identifier: MIT
// What a web server can't be made to show: a stdin that can't be read, a stdout that can't be
// written, a machine that fails in between. The rest is in tests/process/01-cgi.test.js.
#include "roomkey/gateway/cgi.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "failing_calls.hpp"
#include "gateway.hpp"
#include "roomkey/gateway/descriptor.hpp"
#include "roomkey/text/errors.hpp"
#include "support.hpp"
#include "temporary.hpp"

namespace {

using namespace roomkey;
using namespace roomkey::test;

BOOST_AUTO_TEST_SUITE(cgi)

const std::string k_body = "clientID=bcI:GPhz6A2T";
const std::string k_500 =
    "Status: 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 34\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    "No token can be made at the moment";

// In the place of stdin or stdout while it lives.
class Replaced {
public:
    Replaced(int standard, const std::string& path, int flags)
        : m_standard(standard), m_saved(::dup(standard)) {
        const Descriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
        BOOST_REQUIRE(m_saved);
        BOOST_REQUIRE(file);
        BOOST_REQUIRE(::dup2(file.get(), standard) == standard);
    }
    ~Replaced() { ::dup2(m_saved.get(), m_standard); }
    Replaced(const Replaced&) = delete;
    Replaced& operator=(const Replaced&) = delete;

private:
    int m_standard;
    Descriptor m_saved;
};

struct Ran {
    int status = -1;
    std::string answer;
    // How much of stdin it has read.
    off_t read = 0;
};

struct Setting {
    std::string input = k_body;
    // A file in the place of one with `input`, or of the one that is looked at.
    std::string stdin_path{};
    std::string stdout_path{};
    std::vector<std::string> more{};
    LoadHandlers load = [] { return builtin_handler(); };
};

AuthHandlers misconfigured() {
    throw ConfigError({"bad on purpose"});
}

AuthHandlers misnamed() {
    throw UnknownPolicy({"default"}, "other");
}

// One request, whose length is that of its body unless `more` has another.
Ran run(const Setting& setting) {
    const TemporaryDirectory directory;
    const std::string output = directory.path("stdout");
    std::vector<std::string> pairs{"REQUEST_METHOD=POST",
                                   "CONTENT_TYPE=application/x-www-form-urlencoded"};
    pairs.insert(pairs.begin(), setting.more.begin(), setting.more.end());
    pairs.push_back("CONTENT_LENGTH=" + std::to_string(k_body.size()));
    const Variables environment(pairs);
    Ran ran;
    {
        const Replaced input(STDIN_FILENO,
                             setting.stdin_path.empty() ? directory.write("stdin", setting.input)
                                                        : setting.stdin_path,
                             O_RDONLY);
        const Replaced out(STDOUT_FILENO,
                           setting.stdout_path.empty() ? output : setting.stdout_path,
                           O_WRONLY | O_CREAT);
        // In a thread of its own, since calls fail in such ones alone.
        std::thread([&] { ran.status = run_cgi(environment.parameters(), setting.load); }).join();
        ran.read = ::lseek(STDIN_FILENO, 0, SEEK_CUR);
    }
    std::ifstream file(output, std::ios::binary);
    ran.answer.assign(std::istreambuf_iterator<char>(file), {});
    return ran;
}

bool is_token(const std::string& answer) {
    return answer.starts_with("Status: 200 OK\r\n") &&
           answer.find("\r\n\r\neyJ") != std::string::npos;
}

bool is_bad_request(const std::string& answer) {
    return answer.starts_with("Status: 400 ") && answer.find("eyJ") == std::string::npos;
}

BOOST_AUTO_TEST_CASE(is_known_by_its_variables) {
    BOOST_TEST(is_cgi(Variables{"REQUEST_METHOD=GET"}.parameters()));
    BOOST_TEST(is_cgi(Variables{"GATEWAY_INTERFACE=CGI/1.1"}.parameters()));
    BOOST_TEST(is_cgi(Variables{"REQUEST_METHOD="}.parameters()));
    BOOST_TEST(!is_cgi(Variables{"REQUEST_METHODS=GET", "HTTP_REQUEST_METHOD=GET"}.parameters()));
}

BOOST_AUTO_TEST_CASE(answers_with_a_token_and_reads_no_more_than_the_body) {
    const Ran ran = run({.input = k_body + "what is behind it"});
    BOOST_TEST(ran.status == 0);
    BOOST_TEST(is_token(ran.answer));
    BOOST_TEST(ran.read == static_cast<off_t>(k_body.size()));
}

BOOST_AUTO_TEST_CASE(signs_nothing_that_it_could_not_read) {
    // A directory can be opened, and not be read.
    const Ran ran = run({.stdin_path = "/"});
    BOOST_TEST(ran.status == 0);
    BOOST_TEST(is_bad_request(ran.answer));
}

// Where no length tells that something is missing, what was read before the error looks whole.
BOOST_AUTO_TEST_CASE(signs_nothing_of_a_chunked_body_that_was_cut_off) {
    const Setting chunked{.more = {"CONTENT_LENGTH=", "HTTP_TRANSFER_ENCODING=chunked"}};
    BOOST_TEST(is_token(run(chunked).answer));
    for (const Call call : {Call::poll, Call::read}) {
        const FailingCall failing(call, EIO, 2);
        const Ran ran = run(chunked);
        BOOST_TEST(failing.happened());
        BOOST_TEST(ran.status == 0);
        BOOST_TEST(is_bad_request(ran.answer));
    }
}

struct Fault : Case {
    Call call;
    int error;
    bool harmless;
};

const Fault k_faults[] = {
    {{"poll: interrupted"}, Call::poll, EINTR, true},
    {{"poll: no memory"}, Call::poll, ENOMEM, false},
    {{"read: interrupted"}, Call::read, EINTR, true},
    {{"read: broken"}, Call::read, EIO, false},
};

BOOST_DATA_TEST_CASE(is_not_disturbed_by_a_signal_and_signs_nothing_after_an_error, k_faults,
                     fault) {
    // Reading files of the configuration comes by read(), too, but there are none.
    const FailingCall failing(fault.call, fault.error);
    const Ran ran = run({});
    BOOST_TEST(failing.happened());
    BOOST_TEST(ran.status == 0);
    BOOST_TEST(is_token(ran.answer) == fault.harmless);
    BOOST_TEST(is_bad_request(ran.answer) == !fault.harmless);
}

BOOST_AUTO_TEST_CASE(goes_on_writing_after_a_signal) {
    const FailingCall failing(Call::write, EINTR);
    const Ran ran = run({});
    BOOST_TEST(failing.happened());
    BOOST_TEST(ran.status == 0);
    BOOST_TEST(is_token(ran.answer));
}

BOOST_AUTO_TEST_CASE(tells_by_its_status_that_nobody_got_the_answer) {
    BOOST_TEST(run({.stdout_path = "/dev/full"}).status == 1);
    BOOST_TEST(run({.stdout_path = "/dev/full", .load = misconfigured}).status == 1);
}

BOOST_AUTO_TEST_CASE(sends_no_body_to_head_even_when_it_is_misconfigured) {
    const Ran ran = run({.more = {"REQUEST_METHOD=HEAD"}, .load = misconfigured});
    BOOST_TEST(ran.answer == k_500.substr(0, k_500.find("\r\n\r\n") + 4));
}

BOOST_AUTO_TEST_CASE(answers_500_without_a_clock_and_reads_no_more_than_the_body) {
    const FailingCall failing(Call::clock_gettime, EINVAL);
    const Ran ran = run({.input = k_body + "what is behind it"});
    BOOST_TEST(failing.happened());
    BOOST_TEST(ran.status == 0);
    BOOST_TEST(ran.answer == k_500);
    BOOST_TEST(ran.read == static_cast<off_t>(k_body.size()));
}

// Under mod_cgid stdin and stdout are one socket, which input that is left unread would reset.
BOOST_AUTO_TEST_CASE(reads_away_a_body_that_it_refuses) {
    constexpr std::size_t k_some = 20'000;
    const std::string large(k_some, 'x');
    const Ran refused = run(
        {.input = large + "behind it", .more = {"CONTENT_LENGTH=" + std::to_string(large.size())}});
    BOOST_TEST(refused.answer.starts_with("Status: 413 "));
    BOOST_TEST(refused.read == static_cast<off_t>(k_some));
    for (const LoadHandlers& load : {LoadHandlers(misconfigured), LoadHandlers(misnamed)}) {
        const Ran failed = run({.input = large + "behind it",
                                .more = {"CONTENT_LENGTH=" + std::to_string(large.size())},
                                .load = load});
        BOOST_TEST(failed.answer == k_500);
        BOOST_TEST(failed.read == static_cast<off_t>(k_some));
    }
}

BOOST_AUTO_TEST_CASE(reads_away_a_megabyte_at_most) {
    constexpr off_t k_most = 1'048'576;
    const Ran ran =
        run({.input = std::string(2 * k_most, 'x'), .more = {"CONTENT_LENGTH=2097152"}});
    BOOST_TEST(ran.answer.starts_with("Status: 413 "));
    BOOST_TEST(ran.read == k_most);
}

BOOST_AUTO_TEST_CASE(stops_reading_away_where_the_input_ends) {
    const Ran ran = run({.input = "short", .more = {"CONTENT_LENGTH=20000"}});
    BOOST_TEST(ran.answer.starts_with("Status: 413 "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
