// SPDX-License-Identifier: MIT
// What the token says that a request brought along to be renewed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace roomkey {

// Its claims that are strings, each by its path (`client`, `data.name`). It is filled only from a
// token that was verified; without one it is empty.
class PreviousClaims {
public:
    void add(std::string path, std::string value) {
        m_claims.insert_or_assign(std::move(path), std::move(value));
    }

    // The claim at `path`, or null when it is absent.
    [[nodiscard]] const std::string* find(std::string_view path) const {
        const auto found = m_claims.find(path);
        return found == m_claims.end() ? nullptr : &found->second;
    }

private:
    std::map<std::string, std::string, std::less<>> m_claims;
};

}  // namespace roomkey
