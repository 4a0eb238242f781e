#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A long run, outside CI: good, bad and aborted requests through nginx at full speed, while processes
# are stopped, killed and reloaded. What was let in must be answered, and memory, descriptors and
# threads must stay flat. Prints a table, and draws it.
#
# usage: tests/soak/run.sh [--minutes N] [--svg FILE]     15 minutes, build/soak.svg
#        ROOMKEY_BIN=PATH tests/soak/run.sh ...           another binary than that of the release
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/common.sh"
cd "$root"

install_missing "${k_build_packages[@]}" "${k_serve_packages[@]}" "${k_node_packages[@]}" wrk:wrk
install_node_modules tests
if [ -z "${ROOMKEY_BIN:-}" ]; then
  build() { cmake --preset release && cmake --build --preset release; }
  step "Building roomkey" build
  export ROOMKEY_BIN=$root/build/release/roomkey
fi
exec node tests/soak/soak.js "$@"
