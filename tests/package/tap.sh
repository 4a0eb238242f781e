# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Checks, as TAP: one line for each. Sourced; the caller says by `shell` where a script runs, bash with
# set -euo pipefail.

number=0 failed=0
output=$(mktemp)
echo "TAP version 13"

# One check: what must hold, and a script that shows it. Its output is shown if it fails.
check() {
  local title=$1 started=$SECONDS
  shift
  number=$((number + 1))
  if shell "$@" >"$output" 2>&1 </dev/null; then
    echo "ok $number - $title # $((SECONDS - started)) s"
  else
    failed=$((failed + 1))
    echo "not ok $number - $title"
    tail -n 30 "$output" | sed 's/^/#   /'
  fi
}

# Without it nothing that follows makes sense.
need() {
  local before=$failed
  check "$@"
  if [ "$failed" -gt "$before" ]; then
    echo "Bail out!"
    exit 1
  fi
}

# The plan, and the script's exit status.
close_checks() {
  rm -f "$output"
  echo "1..$number"
  if [ "$failed" -gt 0 ]; then
    echo "# fail $failed of $number"
    exit 1
  fi
  echo "# pass $number in $SECONDS s"
}
