#!/bin/sh
# SPDX-License-Identifier: MIT
# Holds the code to its layout: each room of src/ and include/roomkey/ includes those before it in this
# list and itself, and an outside library is the business of one file. Prints what breaks this, and fails.
# usage: tests/rooms.sh [DIRECTORY], which is the repository unless told otherwise
set -eu
cd "${1:-$(dirname "$0")/..}"

rooms='text request token policy auth gateway program'

# Every include that there is, as FILE:LINE.
includes() { grep -rE '^#include' src include; }

status=0
includes | awk -v rooms="$rooms" '
  BEGIN { count = split(rooms, names, " "); for (i = 1; i <= count; i++) floor[names[i]] = i }
  # The room of src/ROOM/… or include/roomkey/ROOM/…; what only wires stands above all of them.
  function room_of(path) {
    sub(/^include\/roomkey\/|^src\//, "", path)
    return path ~ /\// ? substr(path, 1, index(path, "/") - 1) : "main"
  }
  {
    at = index($0, ":")
    file = substr($0, 1, at - 1)
    room = room_of(file)
    if (room != "main" && !(room in floor)) { print file ": is in no room of " rooms; bad = 1 }
    if (match($0, /"roomkey\/[a-z]+\//)) {
      seen++
      other = substr($0, RSTART + 9, RLENGTH - 10)
      if (room != "main" && floor[other] > floor[room]) {
        print file ": expected a room up to " room ", found " substr($0, at + 1); bad = 1
      }
    }
  }
  END { if (!seen) { print "no include was found"; bad = 1 } exit bad }' || status=1

alone() { # alone FILE PATTERN: no other file includes what the pattern finds
  found=$(includes | grep -E "$2" | cut -d: -f1 | sort -u)
  [ "$found" = "$1" ] || { echo "$2: expected in $1, found in $found"; status=1; }
}
alone src/gateway/fastcgi.cpp '<fcgi'
alone src/token/jwt.cpp '<openssl/'
alone src/program/options.cpp '<boost/'
alone src/program/pattern.cpp '<pcre2'
exit "$status"
