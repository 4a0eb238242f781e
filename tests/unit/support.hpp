// SPDX-License-Identifier: MIT
// What several suites need: stand-ins for randomness and for a request's variables, data files, and
// diagnostics and refusals as text that a table can hold.
#pragma once

#include <cstddef>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "roomkey/request/http.hpp"
#include "roomkey/request/refusal.hpp"
#include "roomkey/text/diagnostics.hpp"
#include "roomkey/text/errors.hpp"
#include "roomkey/token/random.hpp"

namespace roomkey::test {

// A row of a table. It prints as its name, so that a failure tells which row it was.
struct Case {
    std::string_view name;
};

inline std::ostream& operator<<(std::ostream& out, const Case& row) {
    return out << row.name;
}

// Meta-variables with storage of their own.
class Variables {
public:
    Variables(std::initializer_list<std::string> pairs)
        : Variables(std::vector<std::string>(pairs)) {}
    explicit Variables(std::vector<std::string> pairs) : m_pairs(std::move(pairs)) {
        for (const std::string& pair : m_pairs) {
            m_pointers.push_back(pair.c_str());
        }
        m_pointers.push_back(nullptr);
    }
    Variables(const Variables&) = delete;
    Variables& operator=(const Variables&) = delete;

    [[nodiscard]] Parameters parameters() const { return Parameters(m_pointers.data()); }

private:
    std::vector<std::string> m_pairs;
    std::vector<const char*> m_pointers;
};

// Gives the bytes of a pattern, over and over.
class FixedRandom : public RandomSource {
public:
    explicit FixedRandom(std::vector<unsigned char> pattern = {0})
        : m_pattern(std::move(pattern)) {}

    void fill(std::span<unsigned char> bytes) override {
        for (unsigned char& byte : bytes) {
            byte = m_pattern[m_next++ % m_pattern.size()];
        }
    }

private:
    std::vector<unsigned char> m_pattern;
    std::size_t m_next = 0;
};

// A kernel that gives no randomness.
class BrokenRandom : public RandomSource {
public:
    void fill(std::span<unsigned char> /*bytes*/) override {
        throw std::runtime_error("no randomness today");
    }
};

inline std::span<const unsigned char> bytes_of(std::string_view text) {
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

// A string with the zero bytes that a literal has inside.
template <std::size_t Size>
std::string with_zeros(const char (&literal)[Size]) {
    return std::string(static_cast<const char*>(literal), Size - 1);
}

// The content of a file of tests/data.
inline std::string read_data(const std::string& name) {
    std::ifstream file(std::string(ROOMKEY_TEST_DATA) + "/" + name, std::ios::binary);
    if (!file) {
        throw std::runtime_error("tests/data/" + name + " can't be read");
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

// The same without the line end that text files have.
inline std::string read_line(const std::string& name) {
    std::string text = read_data(name);
    return text.substr(0, text.find('\n'));
}

// Errors, then warnings, one a line.
inline std::string describe(Diagnostics diagnostics) {
    std::string lines;
    try {
        diagnostics.throw_if_any();
    } catch (const ConfigError& error) {
        for (const std::string& finding : error.findings()) {
            lines += "error " + finding + "\n";
        }
    }
    for (const std::string& warning : std::move(diagnostics).take_warnings()) {
        lines += "warning " + warning + "\n";
    }
    return lines;
}

inline std::string describe(const Refusal& refusal) {
    return std::to_string(status_of(refusal.reason)) + " " + public_text(refusal);
}

// "422 No clientID defined", or "accepted".
template <class T>
std::string verdict(const Outcome<T>& outcome) {
    return outcome ? "accepted" : describe(outcome.error());
}

}  // namespace roomkey::test
