// SPDX-License-Identifier: MIT
// The multipart parser against a second one. The first line of the input is the boundary.
#include <algorithm>
#include <string>

#include "fuzz.hpp"
#include "reference.hpp"
#include "roomkey/form.hpp"

using namespace roomkey;

namespace {

// The value of a part that is nothing but `Content-Disposition: form-data; name="x"`.
bool is_simple(const std::string& part, std::string& value) {
    const std::string head = "Content-Disposition: form-data; name=\"x\"\r\n\r\n";
    if (part.compare(0, head.size(), head) != 0) {
        return false;
    }
    value = part.substr(head.size());
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view input = fuzz::as_text(data, size);
    const std::string boundary(fuzz::take_line(input));
    const auto parsed = parse_multipart(input, boundary);
    const auto parts = reference::multipart_parts(std::string(input), boundary);
    if (!parsed) {
        return 0;
    }
    // Whatever is accepted is whole, and within the limits.
    FUZZ_CHECK(parts && parts->size() <= k_max_fields);
    for (const std::string& part : *parts) {
        std::string value;
        if (is_simple(part, value)) {
            const std::string* found = parsed->find("x");
            FUZZ_CHECK(found != nullptr && *found == value);
        }
    }
    // Nothing that is cut off within its delimiters is accepted as something else.
    const std::string_view cut = input.substr(0, input.size() / 2);
    const auto less = parse_multipart(cut, boundary);
    FUZZ_CHECK(!less || reference::multipart_parts(std::string(cut), boundary));
    return 0;
}
