# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2016
# What the checks of booted.sh may use besides helpers.sh.

main_pid() { systemctl show -P MainPID "$1"; }
other_process() { systemctl is-active "$1" && [ "$(main_pid "$1")" != 0 ] && [ "$(main_pid "$1")" != "$2" ]; }
tried_again() { [ "$(systemctl show -P NRestarts "$2")" -ge "$1" ]; }

# Whether a unit's messages have this.
says() { journalctl --no-pager -q -u "${2:-roomkey}" -g "$1"; }

# The status of ExecStartPre.
pre_status() { systemctl show -P ExecStartPre "$1" | sed -n 's/.*; status=\([0-9]*\).*/\1/p'; }

# A policy whose tokens say which version of it they come from.
set_policy() {
  echo '{"claims": {"client": "${form.clientID}", "exp": "${now+60}", "version": '"$1"'}}' >/etc/roomkey/policy.json
  grep -q ^ROOMKEY_POLICY= /etc/roomkey/environment || echo ROOMKEY_POLICY=/etc/roomkey/policy.json >>/etc/roomkey/environment
}
gives_version() {
  ask -f -F clientID=a:b http://127.0.0.1/auth | cut -d. -f2 | tr -- -_ +/ | { base64 -d 2>/dev/null || true; } | grep "\"version\":$1[,}]"
}

# Eight visitors who ask again and again; nginx's log says what each got.
start_load() {
  printf 'clientID=a:b' >/tmp/body
  : >/var/log/nginx/access.log
  ab -q -t 600 -n 1000000 -c 8 -l -p /tmp/body -T application/x-www-form-urlencoded -H 'Host: chat.test' http://127.0.0.1/auth >/tmp/ab 2>&1 &
  load=$!
  more 50
}

# Waits until so many more have been answered.
more() {
  local now
  now=$(wc -l </var/log/nginx/access.log)
  await answered $((now + $1))
}
answered() { [ "$(wc -l </var/log/nginx/access.log)" -ge "$1" ]; }

# Fails unless each of them got a token; whom ab leaves behind at its end is a 499.
end_load() {
  kill -INT "$load"
  wait "$load" || true
  grep -E '^(Complete|Failed) requests' /tmp/ab || cat /tmp/ab
  grep -qE '^Failed requests: +0$' /tmp/ab
  awk '$9 != 200 && $9 != 499' /var/log/nginx/access.log >/tmp/lost
  no grep . /tmp/lost
}

# How many answers a unit's process has given: it says so when it ends.
answers_of() {
  systemctl restart "$1"
  await says 'stopped after [0-9]+ answers' "$1"
  journalctl --no-pager -q -u "$1" | sed -n 's/.*stopped after \([0-9]*\) answers.*/\1/p' | tail -n 1
}
