// SPDX-License-Identifier: MIT
#include "roomkey/gateway/listener.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "roomkey/program/options.hpp"
#include "support.hpp"
#include "temporary.hpp"

namespace {

using namespace roomkey;
using test::TemporaryDirectory;

BOOST_AUTO_TEST_SUITE(listener)

bool exists(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(static_cast<void*>(address.sun_path), path.data(), path.size());
    return address;
}

// A socket that is bound to the path, and listens on nothing yet.
Descriptor bound_to(const std::string& path) {
    const sockaddr_un address = address_of(path);
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_REQUIRE(
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    return socket;
}

Descriptor connect_to(const std::string& path) {
    const sockaddr_un address = address_of(path);
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    BOOST_TEST(
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    return socket;
}

int error_of(const std::string& address) {
    try {
        (void)Listener::open(address);
    } catch (const std::system_error& error) {
        return error.code().value();
    }
    return 0;
}

BOOST_AUTO_TEST_CASE(listens_on_a_unix_socket_for_owner_and_group_whatever_the_umask) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("socket");
    for (const mode_t mask : {0000U, 0022U, 0077U, 0777U}) {
        const mode_t before = ::umask(mask);
        {
            const Listener open = Listener::open("unix:" + path);
            BOOST_TEST(::umask(mask) == mask);
            BOOST_TEST(open.name() == "unix:" + path);
            struct stat status {};
            BOOST_TEST(::stat(path.c_str(), &status) == 0);
            BOOST_TEST((status.st_mode & 0777U) == 0660U);
            BOOST_TEST((::fcntl(open.fd(), F_GETFL) & O_NONBLOCK) != 0);
            const Descriptor client = connect_to(path);
            const Descriptor accepted(::accept4(open.fd(), nullptr, nullptr, SOCK_CLOEXEC));
            BOOST_TEST(static_cast<bool>(accepted));
        }
        ::umask(before);
        // The file goes with the listener.
        BOOST_TEST(!exists(path));
    }
}

BOOST_AUTO_TEST_CASE(removes_its_file_once_when_moved) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("socket");
    {
        Listener first = Listener::open("unix:" + path);
        const Listener second(std::move(first));
        BOOST_TEST(exists(path));
    }
    BOOST_TEST(!exists(path));
}

BOOST_AUTO_TEST_CASE(leaves_the_file_that_has_taken_the_place_of_its_own) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("socket");
    Listener replaced = Listener::open("unix:" + path);
    BOOST_REQUIRE(::unlink(path.c_str()) == 0);
    const Listener next = Listener::open("unix:" + path);
    replaced.close();
    BOOST_TEST(exists(path));
    const Descriptor client = connect_to(path);
}

BOOST_AUTO_TEST_CASE(replaces_a_socket_that_nobody_listens_on) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("socket");
    bound_to(path);
    BOOST_TEST(exists(path));
    const Listener open = Listener::open("unix:" + path);
    const Descriptor client = connect_to(path);
}

BOOST_AUTO_TEST_CASE(leaves_a_socket_that_somebody_listens_on) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("socket");
    const Listener open = Listener::open("unix:" + path);
    BOOST_TEST(error_of("unix:" + path) == EADDRINUSE);
    const Descriptor client = connect_to(path);
}

BOOST_AUTO_TEST_CASE(leaves_a_socket_whose_listener_is_too_busy_to_accept) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("socket");
    const sockaddr_un address = address_of(path);
    const Descriptor busy = bound_to(path);
    BOOST_REQUIRE(::listen(busy.get(), 0) == 0);
    std::vector<Descriptor> waiting;
    do {
        waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    } while (::connect(waiting.back().get(), reinterpret_cast<const sockaddr*>(&address),
                       sizeof(address)) == 0);
    BOOST_TEST(errno == EAGAIN);
    BOOST_TEST(error_of("unix:" + path) == EADDRINUSE);
    BOOST_TEST(exists(path));
}

