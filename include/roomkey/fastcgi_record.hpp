// SPDX-License-Identifier: MIT
// Looks at the bytes of a connection before libfcgi does: whether a whole request is there, and
// what libfcgi had better not see. Pure: bytes in, verdict out. (FastCGI 1.0, sections 3 to 5.)
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace roomkey::fastcgi {

enum class Verdict {
    incomplete,       // more bytes are needed
    request,          // a whole request is there
    oversized,        // all parameters are there, and more of the body than any request may have
    answer,           // a record that `reply` answers, or that is ignored; the connection goes on
    answer_and_close  // a request or a record that is refused; `reply` says so, or is empty
};

struct Scan {
    Verdict verdict;
    // How many of the bytes the verdict covers.
    std::size_t size = 0;
    // Records to send; empty for most verdicts.
    std::string reply = {};
    // Where those bytes start: after the front for a record within a request, which goes on
    // without it.
    std::size_t start = 0;
};

// Judges the bytes that stand at the front of a connection's input. `full` says that no more bytes
// than these can be looked at. GET_VALUES is answered with `max_connections`.
// Costs one pass over the records' headers, and over the parameters' lengths once all is there.
[[nodiscard]] Scan scan(std::span<const unsigned char> bytes, bool full,
                        std::size_t max_connections);

}  // namespace roomkey::fastcgi
