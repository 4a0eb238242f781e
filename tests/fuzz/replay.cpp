// SPDX-License-Identifier: MIT
// Runs a fuzzer over a corpus once, without a fuzzing engine: so each compiler and each sanitizer
// sees what a fuzzer has found before. usage: replay_TARGET FOLDER ...
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s FOLDER ...\n", argv[0]);
        return 64;
    }
    int count = 0;
    for (int i = 1; i < argc; ++i) {
        int here = 0;
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            std::ifstream file(entry.path(), std::ios::binary);
            const std::string input(std::istreambuf_iterator<char>(file), {});
            LLVMFuzzerTestOneInput(reinterpret_cast<const unsigned char*>(input.data()),
                                   input.size());
            ++here;
        }
        if (here == 0) {
            std::fprintf(stderr, "%s: expected inputs, found none\n", argv[i]);
            return 1;
        }
        count += here;
    }
    std::printf("%d inputs\n", count);
    return 0;
}
