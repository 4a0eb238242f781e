// SPDX-License-Identifier: MIT
#include "roomkey/program/secret.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <ios>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "next_function.hpp"
#include "roomkey/text/errors.hpp"
#include "support.hpp"
#include "temporary.hpp"

namespace {

// What pages held when they were given back to the kernel.
bool g_watching = false;
std::vector<std::string> g_given_back;

}  // namespace

// This program's own, which stands in the way of the C library's.
extern "C" int munmap(void* pages, std::size_t size) noexcept {
    static auto* const real = roomkey::test::next(&munmap, "munmap");
    if (g_watching) {
        g_watching = false;
        g_given_back.emplace_back(static_cast<const char*>(pages), size);
    }
    return real(pages, size);
}

namespace {

using namespace roomkey;
using test::TemporaryDirectory;
using test::Variables;

BOOST_AUTO_TEST_SUITE(secret)

const std::string k_32(32, 'k');
const std::string k_31(31, 'k');

std::string text_of(const Secret& key) {
    return {reinterpret_cast<const char*>(key.bytes().data()), key.bytes().size()};
}

struct Loaded {
    std::string key;
    std::vector<std::string> warnings;
    int exit_status = 0;
};

// The key; or the errors, and the exit status that they call for.
Loaded load(const std::optional<std::string>& file, const std::vector<std::string>& variables = {},
            const std::string& name = "secret") {
    const Variables environment(variables);
    Loaded loaded;
    try {
        loaded.key = text_of(load_secret(name, file, environment.parameters(), loaded.warnings));
    } catch (const ConfigError& error) {
        BOOST_TEST(error.findings().size() == 1U);
        loaded.key = error.findings().at(0);
        loaded.exit_status = error.exit_status();
    }
    return loaded;
}

BOOST_AUTO_TEST_CASE(reads_the_raw_bytes_of_a_file) {
    const TemporaryDirectory directory;
    const std::string key = test::with_zeros("\0\x01\xFF 'quoted' \t ") + k_32;
    const Loaded loaded = load(directory.write("secret", key));
    BOOST_TEST(loaded.key == key);
    BOOST_TEST(loaded.warnings.empty());
}

BOOST_AUTO_TEST_CASE(cuts_exactly_one_newline_at_the_end) {
    const TemporaryDirectory directory;
    BOOST_TEST(load(directory.write("a", k_32 + "\n")).key == k_32);
    BOOST_TEST(load(directory.write("b", "\n" + k_32)).key == "\n" + k_32);
    const Loaded two = load(directory.write("c", k_32 + "\n\n"));
    BOOST_TEST(two.key == k_32 + "\n");
    BOOST_TEST((two.warnings ==
                std::vector<std::string>{"secret file " + directory.path("c") +
                                         ": ends in a line end that is taken as part of the key"}));
    const Loaded dos = load(directory.write("d", k_32 + "\r\n"));
    BOOST_TEST(dos.key == k_32 + "\r");
    BOOST_TEST(dos.warnings.size() == 1U);
}

BOOST_AUTO_TEST_CASE(warns_of_a_key_under_32_bytes) {
    const TemporaryDirectory directory;
    BOOST_TEST(load(directory.write("a", k_32)).warnings.empty());
    const Loaded loaded = load(directory.write("b", k_31 + "\n"));
    BOOST_TEST(loaded.key == k_31);
    BOOST_TEST((loaded.warnings ==
                std::vector<std::string>{"secret file " + directory.path("b") +
                                         ": expected at least 32 bytes for HS256 (RFC 7518 3.2), "
                                         "found 31"}));
}

BOOST_AUTO_TEST_CASE(takes_4096_bytes_and_no_more) {
    const TemporaryDirectory directory;
    const std::string longest(4096, 'k');
    BOOST_TEST(load(directory.write("a", longest)).key == longest);
    // The newline that is cut is no part of the key.
    BOOST_TEST(load(directory.write("n", longest + "\n")).key == longest);
    BOOST_TEST(load({}, {"SCALEDRONE_CHANNEL_SECRET=" + longest}).key == longest);
    const std::string finding = ": expected a key of at most 4096 bytes, found more";
    for (const std::string& content :
         {longest + "k", longest + "k\n", longest + "\n\n", longest + longest}) {
        const Loaded loaded = load(directory.write("b", content));
        BOOST_TEST(loaded.key == "secret file " + directory.path("b") + finding);
        BOOST_TEST(loaded.exit_status == 78);
    }
    const Loaded loaded = load({}, {"SCALEDRONE_CHANNEL_SECRET=" + longest + "k"});
    BOOST_TEST(loaded.key == "environment variable SCALEDRONE_CHANNEL_SECRET" + finding);
    BOOST_TEST(loaded.exit_status == 78);
}

struct Bad : test::Case {
    std::string content;
    std::string finding;
};

const std::string k_empty = ": expected a key, found nothing";
const std::string k_placeholder = ": expected the channel's own secret, found a placeholder";

const Bad k_bad[] = {
    {{"empty"}, "", k_empty},
    {{"a newline"}, "\n", k_empty},
    {{"the tutorial's placeholder"}, "YOUR_SCALEDRONE_SECRET\n", k_placeholder},
    {{"another placeholder of its kind"}, "YOUR_CHANNEL_SECRET", k_placeholder},
    {{"angle brackets"}, "<secret>", k_placeholder},
    {{"changeme"}, "changeme", k_placeholder},
    {{"secret"}, "secret\n", k_placeholder},
    {{"password"}, "password", k_placeholder},
};

BOOST_DATA_TEST_CASE(refuses_a_key_that_is_none, k_bad, row) {
    const TemporaryDirectory directory;
    const Loaded from_file = load(directory.write("secret", row.content));
    BOOST_TEST(from_file.key == "secret file " + directory.path("secret") + row.finding);
    BOOST_TEST(from_file.exit_status == 78);
}

BOOST_DATA_TEST_CASE(refuses_it_from_the_environment_too, k_bad, row) {
    std::string value = row.content;
    value.resize(std::min(value.find('\n'), value.size()));
    const Loaded loaded = load({}, {"SCALEDRONE_CHANNEL_SECRET=" + value});
    BOOST_TEST(loaded.key == "environment variable SCALEDRONE_CHANNEL_SECRET" + row.finding);
    BOOST_TEST(loaded.exit_status == 78);
}

struct Mode : test::Case {
    mode_t mode;
    bool allowed;
};

const Mode k_modes[] = {
    {{"0400"}, 0400, true},  {{"0600"}, 0600, true},  {{"0640"}, 0640, true},
    {{"0440"}, 0440, true},  {{"0644"}, 0644, false}, {{"0604"}, 0604, false},
    {{"0444"}, 0444, false}, {{"0777"}, 0777, false},
};

BOOST_DATA_TEST_CASE(refuses_a_file_that_everyone_may_read, k_modes, row) {
    const TemporaryDirectory directory;
    const Loaded loaded = load(directory.write("secret", k_32, row.mode));
    if (row.allowed) {
        BOOST_TEST(loaded.key == k_32);
    } else {
        BOOST_TEST(loaded.key ==
                   "secret file " + directory.path("secret") +
                       ": expected a file that roomkey alone may read (chmod o-r), found one that "
                       "everyone may read");
        BOOST_TEST(loaded.exit_status == 77);
    }
}

BOOST_AUTO_TEST_CASE(tells_a_missing_file) {
    const TemporaryDirectory directory;
    const Loaded loaded = load(directory.path("none"));
    BOOST_TEST(loaded.key == "secret file " + directory.path("none") +
                                 ": expected a readable file: No such file or directory");
    BOOST_TEST(loaded.exit_status == 66);
    const std::string file = directory.write("file", k_32);
    BOOST_TEST(load(file + "/secret").exit_status == 66);
}

BOOST_AUTO_TEST_CASE(reads_a_secret_by_its_name_in_a_directory) {
    const TemporaryDirectory directory;
    (void)directory.write("secret", k_32);
    (void)directory.write("other", k_32 + "of another channel\n");
    const std::string path = directory.path(".");
    BOOST_TEST(load(path).key == k_32);
    BOOST_TEST(load(path, {}, "other").key == k_32 + "of another channel");
    BOOST_TEST(load({}, {"CREDENTIALS_DIRECTORY=" + path}, "other").key ==
               k_32 + "of another channel");
    BOOST_TEST(load(path, {}, "none").key ==
               "secret file " + path +
                   "/none: expected a readable file: No such file or directory");
    BOOST_TEST(load(path, {}, "none").exit_status == 66);
}

// The one of the environment, or a file, is not the key of another channel.
BOOST_AUTO_TEST_CASE(takes_no_other_secret_for_one_that_has_a_name) {
    const TemporaryDirectory directory;
    const std::string file = directory.write("secret", k_32);
    BOOST_TEST(load(file, {}, "other").key ==
               "secret other: expected a directory in which it is a file, found the file " + file);
    BOOST_TEST(
        load({}, {"SCALEDRONE_CHANNEL_SECRET=" + k_32}, "other").key ==
        "secret other: expected --secret-file, a systemd credential of this name, found none");
    const std::string credentials = "CREDENTIALS_DIRECTORY=" + directory.path(".");
    BOOST_TEST(load({}, {credentials, "SCALEDRONE_CHANNEL_SECRET=" + k_32}, "other").exit_status ==
               78);
}

BOOST_AUTO_TEST_CASE(tells_a_file_that_it_may_not_read) {
    if (::geteuid() == 0) {
        return;  // root may read everything
    }
    const TemporaryDirectory directory;
    const Loaded loaded = load(directory.write("secret", k_32, 0));
    BOOST_TEST(loaded.exit_status == 77);
}

BOOST_AUTO_TEST_CASE(looks_in_three_places_in_their_order) {
    const TemporaryDirectory directory;
    const std::string file = directory.write("file", "of the option, 32 bytes long ...");
    const std::string credential = directory.write("secret", "of systemd, 32 bytes long ......");
    const std::string in_directory = "CREDENTIALS_DIRECTORY=" + directory.path(".");
    const std::string in_environment = "SCALEDRONE_CHANNEL_SECRET=of the environment";
    BOOST_TEST(load(file, {in_directory, in_environment}).key.starts_with("of the option"));
    BOOST_TEST(load({}, {in_directory, in_environment}).key.starts_with("of systemd"));
    BOOST_TEST(load({}, {in_environment}).key == "of the environment");
    // A unit may have other credentials, and its key in the environment.
    const std::string without = "CREDENTIALS_DIRECTORY=" + directory.path("none");
    BOOST_TEST(load({}, {without, in_environment}).key == "of the environment");
    BOOST_TEST(load({}, {without}).exit_status == 78);
    BOOST_TEST(load({}, {"CREDENTIALS_DIRECTORY=", in_environment}).key == "of the environment");
    // A credential that is there and can't be used is not passed over.
    const std::string unusable = "CREDENTIALS_DIRECTORY=" + file;
    BOOST_TEST(load({}, {unusable, in_environment}).exit_status == 66);
    // One that was named and is missing is an error: nobody wants the next one then.
    BOOST_TEST(load(directory.path("none"), {in_directory, in_environment}).exit_status == 66);
}

BOOST_AUTO_TEST_CASE(tells_where_a_key_may_be_given) {
    const Loaded loaded = load({});
    BOOST_TEST(loaded.key ==
               "secret secret: expected --secret-file, a systemd credential of this name, or "
               "SCALEDRONE_CHANNEL_SECRET in the environment, found none");
    BOOST_TEST(loaded.exit_status == 78);
}

// A message ends in a log; the key must not.
BOOST_AUTO_TEST_CASE(never_tells_the_key) {
    const TemporaryDirectory directory;
    for (const std::string key : {"YOUR_zqxzqx", "<zqxzqx>", "zqxzqx"}) {
        const Loaded loaded = load(directory.write("secret", key));
        for (const std::string& warning : loaded.warnings) {
            BOOST_TEST(warning.find("zqxzqx") == std::string::npos);
        }
        BOOST_TEST((loaded.exit_status == 0 || loaded.key.find("zqxzqx") == std::string::npos));
    }
}

// Only the variable itself, each time it is there, and nothing that is named like it.
BOOST_AUTO_TEST_CASE(is_moved_out_of_the_environment) {
    std::string other = "SCALEDRONE_CHANNEL_SECRETS=a";
    std::string first = "SCALEDRONE_CHANNEL_SECRET=" + k_32;
    std::string second = "SCALEDRONE_CHANNEL_SECRET=second";
    std::array<char*, 4> environment{other.data(), first.data(), second.data(), nullptr};
    hide_secret(environment.data());
    BOOST_TEST(other == "SCALEDRONE_CHANNEL_SECRETS=a");
    BOOST_TEST(first == std::string(first.size(), '\0'));
    BOOST_TEST(second == std::string(second.size(), '\0'));
    BOOST_TEST(environment[0] == other.data());
    std::vector<std::string> warnings;
    const Secret secret =
        load_secret("secret", std::nullopt, Parameters(environment.data()), warnings);
    BOOST_TEST(text_of(secret) == k_32);
}

BOOST_AUTO_TEST_CASE(has_one_owner) {
    Secret first(4);
    std::fill(first.storage().begin(), first.storage().end(), static_cast<unsigned char>('x'));
    first.resize(3);
    const Secret second(std::move(first));
    BOOST_TEST(text_of(second) == "xxx");
    BOOST_TEST(second.storage().size() == 4U);
}

// Once with the whole of it in use, and once with less: what was cut off is a part of the key, too.
BOOST_AUTO_TEST_CASE(is_wiped_before_its_pages_are_given_back) {
    for (const std::size_t used : {k_32.size(), std::size_t{1}}) {
        g_given_back.clear();
        {
            Secret key(k_32.size());
            std::copy(k_32.begin(), k_32.end(), key.storage().begin());
            key.resize(used);
            BOOST_TEST(text_of(key) == k_32.substr(0, used));
            g_watching = true;
        }
        BOOST_TEST((g_given_back == std::vector{std::string(k_32.size(), '\0')}));
    }
    // What is not wiped is seen.
    void* pages =
        ::mmap(nullptr, k_32.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    BOOST_REQUIRE(pages != MAP_FAILED);
    std::copy(k_32.begin(), k_32.end(), static_cast<char*>(pages));
    g_watching = true;
    ::munmap(pages, k_32.size());
    BOOST_TEST(g_given_back.back() == k_32);
}

// Whether a line of /proc/self/smaps begins a mapping (START-END ...) that has the address in it.
bool begins_mapping_of(const std::string& line, std::uintptr_t address) {
    std::istringstream in(line);
    std::uintptr_t start = 0;
    std::uintptr_t end = 0;
    char dash = 0;
    in >> std::hex >> start >> dash >> end;
    return in && dash == '-' && start <= address && address < end;
}

// The flags of the mapping that an address is in, as /proc/self/smaps has them.
std::string flags_of(const void* address) {
    std::ifstream maps("/proc/self/smaps");
    std::string line;
    while (std::getline(maps, line) &&
           !begins_mapping_of(line, reinterpret_cast<std::uintptr_t>(address))) {
    }
    while (std::getline(maps, line) && !line.starts_with("VmFlags:")) {
    }
    return line + ' ';
}

BOOST_AUTO_TEST_CASE(is_on_pages_that_are_not_dumped_and_not_swapped) {
    const Secret key(k_32.size());
    const std::string flags = flags_of(key.storage().data());
    // As far as pages can be: a low limit and sanitizers lock none, and QEMU's user mode takes no
    // such advice.
    void* pages = ::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    BOOST_REQUIRE(pages != MAP_FAILED);
    (void)::madvise(pages, 1, MADV_DONTDUMP);
    (void)::mlock(pages, 1);
    const std::string possible = flags_of(pages);
    ::munmap(pages, 1);
    for (const char* flag : {" dd ", " lo "}) {
        BOOST_TEST(
            (flags.find(flag) != std::string::npos) == (possible.find(flag) != std::string::npos),
            "expected " << possible << ", found " << flags);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
