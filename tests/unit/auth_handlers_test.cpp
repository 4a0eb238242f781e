// SPDX-License-Identifier: MIT
#include "roomkey/auth/auth_handlers.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

#include "roomkey/auth/responder.hpp"
#include "support.hpp"

namespace {

using namespace roomkey;
using test::Variables;

BOOST_AUTO_TEST_SUITE(auth_handlers)

AuthHandler handler_of(const std::string& subject) {
    const Variables none{};
    return {
        std::make_shared<const Policy>(compile_policy(
            R"({"claims": {"sub": "${form.a}", "is": ")" + subject + R"(", "exp": "${now+1}"}})",
            "policy", none.parameters())),
        Hs256Signer(test::bytes_of("key"))};
}

AuthHandlers both() {
    AuthHandlers handlers;
    handlers.add("default", handler_of("x"));
    handlers.add("members", handler_of("xxxx"));
    return handlers;
}

Answer answer(AuthHandlers handlers, const std::string& parameter) {
    const Variables variables{"REQUEST_METHOD=POST", "QUERY_STRING=a=b", parameter};
    test::FixedRandom random;
    return respond(handlers, {variables.parameters(), ""}, {}, random);
}

BOOST_AUTO_TEST_CASE(lets_the_web_server_pick_a_policy) {
    const std::size_t usual = answer(both(), "A=").bytes.size();
    BOOST_TEST(answer(both(), "ROOMKEY_POLICY_NAME=default").bytes.size() == usual);
    BOOST_TEST(answer(both(), "ROOMKEY_POLICY_NAME=").bytes.size() == usual);
    const Answer other = answer(both(), "ROOMKEY_POLICY_NAME=members");
    BOOST_TEST(other.status == 200);
    BOOST_TEST(other.bytes.size() == usual + 4);
    // Nothing that comes from a visitor's header is of that name.
    BOOST_TEST(answer(both(), "HTTP_ROOMKEY_POLICY_NAME=members").bytes.size() == usual);
}

BOOST_AUTO_TEST_CASE(answers_500_for_a_name_that_is_not_there) {
    for (const std::string name : {"member", "MEMBERS", "members ", "members.json", "../members"}) {
        const Answer given = answer(both(), "ROOMKEY_POLICY_NAME=" + name);
        BOOST_TEST(given.status == 500);
        BOOST_TEST(given.bytes.find("eyJ") == std::string::npos);
        BOOST_TEST(given.bytes.find("member") == std::string::npos);
        BOOST_TEST(given.failure == "policy name: expected default or members, found " + name);
    }
}

BOOST_AUTO_TEST_CASE(answers_500_without_a_default) {
    AuthHandlers handlers;
    handlers.add("members", handler_of("x"));
    BOOST_TEST(answer(handlers, "A=").failure ==
               "policy name: expected members, found none, which means default");
    BOOST_TEST(answer(AuthHandlers(), "A=").status == 500);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