BOOST_AUTO_TEST_CASE(leaves_a_file_that_is_no_socket) {
    const TemporaryDirectory directory;
    const std::string path = directory.write("file", "precious");
    BOOST_TEST(error_of("unix:" + path) == EEXIST);
    BOOST_TEST(exists(path));
    BOOST_TEST(error_of("unix:" + directory.path("none/socket")) == ENOENT);
}

BOOST_AUTO_TEST_CASE(listens_on_a_port) {
    for (int port = 39'000; port < 39'100; ++port) {
        const std::string address = "127.0.0.1:" + std::to_string(port);
        if (error_of(address) != 0) {
            continue;  // somebody else's
        }
        const Listener open = Listener::open(address);
        BOOST_TEST(open.name() == address);
        BOOST_TEST(error_of(address) == EADDRINUSE);
        BOOST_TEST(error_of(":" + std::to_string(port)) == EADDRINUSE);
        return;
    }
    BOOST_ERROR("no free port");
}

struct Address : test::Case {
    std::string address;
    std::string text;
};

const Address k_addresses[] = {
    {{"nothing"}, "", "--socket: expected unix:PATH or HOST:PORT, found "},
    {{"a path without unix:"},
     "/run/roomkey.sock",
     "--socket: expected unix:PATH or HOST:PORT, found /run/roomkey.sock"},
    {{"a host alone"}, "localhost", "--socket: expected unix:PATH or HOST:PORT, found localhost"},
    {{"no port"}, "localhost:", "--socket: expected unix:PATH or HOST:PORT, found localhost:"},
    {{"port 0"}, "localhost:0", "--socket: expected unix:PATH or HOST:PORT, found localhost:0"},
    {{"port 65536"},
     "localhost:65536",
     "--socket: expected unix:PATH or HOST:PORT, found localhost:65536"},
    {{"a port by name"},
     "localhost:http",
     "--socket: expected unix:PATH or HOST:PORT, found localhost:http"},
    {{"a port below zero"},
     "localhost:-1",
     "--socket: expected unix:PATH or HOST:PORT, found localhost:-1"},
    {{"no path"}, "unix:", "--socket unix:PATH: expected a path of 1 to 107 bytes, found 0"},
    {{"a path of 108 bytes"},
     "unix:/" + std::string(107, 'a'),
     "--socket unix:PATH: expected a path of 1 to 107 bytes, found 108"},
};

BOOST_DATA_TEST_CASE(refuses_other_addresses, k_addresses, row) {
    try {
        (void)Listener::open(row.address);
        BOOST_ERROR("opened");
    } catch (const UsageError& error) {
        BOOST_TEST(error.what() == row.text);
    }
}

// Who shares the socket may make it blocking, as systemd does when it starts another process on fd
// 0. A worker must not wait in accept then: it would serve nobody, and not even stop.
BOOST_AUTO_TEST_CASE(does_not_wait_for_a_connection_when_another_process_made_it_blocking) {
    const TemporaryDirectory directory;
    const Listener listener = Listener::open("unix:" + directory.path("socket"));
    const int flags = ::fcntl(listener.fd(), F_GETFL);
    BOOST_REQUIRE(::fcntl(listener.fd(), F_SETFL, flags & ~O_NONBLOCK) == 0);
    ::alarm(5);  // ends the test that would otherwise hang
    const int accepted = ::accept4(listener.fd(), nullptr, nullptr, 0);
    const int error = errno;
    ::alarm(0);
    BOOST_TEST(accepted == -1);
    BOOST_TEST(error == EAGAIN);
}

// So a stop can see to it that nobody is let in whom it does not answer.
BOOST_AUTO_TEST_CASE(is_found_by_nobody_once_withdrawn_but_accepts_who_was_there) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("socket");
    Listener withdrawn = Listener::open("unix:" + path);
    const Descriptor early = connect_to(path);
    withdrawn.withdraw();
    BOOST_TEST(!exists(path));
    const Descriptor accepted(::accept4(withdrawn.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    BOOST_TEST(static_cast<bool>(accepted));
    // The next one's file is not ours, even if it got our file's number.
    const Listener next = Listener::open("unix:" + path);
    withdrawn.close();
    BOOST_TEST(exists(path));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
