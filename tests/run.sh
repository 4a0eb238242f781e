#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every test, on a fresh machine too: installs what is missing, builds, and runs the unit tests
# (Boost.Test), the process tests (real servers) and the browser tests (Chromium). Each runner
# prints its own closing lines.
#
# usage: tests/run.sh [unit] [process] [scaledrone] [browser]     all of them by default
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/deploy/common.sh"
cd "$root"

suites=("$@")
[ $# -gt 0 ] || suites=(unit process scaledrone browser)
for suite in "${suites[@]}"; do
  case $suite in
    unit | process | scaledrone | browser) ;;
    *) echo "usage: tests/run.sh [unit] [process] [scaledrone] [browser]" >&2; exit 64 ;;
  esac
done

install_missing "${k_build_packages[@]}" "${k_serve_packages[@]}" "${k_node_packages[@]}" \
  "${k_test_packages[@]}"
install_node_modules deploy/local-scaledrone
install_node_modules tests

build() { cmake --preset dev && cmake --build --preset dev; }
step "Building roomkey and its unit tests" build
export ROOMKEY_BIN=$root/build/dev/roomkey

failed=()
run_suite() {
  local name=$1
  shift
  printf '\n== %s\n' "$name"
  "$@" || failed+=("$name")
}
for suite in "${suites[@]}"; do
  case $suite in
    unit) run_suite "unit tests" ctest --preset dev ;;
    process) run_suite "process tests" node --test tests/process/ ;;
    scaledrone) run_suite "tests of the local Scaledrone" npm test --prefix deploy/local-scaledrone ;;
    browser) run_suite "browser tests" node --test tests/browser/ ;;
  esac
done

if [ "${#failed[@]}" -gt 0 ]; then
  printf '\nFailed: %s\n' "${failed[*]}" >&2
  exit 1
fi
