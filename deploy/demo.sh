#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The whole chat on this machine, on loopback only: nginx, roomkey under spawn-fcgi, and a local
# Scaledrone; or the real service, if SCALEDRONE_CHANNEL_ID and SCALEDRONE_CHANNEL_SECRET are set.
# Without --policy it serves policies/chat.json: names that last, and a history. Installs and builds
# what is missing. Ctrl-C stops everything that it started.
#
# usage: deploy/demo.sh [--port N] [--policy FILE]
# shellcheck disable=SC2016,SC2317  # nginx's variables; functions that step calls
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/deploy/common.sh"

usage() {
  echo "usage: deploy/demo.sh [--port N] [--policy FILE]" >&2
  exit 64
}

port=8080
policy=(--policy "$root/deploy/policies/chat.json")
while [ $# -gt 0 ]; do
  case $1 in
    --port) [ $# -ge 2 ] || usage; port=$2; shift 2 ;;
    --port=*) port=${1#*=}; shift ;;
    --policy) [ $# -ge 2 ] || usage; policy=(--policy "$(realpath -- "$2")"); shift 2 ;;
    *) usage ;;
  esac
done
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || [ "$port" -gt 65535 ]; then usage; fi

channel=${SCALEDRONE_CHANNEL_ID:-}
case "${channel:+id}${SCALEDRONE_CHANNEL_SECRET:+secret}" in
  '' | idsecret) ;;
  *) echo "demo.sh: set both SCALEDRONE_CHANNEL_ID and SCALEDRONE_CHANNEL_SECRET, or neither" >&2; exit 64 ;;
esac

run=$(mktemp -d "${TMPDIR:-/tmp}/roomkey-demo.XXXXXX")
pids=()

stop_all() {
  trap '' INT TERM HUP
  end_background
  rm -rf "$run"
}
trap stop_all EXIT
trap 'echo; echo "Stopping"; exit 0' INT TERM HUP

# Starts a server in the background, with its messages in $run/NAME.log.
start() {
  local name=$1
  shift
  background "$@" >>"$run/$name.log" 2>&1 </dev/null
  pids+=($!)
}

# Waits until a command succeeds; fails when a server has died or ten seconds are over.
await() {
  local tries pid
  for ((tries = 0; tries < 200; tries++)); do
    "$@" >/dev/null 2>&1 && return 0
    for pid in "${pids[@]}"; do
      kill -0 "$pid" 2>/dev/null || break 2
    done
    sleep 0.05
  done
  echo "The servers say:" >&2
  tail -n 5 "$run"/*.log >&2
  return 1
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

has_ipv6_loopback() { grep -q '^00000000000000000000000000000001 ' /proc/net/if_inet6 2>/dev/null; }

start_local_scaledrone() {
  channel=demo
  # 32 characters, as the service's own secrets have.
  (umask 077 && head -c 24 /dev/urandom | base64 -w0 >"$run/secret") || return
  start scaledrone node "$root/deploy/local-scaledrone/server.js" --port 0 \
    --channel "$channel" --secret-file "$run/secret" --history
  await grep -q '^Listening on ' "$run/scaledrone.log" || return
  service=$(sed -n 's/^Listening on \(http:[^ ]*\).*/\1/p' "$run/scaledrone.log")
  attended node "$root/deploy/local-scaledrone/bundle.js" "$run/scaledrone.js" || return
  page_config '"/v3/websocket"' '"/scaledrone.js"' || return
  (umask 077 && echo "machine 127.0.0.1 login $channel password $(cat "$run/secret")" >"$run/netrc")
}

# The page asks for a history, and for the names that people choose, where the policy grants them.
page_config() {
  local room='"Public room"' names=signed
  ! grep -q '"history"' "${policy[1]}" || room+=', "history": 50'
  ! grep -q 'form\.name' "${policy[1]}" || names=chosen
  sed -e "s|\"Public room\"|$room|" -e "s|\"channel\":|\"names\": \"$names\", &|" -e "s|\"YOUR_SCALEDRONE_CHANNEL_ID\"|\"$channel\"|" \
    -e "s|\"wss://api.scaledrone.com/v3/websocket\"|$1|" \
    -e "s|\"https://cdn.scaledrone.com/scaledrone.min.js\"|$2|" \
    "$root/static/config.json" >"$run/config.json"
}

