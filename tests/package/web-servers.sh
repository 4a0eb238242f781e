#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What run.sh runs in namespaces of mounts and processes: from nothing to a token over HTTPS, by IPv4 and by
# IPv6, with each web server, in a bare root that has the sources in /src. The commands are those of README.md,
# of deploy/README.md and of the comments at the top of the shipped files. Prints TAP.
#
# usage: web-servers.sh ROOT
# shellcheck disable=SC2016  # the scripts are for the shell inside
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

folder=/src
. tests/package/root-shell.sh

# What the documents leave to somebody else: to systemd, to certbot's authority and to whoever edits a file.
helpers+='
name=chat.example.com live=/etc/letsencrypt/live/chat.example.com
systemctl() {
  case "$*" in
    "enable --now roomkey.socket") start_roomkey -s /run/roomkey/roomkey.sock -M 0660 -U www-data -G www-data ;;
    "restart caddy") caddy start --config /etc/caddy/Caddyfile ;;
    # Without systemd, what does not run yet is not reloaded but started.
    "reload "*) service "$2" restart ;;
    "restart "*) service "$2" restart ;;
    *) echo "unknown: systemctl $*"; return 1 ;;
  esac
}
start_roomkey() {
  install -d /run/roomkey
  (load_environment; spawn-fcgi "$@" -u roomkey -g roomkey -- /usr/bin/roomkey --secret-file /etc/roomkey/secret)
}
certbot() {
  install -d "$live"
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$name" -addext "subjectAltName=DNS:$name" \
    -keyout "$live/privkey.pem" -out "$live/fullchain.pem"
  local RENEWED_LINEAGE=$live argument previous=
  for argument; do
    case $previous$argument in *systemctl*) ;; --deploy-hook*) eval "$argument" ;; esac
    previous=$argument
  done
}
editor() {
  case $1 in
    /etc/roomkey/environment) sed -i "s/^SCALEDRONE_CHANNEL_ID=.*/SCALEDRONE_CHANNEL_ID=channel-1/" "$1" ;;
    /etc/roomkey/config.json) sed -i "s/YOUR_SCALEDRONE_CHANNEL_ID/channel-1/" "$1" ;;
    /etc/roomkey/secret) echo "$key" >"$1" ;;
    /etc/nginx/roomkey/local.conf) sed -i "s/^# \(include roomkey.https.conf;\)/\1/" "$1"; grep "^include roomkey/https.conf;" "$1" ;;
    *) echo "unknown: editor $1"; return 1 ;;
  esac
}

# The commands of a comment: those that stand apart, and the one between backquotes that begins with a word.
apart() { sed -n "s/^#     //p" "$1"; }
quoted() { sed -n "s/^# //p" "$1" | tr "\n" " " | grep -o "\`$2 [^\`]*" | head -n 1 | tr -d "\`"; }

# A token by both families of addresses.
gives_tokens() { # SCHEME [CURL ARGUMENT ...]
  local family token
  for family in 4 6; do
    await curl "-$family" -so /dev/null "${@:2}" "$1://$name/"
    token=$(curl "-$family" -sS --fail-with-body --max-time 60 "${@:2}" -F clientID=a:b "$1://$name/auth")
    well_signed "$token" || { echo "by IPv$family: $token"; return 1; }
  done
}
# And over HTTPS alone, with HTTP/2.
is_secure() { # [CERTIFICATE]
  local authority=${1:-$live/fullchain.pem} family
  gives_tokens https --cacert "$authority"
  for family in 4 6; do
    [ "$(curl "-$family" -sS --cacert "$authority" -o /dev/null -w "%{http_code} %{http_version}" "https://$name/")" = "200 2" ]
    curl "-$family" -sS -o /dev/null -w "%{http_code} %{redirect_url}" -F clientID=a:b "http://$name/auth" | tee /tmp/redirect
    grep "^30[18] https://$name/" /tmp/redirect
  done
}
# Puts site-https.conf in the place of site.conf, by the commands of its comment.
secures_site() { # SERVER COMMAND
  cd "/etc/$1/roomkey"
  eval "$(apart site-https.conf)"
  eval "$(quoted site-https.conf "$2")"
  sed -i "s,roomkey/site.conf,roomkey/site-https.conf," "../$1.conf"
  systemctl restart "$1"
  is_secure
  service "$1" stop
}
'
. tests/package/tap.sh

# /run is new here, and as bare as systemd finds it.
shell '
  install -d -m 1777 /run/lock
  echo "APT::Get::Assume-Yes true;" >/etc/apt/apt.conf.d/91yes
  printf "%s\n" "127.0.0.1 $name" "::1 $name" >>/etc/hosts'
need "it is built, installed and set up, and check finds nothing wrong" '
  apt update
'"$(block README.md 'Install and plug in' 1)"
need "the web servers are installed" '
  apt install nginx apache2 lighttpd lighttpd-mod-openssl caddy haproxy certbot curl openssl procps spawn-fcgi'
leave_network

check "nginx gives tokens over HTTP" "$(block README.md 'Install and plug in' 2 | sed 's/SERVER_NAME/chat.example.com/')"'
  gives_tokens http'
check "and over HTTPS" "$(block deploy/README.md HTTPS 1)"'
  is_secure
  service nginx stop'

check "Apache gives tokens over HTTP" '
  cp -r /usr/share/doc/roomkey/examples/apache /etc/apache2/roomkey && cd /etc/apache2/roomkey
  eval "$(quoted site.conf a2enmod)"
  apart site.conf >>/etc/apache2/apache2.conf
  eval "$(quoted site.conf systemctl)"
  gives_tokens http'
check "and over HTTPS" 'secures_site apache2 a2enmod'

check "lighttpd gives tokens over HTTP" '
  cp -r /usr/share/doc/roomkey/examples/lighttpd /etc/lighttpd/roomkey && cd /etc/lighttpd/roomkey
  apart site.conf >>/etc/lighttpd/lighttpd.conf
  eval "$(quoted site.conf systemctl)"
  gives_tokens http'
check "and over HTTPS" 'secures_site lighttpd apt'

# Here it has no way to a public authority: its own signs.
check "Caddy gives tokens over HTTPS" '
  cp -r /usr/share/doc/roomkey/examples/caddy /etc/caddy/roomkey && cd /etc/caddy/roomkey
  { printf "{\n\tlocal_certs\n\tskip_install_trust\n}\n"; cat ../Caddyfile; apart Caddyfile; } >../Caddyfile.new
  mv ../Caddyfile.new ../Caddyfile
  eval "$(quoted Caddyfile systemctl)"
  authority=$HOME/.local/share/caddy/pki/authorities/local/root.crt
  await test -s "$authority"
  is_secure "$authority"
  caddy stop'

check "HAProxy gives tokens over HTTPS" '
  cd /usr/share/doc/roomkey/examples/haproxy && cp roomkey.cfg roomkey.map /etc/haproxy/
  start_roomkey -a 127.0.0.1 -p 9000
  echo "$(sed -n "s/^# //p" roomkey.cfg | grep -o "EXTRAOPTS=\"[^\"]*\"")" >>/etc/default/haproxy
  eval "$(apart examples/https.cfg | sed "s/systemctl reload haproxy//")"
  { grep -v "^#" examples/https.cfg
    printf "%s\n" "backend pages" "    http-request return status 200 content-type text/plain string page"; } >>/etc/haproxy/haproxy.cfg
  systemctl restart haproxy
  is_secure
  service haproxy stop'
close_checks
