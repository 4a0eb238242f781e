#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the fuzzers with clang's libFuzzer, address and undefined-behaviour sanitizers, and runs
# each for a while, as many at once as there are processors. What it finds is written to
# build/fuzz/findings and makes it fail.
#
# usage: tests/fuzz/run.sh [--seconds N] [--merge] [TARGET ...]
#   --merge packs the smallest set of inputs that reaches, with those that have names, all code that the
#           committed and the new ones reach: corpus/TARGET.tar.gz is written anew
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/common.sh"
cd "$root"

seconds=60
merge=
targets=()
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2; shift 2 ;;
    --merge) merge=yes; shift ;;
    -*) echo "usage: tests/fuzz/run.sh [--seconds N] [--merge] [TARGET ...]" >&2; exit 64 ;;
    *) targets+=("$1"); shift ;;
  esac
done
[ "${#targets[@]}" -gt 0 ] || targets=(base64url connection handler json_form media_type multipart policy record render urlencoded)

# libFuzzer takes no seconds for no limit.
length=-max_total_time=$seconds
[ "$seconds" -gt 0 ] || length=-runs=0

install_missing "${k_build_packages[@]}" "${k_fuzz_packages[@]}"
build() { cmake --preset fuzz && cmake --build --preset fuzz; }
step "Building the fuzzers" build

# A length that only a claim stands behind must not be allocated; a quarter of a gigabyte tells.
export ASAN_OPTIONS=max_allocation_size_mb=256:allocator_may_return_null=1

# One target; whether it passed is left in a file.
run_target() {
  local target=$1 fuzzer=build/fuzz/tests/fuzz/fuzz_$1 named=tests/fuzz/corpus/$1 work=build/fuzz/corpus/$1 log=build/fuzz/$1.log
  local found=build/fuzz/found/$1
  rm -rf "$found"
  mkdir -p "$work" "$found"
  tar -xzf "$named.tar.gz" -C "$found"
  if "$fuzzer" "$length" -timeout=5 -max_len=20000 \
    -artifact_prefix="build/fuzz/findings/$target-" -print_final_stats=1 \
    "$work" "$named" "$found" >"$log" 2>&1; then
    printf '%-12s %s executions, %s\n' "$target" \
      "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
      "$(grep -ao 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1)"
    : >"build/fuzz/$target.passed"
  else
    printf '%-12s FAILED\n' "$target"
    tail -n 25 "$log" >&2
  fi
  [ -z "$merge" ] || pack "$target" "$named" "$found" "$work"
}

# The same bytes for the same inputs, whoever packs them and when.
pack() {
  local target=$1 named=$2 merged=build/fuzz/merged/$1
  rm -rf "$merged"
  mkdir -p "$merged"
  cp "$named"/* "$merged"
  "build/fuzz/tests/fuzz/fuzz_$target" -set_cover_merge=1 -use_counters=0 "$merged" "${@:2}" \
    >>"build/fuzz/$target.log" 2>&1
  (cd "$named" && printf '%s\0' *) | (cd "$merged" && xargs -0 rm)
  tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime=@0 --format=ustar \
    -C "$merged" -cf - . | gzip -9n >"$named.tar.gz"
}

mkdir -p build/fuzz/findings
rm -f build/fuzz/*.passed
for target in "${targets[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
    sleep 1
  done
  run_target "$target" &
done
wait
passed=$(find build/fuzz -maxdepth 1 -name '*.passed' | wc -l)
printf '%d passed, %d failed\n' "$passed" $((${#targets[@]} - passed))
[ "$passed" -eq "${#targets[@]}" ]
