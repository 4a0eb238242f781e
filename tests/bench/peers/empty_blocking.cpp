// SPDX-License-Identifier: MIT
// A FastCGI responder by the book: each thread accepts, reads the body, answers a constant, and
// blocks again. With one thread it is the customary program; with keepalive it needs a thread for
// every connection that a web server may keep, or requests hang.
//
// usage: empty_blocking SOCKET THREADS
#include <fcgiapp.h>

#include <array>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

void serve(int socket) {
    static const std::string k_bytes =
        "Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 500\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n" +
        std::string(500, 'x');
    FCGX_Request request;
    FCGX_InitRequest(&request, socket, 0);
    std::array<char, 16'384> body{};
    while (FCGX_Accept_r(&request) == 0) {
        while (FCGX_GetStr(body.data(), static_cast<int>(body.size()), request.in) > 0) {
        }
        FCGX_PutStr(k_bytes.data(), static_cast<int>(k_bytes.size()), request.out);
        FCGX_Finish_r(&request);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3 || FCGX_Init() != 0) {
        return EXIT_FAILURE;
    }
    const int socket = FCGX_OpenSocket(argv[1], 1024);
    std::vector<std::thread> threads;
    for (int i = 0; i < std::atoi(argv[2]); ++i) {
        threads.emplace_back(serve, socket);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    return EXIT_SUCCESS;
}
