#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every test, on a fresh machine too: installs what is missing, builds, and runs the suites that are
# named, or all of them. Each runner prints its own closing lines.
#
# usage: tests/run.sh [SUITE ...]
#   unit        Boost.Test, and the fuzzers' corpora
#   docs        README, --help, man pages and completion say the same as the binary does; cmake --install
#   process     the real binary: raw FastCGI, CGI, spawn-fcgi, signals, nginx
#   servers     every web server and process manager, with the shipped configuration files
#   scaledrone  the local Scaledrone, with the vendor's client
#   browser     the chat page in Chromium
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/deploy/common.sh"
cd "$root"

suites=("$@")
[ $# -gt 0 ] || suites=(unit docs process servers scaledrone browser)
for suite in "${suites[@]}"; do
  case $suite in
    unit | docs | process | servers | scaledrone | browser) ;;
    *) sed -n 's/^# \{0,1\}//; /^usage/,/browser/p' "$0" >&2; exit 64 ;;
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
    docs) run_suite "tests of documents and installation" node --test tests/package/*.test.js ;;
    process) run_suite "process tests" node --test tests/process/*.test.js ;;
    servers) run_suite "tests of the servers" node --test tests/servers/*.test.js ;;
    scaledrone) run_suite "tests of the local Scaledrone" npm test --prefix deploy/local-scaledrone ;;
    browser) run_suite "browser tests" node --test tests/browser/*.test.js ;;
  esac
done

if [ "${#failed[@]}" -gt 0 ]; then
  printf '\nFailed: %s\n' "${failed[*]}" >&2
  exit 1
fi
