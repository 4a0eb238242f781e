#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every test, on a fresh machine too: installs what is missing, builds, and runs the suites that are
# named, or all of them but engines, side by side. Prints each runner's closing lines; whole logs are in build/logs.
#
# usage: tests/run.sh [SUITE ...]
#   unit        Boost.Test, and the fuzzers' corpora
#   docs        README, --help, man pages and completion say the same as the binary does; cmake --install
#   process     the real binary: raw FastCGI, CGI, spawn-fcgi, signals, nginx
#   servers     every web server and process manager, with the shipped configuration files
#   scaledrone  the local Scaledrone, with the vendor's client
#   browser     the chat page in Chromium
#   engines     RabbitMQ (three nodes), ejabberd and LiveKit's library with the tokens of their policies
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/deploy/common.sh"
cd "$root"
. tests/lanes.sh

suites=("$@")
# The engines take minutes and hundreds of megabytes, so they are asked before a release (tests/deep.sh).
[ $# -gt 0 ] || suites=(browser process servers scaledrone docs unit)
for suite in "${suites[@]}"; do
  case $suite in
    unit | docs | process | servers | scaledrone | browser | engines) ;;
    *) sed -n 's/^# \{0,1\}//; /^usage/,/engines/p' "$0" >&2; exit 64 ;;
  esac
done

install_missing "${k_build_packages[@]}" "${k_serve_packages[@]}" "${k_node_packages[@]}" \
  "${k_test_packages[@]}"
install_node_modules deploy/local-scaledrone
install_node_modules tests
if [[ " ${suites[*]} " = *" engines "* ]]; then
  install_missing "${k_engine_packages[@]}"
  install_node_modules tests/engines
fi

build() { cmake --preset dev && cmake --build --preset dev; }
step "Building roomkey and its unit tests" build
export ROOMKEY_BIN=$root/build/dev/roomkey

# Most files wait most of the time, so more of them run at once than there are processors.
files() { node --test --test-concurrency="$1" "${@:2}"; }
for suite in "${suites[@]}"; do
  case $suite in
    unit) lane unit ctest --preset dev ;;
    docs) lane docs files 1 tests/package/*.test.js ;;
    process) lane process files 2 tests/process/*.test.js ;;
    servers) lane servers files 2 tests/servers/*.test.js ;;
    scaledrone) lane scaledrone npm test --prefix deploy/local-scaledrone ;;
    browser) lane browser files 2 tests/browser/*.test.js ;;
    engines) lane engines files 2 tests/engines/*.test.js ;;
  esac
done
finish_lanes
close_lanes
