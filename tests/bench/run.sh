#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# roomkey beside its peers, all on this machine and on loopback: installs and builds what is missing,
# starts everything, measures in interleaved rounds, prints one table, stops everything.
#
# usage: tests/bench/run.sh [--smoke] [--rounds N] [--only NAME,...] [more: see bench.js]
#        tests/bench/run.sh --core [--rounds N]     the core alone, and the start as CGI
#        tests/bench/run.sh --scale [--svg FILE]    how cost grows with connections, threads, policies
# With --smoke it only checks that everything runs and that every row answers good tokens, and
# closes with "N passed, N failed".
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/common.sh"
. "$root/tests/bench/build.sh"
cd "$root"

prepare_bench
case ${1:-} in
  --core) shift; exec node tests/bench/core.js "$@" ;;
  --scale) shift; exec node tests/bench/scale.js "$@" ;;
  --smoke)
    step "Running the benchmark of the core" node tests/bench/core.js --smoke
    step "Running the benchmark of growth" node tests/bench/scale.js --smoke
    ;;
esac
exec node tests/bench/bench.js "$@"
