#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the fuzzers with clang's libFuzzer, address and undefined-behaviour sanitizers, and runs
# each for a while, as many at once as there are processors. What it finds is written to
# build/fuzz/findings and makes it fail.
#
# usage: tests/fuzz/run.sh [--seconds N] [--merge] [TARGET ...]
#   --merge keeps, in the committed corpora, those of the new inputs that reach new code
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

install_missing "${k_build_packages[@]}" "${k_fuzz_packages[@]}"
build() { cmake --preset fuzz && cmake --build --preset fuzz; }
step "Building the fuzzers" build

# A length that only a claim stands behind must not be allocated; a quarter of a gigabyte tells.
export ASAN_OPTIONS=max_allocation_size_mb=256:allocator_may_return_null=1

# One target; whether it passed is left in a file.
run_target() {
  local target=$1 work=build/fuzz/corpus/$1 log=build/fuzz/$1.log
  mkdir -p "$work"
  if "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=5 -max_len=20000 \
    -artifact_prefix="build/fuzz/findings/$target-" -print_final_stats=1 \
    "$work" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
    printf '%-12s %s executions, %s\n' "$target" \
      "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
      "$(grep -ao 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1)"
    : >"build/fuzz/$target.passed"
  else
    printf '%-12s FAILED\n' "$target"
    tail -n 25 "$log" >&2
  fi
  if [ -n "$merge" ]; then
    "build/fuzz/tests/fuzz/fuzz_$target" -set_cover_merge=1 -use_counters=0 \
      "tests/fuzz/corpus/$target" "$work" >>"$log" 2>&1
  fi
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
