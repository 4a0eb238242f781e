// SPDX-License-Identifier: MIT
// A directory that goes with the test.
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace roomkey::test {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "roomkey-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("no temporary directory");
        }
        m_path = name;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(m_path, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] std::string path(const std::string& name) const {
        return m_path.string() + "/" + name;
    }

    // Writes a file of that mode, whatever the umask, and gives its path.
    [[nodiscard]] std::string write(const std::string& name, std::string_view content,
                                    mode_t mode = 0600) const {
        std::ofstream(path(name), std::ios::binary) << content;
        if (::chmod(path(name).c_str(), mode) != 0) {
            throw std::runtime_error("chmod failed");
        }
        return path(name);
    }

private:
    std::filesystem::path m_path;
};

}  // namespace roomkey::test
