#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The unit tests under valgrind, whose memcheck sees reads of what was never written, which the
# sanitizers do not. Without the suite `hardening` and a case of `permissions_check`, which hold the
# code to a time, and without `failing_memory`, whose allocators can't take the place of valgrind's.
#
# usage: tests/valgrind.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/deploy/common.sh"
cd "$root"

install_missing "${k_build_packages[@]}" "${k_test_packages[@]}" valgrind:valgrind
build() { cmake --preset dev && cmake --build --preset dev --target roomkey_unit; }
step "Building the unit tests" build
exec valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite \
  --show-mismatched-frees=no \
  build/dev/tests/roomkey_unit --run_test='!hardening' --run_test='!failing_memory' \
  --run_test='!permissions_check/ends_in_bounded_time'
