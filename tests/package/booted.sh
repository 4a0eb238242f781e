#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What runs inside the machine of vm.sh, as a service, once it has booted: the package's life with a systemd
# that is process 1. Prints TAP.
# shellcheck disable=SC2016  # the scripts are for another bash
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
export LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive

helpers=$(<tests/package/helpers.sh)$'\n'$(<tests/package/booted-helpers.sh)
shell() { timeout --kill-after=5 600 bash -euo pipefail -c "$helpers"$'\n'"$1"; }
. tests/package/tap.sh

need "the machine boots, and nothing fails" '
  state=$(timeout 120 systemctl is-system-running --wait || true)
  systemctl list-units --failed --no-legend
  [ "$state" = running ]
  inventory >/tmp/before'
need "apt installs it; nothing is enabled, and nothing runs" '
  apt_get install /src/build/package/roomkey_*_*.deb
  for unit in roomkey.socket roomkey.service; do [ "$(systemctl is-active $unit || true)" = inactive ]; done
  [ "$(systemctl is-enabled roomkey.socket || true)" = disabled ]
  no pgrep -x roomkey'

check "without a channel and a secret it does not start, and the journal says what is missing" '
  systemctl start roomkey.socket
  no systemctl start roomkey.service
  await says SCALEDRONE_CHANNEL_ID
  await says "expected a key, found nothing"
  systemctl stop roomkey.socket roomkey.service
  systemctl reset-failed roomkey.socket roomkey.service || true'

need "it is set up as README.Debian says: the socket listens, for the web server alone, and no process runs yet" '
  edit_configuration
  lift_limits
  # Emulated, and on a busy machine, a start may take longer than nginx would wait.
  sed -i "s/\(fastcgi_[a-z]*_timeout\) .*;/\1 30s;/" /etc/nginx/roomkey/*.conf
  systemctl enable --now roomkey.socket
  [ "$(stat -c "%a %U:%G" /run/roomkey/roomkey.sock)" = "660 root:www-data" ]
  no pgrep -x roomkey
  nginx -t && systemctl reload nginx'
need "the first request starts it, and gets a token" '
  await ask -f http://127.0.0.1/config.json
  token=$(ask -f -F clientID=a:b http://127.0.0.1/auth)
  well_signed "$token"
  systemctl is-active roomkey.service
  await says "serving FastCGI on fd 3"'
check "over IPv6, too" '
  well_signed "$(ask -f -F clientID=a:b "http://[::1]/auth")"'
check "it runs as a user of its own, without rights, in a network of its own, behind a filter of system calls" '
  pid=$(main_pid roomkey)
  [ "$(ps -o user= -p $pid)" != root ]
  grep -E "^CapEff:\s0+$" /proc/$pid/status
  grep -E "^NoNewPrivs:\s1$" /proc/$pid/status
  grep -E "^Seccomp:\s2$" /proc/$pid/status
  grep -E "^Max core file size +0 " /proc/$pid/limits
  [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/1/ns/net)" ]
  [ "$(cat /sys/fs/cgroup/system.slice/roomkey.service/memory.swap.max)" = 0 ]'
check "the secret reaches it as a credential, and is nowhere else to be seen" '
  pid=$(main_pid roomkey)
  [ "$(stat -c "%a %U:%G" /etc/roomkey/secret)" = "640 root:roomkey" ]
  [ "$(nsenter --mount --target $pid cat /run/credentials/roomkey.service/secret)" = $key ]
  grep -z "^CREDENTIALS_DIRECTORY=" /proc/$pid/environ
  no grep -q $key /proc/$pid/environ /proc/$pid/cmdline
  no setpriv --reuid=www-data --regid=www-data --clear-groups cat /run/credentials/roomkey.service/secret'
check "systemd-analyze security finds an exposure of 1.0 at most" '
  for unit in roomkey.service roomkey@1.service; do
    level=$(systemd-analyze security --no-pager $unit | sed -n "s/.*exposure level for .*: \([0-9.]*\) .*/\1/p")
    echo "$unit: $level"
    awk -v level="$level" "BEGIN { exit !(level != \"\" && level <= 1.0) }"
  done'

check "restarts under load: nothing is lost" '
  start_load
  for _ in 1 2 3; do
    before=$(main_pid roomkey)
    systemctl restart roomkey
    [ "$(main_pid roomkey)" != "$before" ]
    more 30
  done
  end_load'
check "stopped under load, the next request starts it again: nothing is lost" '
  start_load
  for _ in 1 2 3; do
    systemctl stop roomkey.service
    more 30
  done
  systemctl is-active roomkey.service
  end_load'
check "reloads under load: the new policy is in force, and nothing is lost" '
  set_policy 0
  systemctl restart roomkey
  before=$(main_pid roomkey)
  start_load
  for version in 1 2 3 4 5; do
    set_policy $version
    systemctl reload roomkey
    await gives_version $version
    more 20
  done
  end_load
  [ "$(main_pid roomkey)" = "$before" ]'
