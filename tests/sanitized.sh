#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The process tests of the gateway against a binary with sanitizers, whose reports fail the tests.
#
# usage: tests/sanitized.sh asan|tsan
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/deploy/common.sh"
cd "$root"

preset=${1:-}
case $preset in
  asan | tsan) ;;
  *) sed -n 's/^# \{0,1\}//; /^usage/p' "$0" >&2; exit 64 ;;
esac

build() { cmake --preset "$preset" && cmake --build --preset "$preset" --target roomkey; }
step "Building roomkey with the preset $preset" build
export ROOMKEY_BIN=$root/build/$preset/roomkey ROOMKEY_SANITIZER=$preset
exec node --test tests/process/0[24-79]-*.test.js
