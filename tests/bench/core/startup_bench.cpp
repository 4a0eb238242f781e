// SPDX-License-Identifier: MIT
// Runs two programs in turn, many times, as a web server runs a CGI program, and prints how long
// each takes from before its start to after its end: median, minimum and maximum in microseconds.
// The last number is the median of its own user and system time, which other work on the machine
// changes less.
//
// usage: startup_bench ROUNDS BODY-FILE PROGRAM OTHER-PROGRAM     (the environment is passed on)
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Microseconds = std::chrono::duration<double, std::micro>;

struct Times {
    std::vector<double> wall;
    std::vector<double> cpu;
};

double microseconds(const timeval& time) {
    return Microseconds(std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec))
        .count();
}

void run(const std::string& program, const std::string& body, Times& times) {
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_addopen(&files, STDIN_FILENO, body.c_str(), O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    std::string name = program;
    const std::array<char*, 2> arguments{name.data(), nullptr};
    const auto start = std::chrono::steady_clock::now();
    pid_t child = 0;
    int status = 1;
    rusage usage{};
    if (::posix_spawn(&child, program.c_str(), &files, nullptr, arguments.data(), environ) != 0 ||
        ::wait4(child, &status, 0, &usage) != child || status != 0) {
        throw std::runtime_error(program + " failed");
    }
    const auto end = std::chrono::steady_clock::now();
    ::posix_spawn_file_actions_destroy(&files);
    times.wall.push_back(Microseconds(end - start).count());
    times.cpu.push_back(microseconds(usage.ru_utime) + microseconds(usage.ru_stime));
}

void print(const std::string& program, Times times) {
    std::sort(times.wall.begin(), times.wall.end());
    std::sort(times.cpu.begin(), times.cpu.end());
    std::cout << program.substr(program.rfind('/') + 1) << ' ' << times.wall[times.wall.size() / 2]
              << ' ' << times.wall.front() << ' ' << times.wall.back() << ' '
              << times.cpu[times.cpu.size() / 2] << '\n';
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> given(argv + 1, argv + argc);
        const std::array<std::string, 2> programs{given.at(2), given.at(3)};
        std::array<Times, 2> times;
        const int rounds = std::stoi(given.at(0));
        for (int round = 0; round < rounds; ++round) {
            for (std::size_t i = 0; i < programs.size(); ++i) {
                run(programs[i], given[1], times[i]);
            }
        }
        for (std::size_t i = 0; i < programs.size(); ++i) {
            print(programs[i], times[i]);
        }
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