check "a bad policy is reported at a reload, and the old one stays in force" '
  echo "{" >/etc/roomkey/policy.json
  systemctl reload roomkey || true
  await says "/etc/roomkey/policy.json"
  gives_version 5
  set_policy 6; systemctl reload roomkey; await gives_version 6'
check "kill -9: systemd starts it again, and who asks meanwhile waits" '
  before=$(main_pid roomkey)
  kill -KILL $before
  ask -f --retry 3 --retry-all-errors -F clientID=a:b http://127.0.0.1/auth
  await other_process roomkey "$before"'

check "two more processes share the socket, and each answers when the others can not" '
  systemctl enable --now roomkey@1 roomkey@2
  units="roomkey roomkey@1 roomkey@2"
  # nginx would keep its connections to the first.
  keep() { sed -i "s/\(fastcgi_keep_conn\) .*;/\1 $1;/" /etc/nginx/roomkey/*.conf; systemctl reload nginx; }
  keep off; start_load; more 500; end_load
  # The kernel wakes the first that waits, so the last gets work when the others have enough of it.
  for unit in $units; do
    others=$(for other in $units; do [ $other = $unit ] || main_pid $other; done)
    kill -STOP $others
    answered=yes; ask -f -F clientID=a:b http://127.0.0.1/auth || answered=no
    kill -CONT $others
    [ $answered = yes ]
  done
  keep on
  for unit in $units; do systemctl is-active $unit; [ "$(answers_of $unit)" -gt 0 ]; done'
check "restarted in turn, as roomkey@.service says, under load: nothing is lost" '
  start_load
  for _ in 1 2; do
    for i in 1 2; do systemctl restart roomkey@$i && systemctl is-active roomkey@$i || break; done
    more 30
  done
  end_load'
check "killed in turn under load, each comes back: nginx asks another, and nothing is lost" '
  start_load
  for unit in roomkey@1 roomkey@2 roomkey; do
    before=$(main_pid $unit)
    more 100
    kill -KILL "$before"
    await other_process $unit "$before"
  done
  more 100
  end_load'
check "a bad secret: the restart fails with status 78, the journal says why, and the others go on" '
  : >/etc/roomkey/secret
  no systemctl restart roomkey@1
  [ "$(pre_status roomkey@1)" = 78 ]
  await says "expected a key, found nothing" roomkey@1
  well_signed "$(ask -f -F clientID=a:b http://127.0.0.1/auth)"
  # No number of tries closes the socket.
  await tried_again 6 roomkey@1
  systemctl is-active roomkey.socket roomkey roomkey@2'
check "mended, it starts by itself" '
  echo $key >/etc/roomkey/secret
  await systemctl is-active roomkey@1'
check "when none can start, who asks is told to try again, and gets a token once the mistake is mended" '
  systemctl stop roomkey@1 roomkey@2 roomkey.service
  : >/etc/roomkey/secret
  [ "$(ask -o /dev/null -w "%{http_code}" -F clientID=a:b http://127.0.0.1/auth)" = 503 ]
  systemctl is-active roomkey.socket
  echo $key >/etc/roomkey/secret
  await ask -f -F clientID=a:b http://127.0.0.1/auth
  systemctl start roomkey@1 roomkey@2'

check "an upgrade under load restarts every process, and nothing is lost" '
  systemctl is-active roomkey roomkey@1 roomkey@2
  pids() { for unit in roomkey roomkey@1 roomkey@2; do main_pid $unit; done; }
  pids >/tmp/pids
  start_load
  apt_get install /src/build/package/roomkey_next.deb
  more 100
  end_load
  pids | tee /dev/stderr | grep -vxFf /tmp/pids | wc -l | grep -x 3
  grep "# next" /etc/nginx/roomkey/local.conf.dpkg-dist'
check "the journal has nothing of the secret, nor a token" '
  journalctl --no-pager >/tmp/journal
  grep -q roomkey /tmp/journal
  no grep -E "$key|eyJ[A-Za-z0-9_-]+\.eyJ" /tmp/journal
  no grep -r $key /var/log'
check "a removal stops every process and closes the socket" '
  apt-get remove -y roomkey
  no pgrep -x roomkey
  for unit in roomkey.socket roomkey.service roomkey@1.service roomkey@2.service; do [ "$(systemctl is-active $unit || true)" != active ]; done
  [ -s /etc/roomkey/secret ]'
check "a purge leaves nothing, and nginx in order" '
  rm /etc/roomkey/policy.json
  apt-get purge -y roomkey
  nginx -t && systemctl reload nginx
  systemctl reset-failed
  no ls -d /run/roomkey
  no ls -d /run/credentials/roomkey.service
  { systemctl list-units --all --no-legend "roomkey*"; systemctl list-unit-files --no-legend "roomkey*" || true; } >/tmp/units
  no grep . /tmp/units
  inventory | diff /tmp/before -
  systemctl is-system-running'
close_checks
