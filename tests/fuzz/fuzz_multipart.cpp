// SPDX-License-Identifier: MIT
// Multipart bodies and their Content-Disposition, against a second parser. The first line of the
// input is the boundary.
#include <optional>
#include <string>

#include "check_form.hpp"

using namespace roomkey;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view input = fuzz::as_text(data, size);
    const std::string boundary(fuzz::take_line(input));
    // What is cut off is another body, and perhaps a whole one.
    for (const std::string_view body : {input, input.substr(0, input.size() / 2)}) {
        const auto parsed =
            fuzz::in_time([&] { return parse_multipart(body, boundary, fuzz::k_limits); });
        fuzz::check_form(parsed, reference::multipart(std::string(body), boundary, fuzz::k_names));
    }
    return 0;
}