use_real_service() {
  page_config '"wss://api.scaledrone.com/v3/websocket"' '"https://cdn.scaledrone.com/scaledrone.min.js"'
}

start_roomkey() {
  local secret=()
  [ -z "${service:-}" ] || secret=(--secret-file "$run/secret")
  start roomkey env SCALEDRONE_CHANNEL_ID="$channel" \
    spawn-fcgi -n -s "$run/roomkey.sock" -M 0660 -- "$root/build/release/roomkey" "${policy[@]}" "${secret[@]}"
}

# The site is the shipped files themselves; what is written here are the two that are anybody's own.
write_nginx_config() {
  mkdir -p "$run/roomkey" "$run/temp"
  ln -s "$root"/nginx/*.conf "$run/roomkey/"
  rm "$run"/roomkey/{local,upstream}.conf
  echo "server unix:$run/roomkey.sock max_fails=0; keepalive 64;" >"$run/roomkey/upstream.conf"
  {
    echo "listen 127.0.0.1:$port;"
    if has_ipv6_loopback; then echo "listen [::1]:$port;"; fi
    echo "server_name localhost;"
    echo "root $root/static;"
    echo "include roomkey/roomkey.conf;"
    if [ -n "${service:-}" ]; then
      # One port serves all, so that the page also works through a forwarded port.
      echo 'set $roomkey_realtime "ws://$host:$server_port";'
      echo "location = /scaledrone.js { alias $run/scaledrone.js; add_header Cache-Control no-cache; }"
      echo "location /v3/ { proxy_pass $service; proxy_http_version 1.1; proxy_read_timeout 1h;"
      echo '  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }'
    else
      echo 'set $roomkey_realtime "wss://api.scaledrone.com https://api.scaledrone.com";'
    fi
    echo "location = /config.json { alias $run/config.json; add_header Cache-Control no-cache; }"
  } >"$run/roomkey/local.conf"
  {
    # As root, nginx would serve as a user who may not be able to read this checkout.
    if [ "$(id -u)" -eq 0 ]; then echo "user root;"; fi
    echo "daemon off; worker_processes 1; pid $run/nginx.pid; error_log $run/nginx.log;"
    echo "events {}"
    echo "http { include /etc/nginx/mime.types; default_type application/octet-stream; access_log off;"
    for kind in client_body proxy fastcgi uwsgi scgi; do echo "  ${kind}_temp_path $run/temp/$kind;"; done
    echo "  include roomkey/site.conf; }"
  } >"$run/nginx.conf"
}

start_nginx() {
  write_nginx_config || return
  start nginx env -u SCALEDRONE_CHANNEL_SECRET nginx -e "$run/nginx.log" -p "$run" -c "$run/nginx.conf"
}

# Ready means that a token can be had, not that a process runs.
has_token() {
  curl -sf --max-time 1 -F clientID=demo:ready "http://127.0.0.1:$port/auth" | grep -Eq '^[^.]+\.[^.]+\.[^.]+$'
}

if port_is_taken; then
  echo "demo.sh: port $port is in use; choose another with --port N" >&2
  exit 1
fi

needed=("${k_build_packages[@]}" "${k_serve_packages[@]}")
[ -n "$channel" ] || needed+=("${k_node_packages[@]}")
install_missing "${needed[@]}"
build() { cd "$root" && attended cmake --workflow --preset release; }
step "Building roomkey" build
if [ -n "$channel" ]; then
  use_real_service
else
  install_node_modules "$root/deploy/local-scaledrone"
  step "Starting the local Scaledrone" start_local_scaledrone
fi
start_chat() { start_roomkey && start_nginx && await has_token; }
step "Starting roomkey and nginx" start_chat

echo "Chat is ready: http://localhost:$port/"
if [ -n "${service:-}" ]; then
  echo "To say something as the server: curl --netrc-file $run/netrc -d 'Hello' $service/$channel/observable-room/publish"
fi
echo "Ctrl-C stops it."

# Whichever server ends by itself, something is wrong.
wait -n "${pids[@]}" || true
echo "A server has stopped by itself. The servers say:" >&2
tail -n 5 "$run"/*.log >&2
exit 1
