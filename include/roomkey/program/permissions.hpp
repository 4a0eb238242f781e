// SPDX-License-Identifier: MIT
// What a token's permissions allow in a room, as the realtime service decides it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace roomkey {

// One entry of the claim `permissions`.
struct Permission {
    std::string pattern;
    bool publish = false;
    bool subscribe = false;
    // How many past messages may be read.
    long long history = 0;
};

struct Access {
    bool publish = false;
    bool subscribe = false;
    long long history = 0;
    // Which permissions match, as indices; they decide together.
    std::vector<std::size_t> deciding;
    // Those of which it takes too long to find out whether they match.
    std::vector<std::size_t> undecided;
};

// What `permissions` grant in `room`. Where several match, all of them must allow; where none
// does, nothing is granted. A pattern that is no regular expression matches nothing; with one that
// takes too long nothing is granted either, since it might forbid.
[[nodiscard]] Access access_to(std::string_view room, const std::vector<Permission>& permissions);

}  // namespace roomkey
