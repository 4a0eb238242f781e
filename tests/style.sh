#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The style checks: clang-format and clang-tidy on the C++, shellcheck on the scripts.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/deploy/common.sh"
cd "$root"

install_missing "${k_build_packages[@]}" "${k_style_packages[@]}"
mapfile -t sources < <(git ls-files '*.cpp' '*.hpp')
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
step "clang-format" clang-format --dry-run --Werror "${sources[@]}"
step "shellcheck" shellcheck -x "${scripts[@]}"
tidy() { cmake --workflow --preset tidy; }
step "clang-tidy" tidy
