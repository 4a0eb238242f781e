// SPDX-License-Identifier: MIT
#include "roomkey/policy/origin.hpp"

#include <arpa/inet.h>

#include <array>
#include <string>

#include "roomkey/text/text.hpp"

namespace roomkey {

namespace {

constexpr std::string_view k_digits = "0123456789";
constexpr std::string_view k_host_characters = "abcdefghijklmnopqrstuvwxyz0123456789-_";

// Addresses have several spellings, of which browsers send one: the one that they are printed in.
bool is_canonical_address(int family, const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    std::array<char, INET6_ADDRSTRLEN> printed{};
    return ::inet_pton(family, text.c_str(), address.data()) == 1 &&
           ::inet_ntop(family, address.data(), printed.data(), printed.size()) != nullptr &&
           text == printed.data();
}

bool is_host(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) {
        return is_canonical_address(AF_INET6, std::string(host.substr(1, host.size() - 2)));
    }
    std::string_view label;
    for (std::string_view rest = host;; rest.remove_prefix(label.size() + 1)) {
        label = rest.substr(0, rest.find('.'));
        if (label.empty() || label.find_first_not_of(k_host_characters) != std::string_view::npos) {
            return false;
        }
        if (label.size() == rest.size()) {
            break;
        }
    }
    // A host that ends in a number is an IPv4 address.
    const bool is_number = label.find_first_not_of(k_digits) == std::string_view::npos;
    return !is_number || is_canonical_address(AF_INET, std::string(host));
}

bool is_port(std::string_view port, std::string_view default_port) {
    constexpr long long k_max_port = 65'535;
    const long long number = parse_decimal(port);
    return number >= 1 && number <= k_max_port && port.front() != '0' && port != default_port;
}

}  // namespace

bool is_origin(std::string_view text) {
    constexpr std::string_view k_http = "http://";
    constexpr std::string_view k_https = "https://";
    const bool secure = text.starts_with(k_https);
    if (!secure && !text.starts_with(k_http)) {
        return false;
    }
    text.remove_prefix(secure ? k_https.size() : k_http.size());
    // Behind the brackets of an IPv6 address, if it is one.
    const std::size_t colon = text.find(':', text.starts_with('[') ? text.find(']') : 0);
    return is_host(text.substr(0, colon)) &&
           (colon == std::string_view::npos ||
            is_port(text.substr(colon + 1), secure ? "443" : "80"));
}

}  // namespace roomkey
