#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What run.sh runs in namespaces of mounts and processes: the commands of "Without a package" in
# deploy/README.md as they stand there, block by block, in a bare root that has the sources in /src. Prints
# TAP.
#
# usage: by-hand.sh ROOT
# shellcheck disable=SC2016  # the scripts are for the shell inside
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

folder=/src
. tests/package/root-shell.sh

list() { block deploy/README.md 'Without a package' "$1"; }
if [ -z "$(list 4)" ] || [ -n "$(list 5)" ]; then
  echo "Bail out! expected four blocks of commands in deploy/README.md" >&2
  exit 1
fi
. tests/package/tap.sh

# apt asks; who runs the list says yes.
shell 'echo "APT::Get::Assume-Yes true;" >/etc/apt/apt.conf.d/91yes'

ask='curl -fsS -H "Host: chat.example.com" -F clientID=a:b http://localhost/auth'
# Asks without a pause while commands run; no answer may be missing.
load='
  while [ ! -e /tmp/enough ]; do '"$ask"' >>/tmp/tokens && echo >>/tmp/tokens || echo lost >>/tmp/lost; done &
  await test -s /tmp/tokens'

need "what it needs is installed" "$(list 1)"
shell 'inventory >/tmp/before'
leave_network
need "it is built, installed and started, and gives a token" "$(list 2)"'
  '"$ask"' | tee /tmp/token; grep -Eq "^[^.]+\.[^.]+\.[^.]+$" /tmp/token'
check "it runs as roomkey, twice, and only the web server may open its socket" '
  [ "$(stat -c "%a %U:%G" /run/roomkey/roomkey.sock)" = "660 www-data:www-data" ]
  [ "$(pgrep -c -x -u roomkey roomkey)" = 2 ]'
check "and does not print its secret, nor let others read it" '
  [ "$(stat -c "%a %U:%G" /etc/roomkey/secret)" = "640 root:roomkey" ]
  no grep -rF "$(cat /etc/roomkey/secret)" /var/log
  for pid in $(pgrep -x roomkey); do no grep -qF "$(cat /etc/roomkey/secret)" /proc/$pid/environ /proc/$pid/cmdline; done'
check "reloaded, restarted and upgraded under load, it loses nothing" "lift_limits && service nginx reload"$'\n'"$load"'
  pgrep -x roomkey >/tmp/processes
'"$(list 3)"'
  touch /tmp/enough; wait
  [ ! -e /tmp/lost ]; wc -l /tmp/tokens
  [ "$(pgrep -x roomkey | grep -cvxFf /tmp/processes)" = 2 ]'
check "stopped and removed, it leaves nothing, and nginx in order" "$(list 4)"'
  nginx -t
  no pgrep -x roomkey
  inventory | diff /tmp/before -'
close_checks
