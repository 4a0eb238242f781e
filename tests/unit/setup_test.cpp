// SPDX-License-Identifier: MIT
#include "roomkey/program/setup.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "roomkey/text/errors.hpp"
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
        made.handlers.get("").token({form, environment.parameters(),
                                     std::chrono::sys_seconds(std::chrono::seconds(1)), random});
    BOOST_TEST(test::verdict(token) == "accepted");
}

BOOST_AUTO_TEST_CASE(reads_the_policy_and_the_key_from_files) {
    const TemporaryDirectory directory;
    Options options;
    options.policy_path = directory.write(
        "policy.json", R"({"claims": {"sub": "${form.u}", "exp": "${now+1}"}})", 0644);
    options.secret_path = directory.write("secret", "short");
    const Variables none{};
    const Setup made = load_setup(options, none.parameters());
    BOOST_TEST(made.warnings.size() == 2U);
    BOOST_TEST(made.warnings.at(0).starts_with(*options.policy_path + " /claims/sub: "));
    BOOST_TEST(made.warnings.at(1).starts_with("secret file " + *options.secret_path + ": "));
}

BOOST_AUTO_TEST_CASE(tells_what_is_wrong_with_both_at_once) {
    const Wrong found = wrong({}, {});
    BOOST_REQUIRE(found.findings.size() == 2U);
    BOOST_TEST(found.findings[0].starts_with("built-in policy /claims/channel: "));
    BOOST_TEST(found.findings[1].starts_with("secret secret: expected "));
    BOOST_TEST(found.exit_status == 78);
}

BOOST_AUTO_TEST_CASE(has_the_exit_status_of_the_only_kind_of_trouble) {
    const TemporaryDirectory directory;
    const std::string channel = "SCALEDRONE_CHANNEL_ID=channel";
    const std::string key = "SCALEDRONE_CHANNEL_SECRET=" + k_key;
    Options missing_policy;
    missing_policy.policy_path = directory.path("none.json");
    BOOST_TEST(wrong(missing_policy, {key}).exit_status == 66);
    BOOST_TEST(wrong(missing_policy, {key}).findings.at(0) ==
               "policy " + directory.path("none.json") +
                   ": expected a readable file: No such file or directory");
    Options missing_both = missing_policy;
    missing_both.secret_path = directory.path("none");
    BOOST_TEST(wrong(missing_both, {}).exit_status == 66);
    BOOST_TEST(wrong(missing_both, {}).findings.size() == 2U);
    Options missing_secret;
    missing_secret.secret_path = directory.path("none");
    BOOST_TEST(wrong(missing_secret, {channel}).exit_status == 66);
    // Of two kinds: a configuration error as a whole.
    BOOST_TEST(wrong(missing_secret, {}).exit_status == 78);
    BOOST_TEST(wrong(missing_policy, {}).exit_status == 78);
}

BOOST_AUTO_TEST_CASE(reads_no_policy_but_from_a_file_of_limited_size) {
    const TemporaryDirectory directory;
    const Lines variables{"SCALEDRONE_CHANNEL_SECRET=" + k_key};
    Options options;
    options.policy_path = directory.write("large", std::string(1'000'000, ' '));
    BOOST_TEST(wrong(options, variables).findings.at(0) ==
               directory.path("large") + ": expected 65536 bytes at most, found more");
}

// Several policies and secrets, each in a directory.
struct Site {
    Site() {
        options.policy_path = policies.path(".");
        options.secret_path = secrets.path(".");
        (void)secrets.write("secret", k_key);
    }
    void policy(const std::string& name, const std::string& subject, const std::string& more = {}) {
        (void)policies.write(
            name, R"({"claims": {"sub": ")" + subject + R"(", "exp": "${now+1}"})" + more + "}");
    }
    [[nodiscard]] Wrong wrong() const { return setup::wrong(options, {}); }
    // The token of a policy, if it is signed with that key, else "none".
    static std::string token(Setup& made, std::string_view name, std::string_view key) {
        const Variables none{};
        test::FixedRandom random;
        const std::string token =
            *made.handlers.get(name).token({{}, none.parameters(), {}, random});
        Hs256Signer signer(test::bytes_of(key));
        return verify_token(signer, token.substr(0, token.find('.')), token).value_or("none");
    }

    TemporaryDirectory policies;
    TemporaryDirectory secrets;
    Options options;
    const Variables none{};
};

BOOST_AUTO_TEST_CASE(has_a_policy_for_each_file_of_a_directory_and_its_own_secret) {
    Site site;
    site.policy("default.json", "anybody");
    site.policy("a-2_b.json", "somebody", R"(, "secret": "other")");
    // What editors and package managers leave behind.
    for (const char* name : {".a.json.swp", ".a.json", "a.json~", "a.json.dpkg-old", "README"}) {
        (void)site.policies.write(name, "no policy");
    }
    const std::string other = "the key of another channel, long enough";
    (void)site.secrets.write("other", other);
    (void)site.secrets.write("unused", "");
    Setup made = load_setup(site.options, site.none.parameters());
    BOOST_TEST((made.policies == Lines{"a-2_b", "default"}));
    BOOST_TEST(made.warnings.empty());
    BOOST_TEST(Site::token(made, "default", k_key) == R"({"exp":1,"sub":"anybody"})");
    BOOST_TEST(Site::token(made, "", k_key) == R"({"exp":1,"sub":"anybody"})");
    BOOST_TEST(Site::token(made, "a-2_b", other) == R"({"exp":1,"sub":"somebody"})");
    BOOST_TEST(Site::token(made, "a-2_b", k_key) == "none");
    BOOST_CHECK_THROW((void)made.handlers.get("README"), UnknownPolicy);
}

