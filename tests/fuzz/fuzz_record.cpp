// SPDX-License-Identifier: MIT
// FastCGI bytes: the verdict on them does not depend on how they arrive. As long as less is there,
// it is `incomplete`; once there is another verdict, more bytes do not change it.
#include <algorithm>
#include <span>

#include "fuzz.hpp"
#include "roomkey/fastcgi_record.hpp"

using namespace roomkey::fastcgi;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::span bytes(data, size);
    const roomkey::fuzz::Bounded bounded;
    const Scan whole = scan(bytes, false, 100);
    FUZZ_CHECK(whole.start + whole.size <= size);
    FUZZ_CHECK(whole.reply.size() <= 128);
    const std::size_t step = std::max<std::size_t>(1, size / 64);
    bool decided = false;
    for (std::size_t part = 0; part <= size; part += step) {
        const Scan partial = scan(bytes.first(part), false, 100);
        if (partial.verdict == Verdict::incomplete) {
            FUZZ_CHECK(!decided);
            continue;
        }
        decided = true;
        FUZZ_CHECK(partial.verdict == whole.verdict);
        FUZZ_CHECK(partial.size == whole.size && partial.start == whole.start);
        FUZZ_CHECK(partial.reply == whole.reply);
    }
    // With a full buffer there is a verdict in any case.
    FUZZ_CHECK(scan(bytes, true, 100).verdict != Verdict::incomplete);
    return 0;
}
