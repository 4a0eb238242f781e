// SPDX-License-Identifier: MIT
#include "roomkey/program/setup.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>
#include <vector>

#include "roomkey/text/config_error.hpp"
#include "support.hpp"
#include "temporary.hpp"

namespace {

using namespace roomkey;
using test::TemporaryDirectory;
using test::Variables;
using Lines = std::vector<std::string>;

BOOST_AUTO_TEST_SUITE(setup)

const std::string k_key(32, 'k');

struct Wrong {
    Lines findings;
    int exit_status = 0;
};

Wrong wrong(const Options& options, const Lines& variables) {
    const Variables environment(variables);
    try {
        (void)load_setup(options, environment.parameters());
    } catch (const ConfigError& error) {
        return {error.findings(), error.exit_status()};
    }
    return {};
}

BOOST_AUTO_TEST_CASE(makes_a_handler_of_the_built_in_policy_and_the_environment) {
    const Variables environment{"SCALEDRONE_CHANNEL_ID=channel",
                                "SCALEDRONE_CHANNEL_SECRET=" + k_key};
    Setup made = load_setup({}, environment.parameters());
    BOOST_TEST(made.warnings.empty());
    Form form;
    BOOST_REQUIRE(form.add({"clientID", "x"}));
    test::FixedRandom random;
    const auto token =
        made.handler.token({form, environment.parameters(),
                            std::chrono::sys_seconds(std::chrono::seconds(1)), random});
    BOOST_TEST(test::verdict(token) == "accepted");
}

BOOST_AUTO_TEST_CASE(reads_the_policy_and_the_key_from_files) {
    const TemporaryDirectory directory;
    Options options;
    options.policy_file = directory.write(
        "policy.json", R"({"claims": {"sub": "${form.u}", "exp": "${now+1}"}})", 0644);
    options.secret_file = directory.write("secret", "short");
    const Variables none{};
    const Setup made = load_setup(options, none.parameters());
    BOOST_TEST(made.warnings.size() == 2U);
    BOOST_TEST(made.warnings.at(0).starts_with(*options.policy_file + " /claims/sub: "));
    BOOST_TEST(made.warnings.at(1).starts_with("secret file " + *options.secret_file + ": "));
}

BOOST_AUTO_TEST_CASE(tells_what_is_wrong_with_both_at_once) {
    const Wrong found = wrong({}, {});
    BOOST_REQUIRE(found.findings.size() == 2U);
    BOOST_TEST(found.findings[0].starts_with("built-in policy /claims/channel: "));
    BOOST_TEST(found.findings[1].starts_with("secret: not given; "));
    BOOST_TEST(found.exit_status == 78);
}

BOOST_AUTO_TEST_CASE(has_the_exit_status_of_the_only_kind_of_trouble) {
    const TemporaryDirectory directory;
    const std::string channel = "SCALEDRONE_CHANNEL_ID=channel";
    const std::string key = "SCALEDRONE_CHANNEL_SECRET=" + k_key;
    Options missing_policy;
    missing_policy.policy_file = directory.path("none.json");
    BOOST_TEST(wrong(missing_policy, {key}).exit_status == 66);
    BOOST_TEST(wrong(missing_policy, {key}).findings.at(0) ==
               "policy " + directory.path("none.json") +
                   ": No such file or directory; a readable file is needed");
    Options missing_both = missing_policy;
    missing_both.secret_file = directory.path("none");
    BOOST_TEST(wrong(missing_both, {}).exit_status == 66);
    BOOST_TEST(wrong(missing_both, {}).findings.size() == 2U);
    Options missing_secret;
    missing_secret.secret_file = directory.path("none");
    BOOST_TEST(wrong(missing_secret, {channel}).exit_status == 66);
    // Of two kinds: a configuration error as a whole.
    BOOST_TEST(wrong(missing_secret, {}).exit_status == 78);
    BOOST_TEST(wrong(missing_policy, {}).exit_status == 78);
}

BOOST_AUTO_TEST_CASE(reads_no_policy_but_from_a_file_of_limited_size) {
    const TemporaryDirectory directory;
    const Lines variables{"SCALEDRONE_CHANNEL_SECRET=" + k_key};
    Options options;
    options.policy_file = directory.path("");
    BOOST_TEST(wrong(options, variables).findings.at(0) ==
               "policy " + directory.path("") + ": found a directory; a regular file is needed");
    BOOST_TEST(wrong(options, variables).exit_status == 78);
    options.policy_file = directory.write("large", std::string(1'000'000, ' '));
    BOOST_TEST(wrong(options, variables).findings.at(0) ==
               directory.path("large") + ": expected 65536 bytes at most, found more");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
