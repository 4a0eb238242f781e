// SPDX-License-Identifier: MIT
// JSON bodies, against a second parser.
#include <optional>
#include <string>

#include "check_form.hpp"

using namespace roomkey;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string text(fuzz::as_text(data, size));
    const auto parsed = fuzz::in_time([&] { return parse_json_form(text, fuzz::k_limits); });
    fuzz::check_form(parsed, reference::json(text, fuzz::k_names));
    return 0;
}