BOOST_AUTO_TEST_CASE(reads_a_secret_once_though_several_policies_have_it) {
    Site site;
    site.policy("a.json", "a");
    site.policy("b.json", "b");
    (void)site.secrets.write("secret", "short");
    BOOST_TEST(load_setup(site.options, site.none.parameters()).warnings.size() == 1U);
    (void)site.secrets.write("secret", "");
    BOOST_TEST(site.wrong().findings.size() == 1U);
}

BOOST_AUTO_TEST_CASE(tells_what_is_wrong_with_all_policies_and_secrets_at_once) {
    Site site;
    site.policy("a.json", "${nonsense}");
    site.policy("b.json", "b", R"(, "secret": "none")");
    site.policy("c.json", "c", R"(, "secret": "../secret")");
    const Wrong found = site.wrong();
    BOOST_REQUIRE(found.findings.size() == 3U);
    BOOST_TEST(found.findings[0].starts_with(site.policies.path("./a.json /claims/sub: ")));
    BOOST_TEST(
        found.findings[1] ==
        site.policies.path("./c.json /secret: expected the name of a secret (1 to 64 of a-z, "
                           "0-9, - and _), found \"../secret\""));
    BOOST_TEST(found.findings[2].starts_with("secret file " + site.secrets.path("./none: ")));
    BOOST_TEST(found.exit_status == 78);
}

BOOST_AUTO_TEST_CASE(wants_names_that_a_web_server_can_be_told) {
    Site site;
    BOOST_TEST(site.wrong().findings.at(0) ==
               "policy " + site.policies.path(".") +
                   ": expected a NAME.json for each policy, found none");
    for (const std::string name : {"A", "a b", "-a", "_a", "\u00e9", "a.b"}) {
        site.policy(name + ".json", "x");
        BOOST_TEST(site.wrong().findings.at(0) ==
                   "policy " + site.policies.path("./" + name + ".json") +
                       ": expected a name of 1 to 64 of a-z, 0-9, - and _, found " + name);
        std::filesystem::remove(site.policies.path(name + ".json"));
    }
    site.policy(std::string(64, 'a') + ".json", "x");
    BOOST_TEST(site.wrong().findings.empty());
    site.policy(std::string(65, 'a') + ".json", "x");
    BOOST_TEST(site.wrong().findings.size() == 1U);
}

// Somebody who is anybody in one would be somebody in the other.
BOOST_AUTO_TEST_CASE(warns_of_policies_that_would_renew_each_others_tokens) {
    const auto warnings_of = [](const std::string& mine, const std::string& others,
                                const std::string& more) {
        Site site;
        (void)site.policies.write("a.json",
                                  R"({"renewal": {"field": "p", "within": 9}, "claims": {)" + mine +
                                      R"("id": "${previous.id ?? uuid}", "exp": "${now+1}"}})");
        (void)site.policies.write(
            "b.json",
            R"({"claims": {)" + others + R"("id": "${form.id}", "exp": "${now+1}"})" + more + "}");
        (void)site.secrets.write("other", k_key + "of another");
        return load_setup(site.options, site.none.parameters()).warnings;
    };
    const Lines shared = warnings_of("", "", "");
    BOOST_REQUIRE(shared.size() == 1U);
    BOOST_TEST(shared[0].find("/a.json /renewal: takes tokens of the policy b for its own") !=
               std::string::npos);
    BOOST_TEST(warnings_of(R"("aud": "a", )", "", "").size() == 1U);
    BOOST_TEST(warnings_of("", R"("aud": "b", )", "").size() == 1U);
    BOOST_TEST(warnings_of(R"("aud": "a", )", R"("aud": "a", )", "").size() == 1U);
    BOOST_TEST(warnings_of(R"("aud": "a", )", R"("aud": "b", )", "").empty());
    BOOST_TEST(warnings_of("", "", R"(, "secret": "other")").empty());
    BOOST_TEST(warnings_of("", "", R"(, "header": {"kid": "b"})").empty());
}

// A CGI program lives for one request, and another's mistake is not its business.
BOOST_AUTO_TEST_CASE(reads_the_policy_of_one_name_and_no_other) {
    Site site;
    site.policy("a.json", "a");
    site.policy("b.json", "${nonsense}");
    Setup made = load_setup("a", site.options, site.none.parameters());
    BOOST_TEST((made.policies == Lines{"a"}));
    BOOST_TEST(Site::token(made, "a", k_key) == R"({"exp":1,"sub":"a"})");
    BOOST_CHECK_THROW((void)load_setup("b", site.options, site.none.parameters()), ConfigError);
    for (const std::string_view name : {"", "default", "A", "a.json", "./a", "../policies/a"}) {
        BOOST_CHECK_THROW((void)load_setup(name, site.options, site.none.parameters()),
                          UnknownPolicy);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
