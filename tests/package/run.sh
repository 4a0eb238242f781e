#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a bare Debian 12 and a bare Debian 13 make of what is documented, in chroots: the life of the package,
# which is built there, checked, installed, used, upgraded, removed and purged; the ways without a package;
# and each web server over HTTPS. Needs root, and some minutes; prints TAP.
#
# usage: sudo tests/package/run.sh [--keep] [SUITE ...]     --keep: leave the roots for a look at them
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
. deploy/common.sh
. tests/package/roots.sh

read_arguments "$@"
status=0
for suite in "${suites[@]}"; do
  for script in life.sh by-hand.sh web-servers.sh; do
    printf '\n# %s in %s\n' "$script" "$suite"
    make_root "$suite"
    with_root "$place" "tests/package/$script" "$place" || status=1
  done
done
exit "$status"
