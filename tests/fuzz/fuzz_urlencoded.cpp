// SPDX-License-Identifier: MIT
// urlencoded bodies and query strings, against a second parser.
#include <optional>
#include <string>

#include "check_form.hpp"

using namespace roomkey;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string text(fuzz::as_text(data, size));
    const auto parsed = fuzz::in_time([&] { return parse_urlencoded(text, fuzz::k_limits); });
    fuzz::check_form(parsed, reference::urlencoded(text, fuzz::k_names));
    return 0;
}
