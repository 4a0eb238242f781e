# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Lanes: commands that run side by side, each with a log of its own in build/logs. Most tests wait more
# than they compute, and builds compute without a pause, so together they take little more than the
# longest of them. Sourced, not run; the caller stands at the root of the repository.

k_logs=build/logs
mkdir -p "$k_logs"
declare -A lanes=()  # names, by process id
lane_lines=()
failed_lanes=()
began_at=$SECONDS

# Starts a lane. Its command runs where `set -e` does not apply, so functions chain with && or ||.
# With --computing it gives way to all that waits, and only one of these runs at a time.
#   lane [--computing] NAME COMMAND [ARGUMENT ...]
lane() {
  local computing=
  if [ "$1" = --computing ]; then
    computing=yes
    shift
  fi
  local name=$1 status=0
  shift
  set -m  # a process group of its own, which stop_lanes can end as a whole
  (
    if [ -n "$computing" ]; then
      exec 9>"$k_logs/computing.lock"
      flock 9
      renice -n 10 -p "$BASHPID" >/dev/null
    fi
    TIMEFORMAT='%R %U %S'
    { time "$@" >"$k_logs/$name.log" 2>&1 9>&- </dev/null || status=$?; } 2>"$k_logs/$name.time"
    exit "$status"
  ) &
  set +m
  lanes[$!]=$name
}

stop_lanes() {
  local process
  for process in "${!lanes[@]}"; do kill -TERM -- "-$process" 2>/dev/null || true; done
}
trap stop_lanes EXIT
trap 'exit 130' INT TERM HUP

# What a lane's log closes with: the counts of the runners.
closing_lines() { grep -aE '^(# |ℹ )(tests|pass|fail|skipped) [0-9]+$|tests passed,|^[0-9]+ passed, [0-9]+ failed' "$1" || true; }

# What says why a lane failed: the tests that node's runner calls not ok, with their diagnostics; of other
# commands what they said last, as ctest names its failures there.
reasons() {
  awk '/^ *not ok / { shown = 1 } shown && ++lines <= 300; /^ *\.\.\.$/ { shown = 0 }
       END { exit lines == 0 }' "$1" || tail -n 60 "$1"
}

# Waits for all lanes and reports each when it ends: its counts, or why it failed.
finish_lanes() {
  local process status name log line
  while [ "${#lanes[@]}" -gt 0 ]; do
    status=0
    wait -n -p process "${!lanes[@]}" || status=$?
    name=${lanes[$process]}
    unset "lanes[$process]"
    log=$k_logs/$name.log
    line=$(awk -v name="$name" '{ printf "%-12s %7.1f s, %7.1f s of CPU", name, $1, $2 + $3 }' "$k_logs/$name.time")
    if [ "$status" -eq 0 ]; then
      printf '\n== %s passed\n' "$name"
      closing_lines "$log"
    else
      printf '\n== %s FAILED (%d); from %s:\n' "$name" "$status" "$log"
      reasons "$log"
      failed_lanes+=("$name")
      line+=', FAILED'
    fi
    lane_lines+=("$line")
  done
}

# The time of each lane and of all; fails if one has failed, and says which.
close_lanes() {
  printf '\n'
  [ "${#lane_lines[@]}" -eq 0 ] || printf '%s\n' "${lane_lines[@]}"
  printf '%-12s %7d s\n' all $((SECONDS - began_at))
  [ "${#failed_lanes[@]}" -eq 0 ] || { printf '\nFailed: %s\n' "${failed_lanes[*]}" >&2; return 1; }
}
