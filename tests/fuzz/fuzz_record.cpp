// SPDX-License-Identifier: MIT
// FastCGI bytes: what is read from them does not depend on how they arrive, and takes no more
// memory than has come.
#include <algorithm>
#include <span>
#include <string>

#include "fuzz.hpp"
#include "roomkey/gateway/record_reader.hpp"
#include "roomkey/request/http.hpp"

using namespace roomkey;
using namespace roomkey::fastcgi;

namespace {

// What is said of bytes that come in pieces, up to the end of what can be read.
std::string read(Bytes bytes, std::size_t piece) {
    RecordReader reader(100);
    std::string said;
    std::size_t so_far = 0;
    while (!bytes.empty()) {
        Bytes input = bytes.first(std::min(piece, bytes.size()));
        bytes = bytes.subspan(input.size());
        so_far += input.size();
        while (!input.empty()) {
            const ParseResult result = reader.read(input);
            FUZZ_CHECK(result.size <= input.size());
            input = input.subspan(result.size);
            const ReceivedRequest& request = reader.request();
            FUZZ_CHECK(request.parameters.size() <= k_max_parameters);
            FUZZ_CHECK(request.body.size() <= k_max_body + 1);
            FUZZ_CHECK(reader.memory() <= 1000 + 4 * so_far);
            FUZZ_CHECK(result.reply.size() <= 128);
            said.append(1, "iqrf"[static_cast<int>(result.status)]).append(result.reply);
            if (result.status == InputStatus::incomplete) {
                FUZZ_CHECK(input.empty());
                said.pop_back();
            } else if (result.status == InputStatus::request) {
                said.append(request.parameters).append(1, '|').append(request.body);
                said.append(request.refusal ? "!" : "").append(std::to_string(request.id));
                if (!request.is_whole) {
                    return said;
                }
                reader.reset();
            } else if (result.status == InputStatus::refused) {
                return said;
            }
        }
    }
    return said + (reader.is_idle() ? "idle" : "");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const Bytes bytes(data, size);
    return fuzz::in_time([bytes, size] {
        const std::string whole = read(bytes, std::max<std::size_t>(size, 1));
        for (const std::size_t piece : {1 + size / 64, 1 + size / 7, std::size_t{8}}) {
            FUZZ_CHECK(read(bytes, std::max(piece, 1 + size / 512)) == whole);
        }
        return 0;
    });
}
