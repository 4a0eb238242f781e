#!/bin/sh
# SPDX-License-Identifier: MIT
# Holds the core to its rule: a request, a time and randomness in, a response out, no I/O. What an
# archive needs from outside stands in its undefined symbols, so those are searched for whatever
# asks the system for something. The search first proves itself on an object that breaks the rule.
# Usage: core_symbols.sh NM CXX ARCHIVE
set -eu

nm=$1
cxx=$2
archive=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
    echo "core_symbols: $1" >&2
    exit 1
}

# C functions, as whole names; also in the fortified and large-file forms (__read_chk, open64).
clocks='time|gettimeofday|clock_gettime|clock|ftime|timespec_get|localtime|localtime_r|sleep|usleep|nanosleep|clock_nanosleep'
randomness='getrandom|getentropy|arc4random|arc4random_buf|rand|rand_r|random|srand|srandom|drand48'
surroundings='getenv|secure_getenv|setenv|putenv|environ|__environ|system|popen|execve|execvp|fork|getpid|getuid|sysconf|syscall|signal|sigaction'
files='open|openat|creat|close|read|pread|readv|write|pwrite|writev|lseek|stat|fstat|lstat|access|unlink|rename|fopen|freopen|fdopen|fclose|fread|fwrite|fgets|fputs|fputc|fgetc|getline|printf|fprintf|vfprintf|puts|putchar|scanf|fscanf|perror|mmap|munmap|ioctl|fcntl|syslog|openlog'
sockets='socket|socketpair|bind|listen|accept|accept4|connect|send|sendto|sendmsg|recv|recvfrom|recvmsg|poll|ppoll|select|pselect|epoll_wait|epoll_create1|eventfd|getaddrinfo|gethostbyname'
libraries='FCGX_[A-Za-z_]+|FCGI_[A-Za-z_]+|OS_[A-Z][A-Za-z_]+|RAND_[A-Za-z_]+|BIO_[A-Za-z_]+'
c_names="^(__)?($clocks|$randomness|$surroundings|$files|$sockets)(64|64_2|_2)?(_chk)?\$|^($libraries)\$"

# C++, as c++filt writes it.
cxx_names='std::chrono::(_V2::)?[a-z_]+_clock::now|std::random_device|std::basic_[io]?f(stream|ilebuf)|^std::c(in|out|err|log)$|^std::w?c(in|out|err|log)$|std::filesystem::|std::thread::|std::this_thread::|std::ios_base::Init'

# The names that an object or archive leaves to others, one a line.
undefined() {
    "$nm" -u "$@" | sed -n 's/^ *[Uw] //p' | sed 's/@.*//' | sort -u
}

# Those of them that the core must not use.
forbidden() {
    undefined "$1" | grep -E "$c_names" || true
    undefined -C "$1" | grep -E "$cxx_names" || true
}

# The control: it breaks the rule in each way, and each must be found.
cat > "$work/control.cpp" <<'CONTROL'
#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>

extern "C" int FCGX_Accept_r(void*);
extern "C" int RAND_bytes(unsigned char*, int);

long control(const char* path) {
    char byte = 0;
    timeval now{};
    timespec precise{};
    long sum = std::getenv(path) != nullptr;
    sum += std::chrono::system_clock::now().time_since_epoch().count();
    sum += std::chrono::steady_clock::now().time_since_epoch().count();
    sum += time(nullptr) + gettimeofday(&now, nullptr) + clock_gettime(CLOCK_REALTIME, &precise);
    sum += getrandom(&byte, 1, 0) + RAND_bytes(nullptr, 0) + FCGX_Accept_r(nullptr);
    sum += std::random_device()();
    const int file = open(path, O_RDWR);
    sum += read(file, &byte, 1) + write(file, &byte, 1) + socket(AF_UNIX, SOCK_STREAM, 0);
    sum += std::fopen(path, "r") != nullptr;
    sum += std::fstream(path).good() + std::ifstream(path).good() + std::ofstream(path).good();
    std::cout << sum;
    return sum;
}
CONTROL
"$cxx" -std=c++20 -O0 -c "$work/control.cpp" -o "$work/control.o" || fail "the control doesn't compile"
forbidden "$work/control.o" > "$work/control.found"
for name in getenv time gettimeofday clock_gettime getrandom RAND_bytes FCGX_Accept_r open read \
    write socket fopen; do
    grep -Eqx "$name(64)?" "$work/control.found" || fail "the search misses $name in the control"
done
for name in system_clock::now steady_clock::now std::random_device std::basic_fstream \
    std::basic_ifstream std::basic_ofstream std::cout; do
    grep -Fq "$name" "$work/control.found" || fail "the search misses $name in the control"
done

# The archive itself: the right one, and readable in all its members.
members=$("$nm" "$archive" 2>&1 | grep -c '\.o:$' || true)
readable=$("$nm" -A "$archive" 2>/dev/null | cut -d: -f2 | sort -u | grep -c '\.o$' || true)
[ "$members" -gt 0 ] || fail "$archive has no members"
[ "$members" -eq "$readable" ] || fail "nm reads $readable of $members members of $archive"
undefined "$archive" > "$work/archive.undefined"
grep -q '^EVP_MAC_init$' "$work/archive.undefined" || fail "$archive does not sign; is it the core?"
"$nm" -C "$archive" 2>/dev/null | grep -q ' T roomkey::respond(' || fail "$archive does not respond; is it the core?"

forbidden "$archive" > "$work/archive.found"
if [ -s "$work/archive.found" ]; then
    echo "core_symbols: the core must not use:" >&2
    cat "$work/archive.found" >&2
    exit 1
fi
echo "core_symbols: $members objects use nothing of the system; the control uses $(wc -l < "$work/control.found" | tr -d ' ') things of it"
