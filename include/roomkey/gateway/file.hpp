// SPDX-License-Identifier: MIT
// Reads the files of the configuration. Only regular files are read: a pipe or a device could keep
// a start or a reload waiting for ever.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "roomkey/gateway/descriptor.hpp"

namespace roomkey {

// Whether `path` is a directory.
[[nodiscard]] bool is_directory(const std::string& path);

// The names in a directory, in order. Throws ConfigError.
[[nodiscard]] std::vector<std::string> names_in(const std::string& directory,
                                                const std::string& where);

// Opens a file for reading. `where` is what errors call it. Throws ConfigError, whose exit status
// tells a file that is missing from one that may not be read and from something else.
[[nodiscard]] Descriptor open_file(const std::string& path, const std::string& where);

// Reads until the file or `into` ends; how many bytes that were. Throws ConfigError.
[[nodiscard]] std::size_t read_file(const Descriptor& file, std::span<unsigned char> into,
                                    const std::string& where);

// The text of a file, or its first `limit` + 1 bytes. Throws ConfigError.
[[nodiscard]] std::string read_text(const std::string& path, const std::string& where,
                                    std::size_t limit);

}  // namespace roomkey
