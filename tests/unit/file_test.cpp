// SPDX-License-Identifier: MIT
#include "roomkey/gateway/file.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>

#include "roomkey/text/errors.hpp"
#include "temporary.hpp"

namespace {

using namespace roomkey;
using test::TemporaryDirectory;

BOOST_AUTO_TEST_SUITE(file)

// The text; or the error, with its exit status in front.
std::string read(const std::string& path, std::size_t limit = 100) {
    try {
        return read_text(path, "f", limit);
    } catch (const ConfigError& error) {
        return std::to_string(error.exit_status()) + " " + error.findings().at(0);
    }
}

BOOST_AUTO_TEST_CASE(reads_the_whole_file_or_a_byte_over_the_limit) {
    const TemporaryDirectory directory;
    const std::string bytes("a\0\r\n\xFF", 5);
    const std::string path = directory.write("a", bytes);
    BOOST_TEST(read(path) == bytes);
    BOOST_TEST(read(path, 5) == bytes);
    BOOST_TEST(read(path, 4) == bytes);
    BOOST_TEST(read(path, 3) == bytes.substr(0, 4));
    BOOST_TEST(read(directory.write("b", "")).empty());
}

BOOST_AUTO_TEST_CASE(tells_a_missing_file) {
    const TemporaryDirectory directory;
    BOOST_TEST(read(directory.path("none")) ==
               "66 f: expected a readable file: No such file or directory");
    BOOST_TEST(read(directory.write("a", "") + "/b") ==
               "66 f: expected a readable file: Not a directory");
    BOOST_TEST(read("") == "66 f: expected a readable file: No such file or directory");
}

BOOST_AUTO_TEST_CASE(refuses_a_directory) {
    const TemporaryDirectory directory;
    BOOST_TEST(read(directory.path("")) == "78 f: expected a regular file, found a directory");
}

// Opening a pipe waits for its other end, and reading a device may never end.
BOOST_AUTO_TEST_CASE(waits_for_nothing) {
    const TemporaryDirectory directory;
    const std::string pipe = directory.path("pipe");
    BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    BOOST_TEST(read(pipe) == "78 f: expected a regular file, found a pipe or device");
    BOOST_TEST(read("/dev/zero") == "78 f: expected a regular file, found a pipe or device");
}

BOOST_AUTO_TEST_CASE(refuses_a_socket) {
    const TemporaryDirectory directory;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = directory.path("s");
    BOOST_REQUIRE(path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    BOOST_TEST(read(path) == "78 f: expected a regular file, found a socket or device");
}

BOOST_AUTO_TEST_CASE(tells_a_file_that_it_may_not_read) {
    if (::geteuid() == 0) {
        return;  // root may read everything
    }
    const TemporaryDirectory directory;
    BOOST_TEST(read(directory.write("a", "", 0)) ==
               "77 f: expected a readable file: Permission denied");
}

BOOST_AUTO_TEST_CASE(tells_what_else_the_system_refuses) {
    BOOST_TEST(read(std::string(5000, 'a')) ==
               "71 f: expected a readable file: File name too long");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
