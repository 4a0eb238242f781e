#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The style checks: clang-format, cppcheck and clang-tidy on the C++, shellcheck on the scripts.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/deploy/common.sh"
cd "$root"

install_missing "${k_build_packages[@]}" "${k_style_packages[@]}"
mapfile -t sources < <(git ls-files '*.cpp' '*.hpp')
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
step "clang-format" clang-format --dry-run --Werror "${sources[@]}"
step "shellcheck" shellcheck -x "${scripts[@]}"
# It can't parse the lambda that fills a constant of base64url, and takes the move out of a reference
# for one out of a local variable.
step "cppcheck" cppcheck -j "$(nproc)" --quiet --error-exitcode=1 --std=c++20 --language=c++ -Iinclude \
  --enable=warning,performance,portability --suppress=syntaxError:src/text/base64url.cpp \
  --suppress=returnStdMoveLocal src
tidy() { cmake --workflow --preset tidy; }
step "clang-tidy" tidy
