#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What runs before a release and not for each commit: the parts that are named, or all of them, one
# after the other, as most of them measure or use the whole machine. It needs root.
#
# usage: tests/deep.sh [--seconds N] [PART ...]
#   fuzz        each fuzzer for so many seconds, 600 unless told otherwise
#   valgrind    the unit tests in memcheck
#   asan, tsan  the process tests of the gateway with a binary with sanitizers
#   compilers   the release and the unit tests by GCC and clang, here and in QEMU for arm64
#   package     the life of the Debian package, the ways without one, and each web server over HTTPS, in a bare
#               Debian 12 and 13
#   vm          the life of the package under a booted systemd, in virtual machines
#   bench       whether every row of the benchmarks runs and answers good tokens
#   soak        a quarter of an hour of load
#   browsers    the chat page in Chromium, Firefox and WebKitGTK
#   engines     RabbitMQ, ejabberd and LiveKit with the tokens of their policies
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=600
if [ "${1:-}" = --seconds ]; then
  seconds=${2:?}
  shift 2
fi
parts=("$@")
[ $# -gt 0 ] || parts=(fuzz valgrind asan tsan compilers package vm bench soak browsers engines)
for part in "${parts[@]}"; do
  case $part in
    fuzz | valgrind | asan | tsan | compilers | package | vm | bench | soak | browsers | engines) ;;
    *) sed -n 's/^# \{0,1\}//; /^usage/,/engines/p' "$0" >&2; exit 64 ;;
  esac
done

failed=()
took=()
for part in "${parts[@]}"; do
  printf '\n== %s\n' "$part"
  case $part in
    fuzz) command=(tests/fuzz/run.sh --seconds "$seconds") ;;
    valgrind) command=(tests/valgrind.sh) ;;
    asan | tsan) command=(tests/sanitized.sh "$part") ;;
    compilers) command=(tests/compilers.sh) ;;
    package) command=(tests/package/run.sh) ;;
    vm) command=(tests/package/vm.sh) ;;
    bench) command=(tests/bench/run.sh --smoke) ;;
    soak) command=(tests/soak/run.sh) ;;
    browsers) command=(tests/browser/browsers.sh) ;;
    engines) command=(tests/run.sh engines) ;;
  esac
  began=$SECONDS
  "${command[@]}" </dev/null || failed+=("$part")
  took+=("$(printf '%-9s %6d s' "$part" $((SECONDS - began)))")
done

printf '\n'
printf '%s\n' "${took[@]}"
if [ "${#failed[@]}" -gt 0 ]; then
  printf '\nFailed: %s\n' "${failed[*]}" >&2
  exit 1
fi
