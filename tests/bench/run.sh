#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# roomkey beside its peers, all on this machine and on loopback: installs and builds what is missing,
# starts everything, measures in interleaved rounds, prints one table, stops everything.
#
# usage: tests/bench/run.sh [--smoke] [--rounds N] [--only NAME,...] [more: see bench.js]
# With --smoke it only checks that every row answers good tokens, and closes with
# "N passed, N failed".
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/common.sh"
. "$root/tests/bench/build.sh"
cd "$root"

prepare_bench
exec node tests/bench/bench.js "$@"
