#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What run.sh runs in namespaces of mounts and processes: each step of the package's life in a bare root
# that has the sources in /src, and what must be true after it. Prints TAP.
#
# usage: life.sh ROOT
# shellcheck disable=SC2016  # the scripts are for the shell inside
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

. tests/package/root-shell.sh
. tests/package/tap.sh

need "the package is built in a bare Debian by one command" '
  cd /src && deploy/packaging/build.sh --source
  ls build/package/roomkey_*_*.deb'
check "lintian has nothing to say" '
  apt-get install -y --no-install-recommends lintian
  # The version of the policy that Debian 12 knows is an old one for Debian 13.
  cd /src/build/package && lintian --suppress-tags out-of-date-standards-version --allow-root --info --display-info --pedantic --fail-on error,warning,info,pedantic ./*.changes | tee /tmp/lintian
  [ ! -s /tmp/lintian ]'

check "cmake --install brings the same tree" '
  DESTDIR=/tmp/tree cmake --install /src/build/package/roomkey-*/obj-* --prefix /usr
  # debhelper compresses, and has places and files of its own; README.Debian and the like are for the package.
  (cd /tmp/tree && find . ! -type d) | grep -vE "/doc/roomkey/(CHANGELOG.md|LICENSE)$" | sort >/tmp/installed
  dpkg-deb --fsys-tarfile /src/build/package/roomkey_*_*.deb | tar -t | grep -v "/$" |
    sed "s,^\./lib/systemd,./usr/lib/systemd,; s/\.gz$//" |
    grep -vE "/doc/roomkey/(README.Debian|changelog.*|copyright)$|/lintian/|/sites-available/" | sort | diff /tmp/installed -'

need "a machine is ready: nginx, systemd (not running), curl" '
  apt-get install -y --no-install-recommends nginx systemd curl openssl spawn-fcgi man-db adduser procps iproute2
  install_dependencies
  inventory >/tmp/before'
need "it is installed" '
  apt_get install /src/build/package/roomkey_*_*.deb
  [ "$(dpkg-query -W -f "\${Status}" roomkey)" = "install ok installed" ]'

leave_network

check "every file is as it was packed, and every path of roomkey(8) exists" '
  dpkg --verify roomkey | tee /tmp/changed; [ ! -s /tmp/changed ]
  for path in $(zcat /usr/share/man/man8/roomkey.8.gz | sed -n "s/^\.It Pa //p" | grep -v ^/run/); do
    [ -e "$path" ] || { echo "missing: $path"; exit 1; }
  done'
check "the manual pages can be read" '
  man roomkey | grep -q "auth handler" && man 5 roomkey-policy | grep -q "form.NAME"'
check "the completion is found" '
  . /usr/share/bash-completion/completions/roomkey; complete -p roomkey'
check "nothing is enabled, and nothing runs" '
  [ "$(systemctl is-enabled roomkey.socket || true)" = disabled ]
  no pgrep -x roomkey'
check "the units are valid" '
  systemd-analyze verify /lib/systemd/system/roomkey.socket /lib/systemd/system/roomkey.service /lib/systemd/system/roomkey@1.service 2>&1 | tee /tmp/verify
  no grep -i roomkey /tmp/verify'
check "an upgrade restarts the service, and never closes the socket" '
  grep "try-restart .*roomkey.service" /var/lib/dpkg/info/roomkey.postinst
  no grep "restart.*roomkey.socket" /var/lib/dpkg/info/roomkey.postinst'
check "the secret is there: empty, for root and the group roomkey, and no conffile" '
  [ "$(stat -c "%s %a %U:%G" /etc/roomkey/secret)" = "0 640 root:roomkey" ]
  dpkg-query -W -f "\${Conffiles}" roomkey >/tmp/conffiles; no grep secret /tmp/conffiles
  [ "$(getent passwd roomkey | cut -d: -f6,7)" = /nonexistent:/usr/sbin/nologin ]'
check "what the administrator edits, and what nginx includes, are conffiles" '
  dpkg-query -W -f "\${Conffiles}\n" roomkey | awk "{print \$1}" | sort >/tmp/conffiles
  find /etc/roomkey /etc/nginx/roomkey /etc/nginx/sites-available/roomkey -type f ! -name secret | sort | diff - <(grep . /tmp/conffiles)'
check "without a channel and a secret, check says what is missing" '
  load_environment
  status=0; roomkey check --secret-file /etc/roomkey/secret 2>/tmp/said || status=$?
  cat /tmp/said; [ "$status" -eq 78 ]
  grep "SCALEDRONE_CHANNEL_ID" /tmp/said; grep "secret file /etc/roomkey/secret: expected a key, found nothing" /tmp/said'
check "as CGI it refuses then, without a detail" '
  REQUEST_METHOD=POST /usr/lib/cgi-bin/roomkey | tee /tmp/answer
  grep "^Status: 500" /tmp/answer; no grep -i secret /tmp/answer'

check "it is set up as README.Debian says" '
  edit_configuration
  systemctl enable roomkey.socket roomkey@1.service
  load_environment
  roomkey check --secret-file /etc/roomkey/secret
  nginx -t'
check "mint makes a token that openssl finds well signed" '
  load_environment
  token=$(roomkey mint --secret-file /etc/roomkey/secret --form clientID=a:b)
  well_signed "$token"'
check "every policy of the package is valid" '
  export SCALEDRONE_CHANNEL_ID=x ABLY_KEY_NAME=x LIVEKIT_API_KEY=x
  for policy in /usr/share/roomkey/policies/*.json; do roomkey check --policy "$policy" --secret-file /etc/roomkey/secret; done'

check "started as roomkey(8) says, it listens for www-data alone, as the user roomkey" '
  install -d -m 0755 /run/roomkey
  load_environment
  spawn-fcgi -s /run/roomkey/roomkey.sock -M 0660 -U www-data -G www-data -u roomkey -g roomkey -- \
      /usr/bin/roomkey --secret-file /etc/roomkey/secret
  [ "$(stat -c "%a %U:%G" /run/roomkey/roomkey.sock)" = "660 www-data:www-data" ]
  await pgrep -x roomkey  # spawn-fcgi comes back before its child has become the program
  [ "$(ps -o user= -C roomkey)" = roomkey ]'
check "nginx serves the page with the configuration of /etc" '
  nginx
  ask http://127.0.0.1/ | grep -i "<!doctype html>"
  ask http://127.0.0.1/main.js | cmp - /usr/share/roomkey/www/main.js
  ask http://127.0.0.1/config.json | grep channel-1
  ask -I http://127.0.0.1/ | grep -i "^content-security-policy: default-src .none."'
check "nginx hands out tokens, and passes refusals on" '
  token=$(ask -F clientID=a:b http://127.0.0.1/auth)
  well_signed "$token"
  [ "$(ask -w " %{http_code}" -d "" http://127.0.0.1/auth)" = "No clientID defined 422" ]
  [ "$(ask -w " %{http_code}" http://127.0.0.1/auth)" = "Method not allowed: use POST 405" ]'
check "as CGI it works for a web server that may read the secret, and for no other" '
  export REQUEST_METHOD=POST CONTENT_TYPE=application/x-www-form-urlencoded CONTENT_LENGTH=12 \
      SCALEDRONE_CHANNEL_ID=channel-1 ROOMKEY_SECRET_FILE=/etc/roomkey/secret
  as_www() { setpriv --reuid=www-data --regid=www-data --clear-groups -- "$@"; }
  printf "clientID=a:b" | as_www /usr/lib/cgi-bin/roomkey | grep "^Status: 500"
  chgrp www-data /etc/roomkey/secret
  printf "clientID=a:b" | as_www /usr/lib/cgi-bin/roomkey | grep "^Status: 200"
  chgrp roomkey /etc/roomkey/secret'
check "logs and answers have nothing of the secret" '
  no grep -r $key /var/log'

need "a next version is made: http.conf and local.conf have changed in it" '
  make_next'
check "an upgrade keeps what was edited, takes what was not, and leaves the secret alone" '
  md5sum /etc/roomkey/* /etc/nginx/roomkey/local.conf >/tmp/kept
  stat -c "%n %a %U:%G %Y" /etc/roomkey/secret >/tmp/secret
  apt_get install /src/build/package/roomkey_next.deb
  md5sum -c /tmp/kept
  stat -c "%n %a %U:%G %Y" /etc/roomkey/secret | diff - /tmp/secret
  grep "# next" /etc/nginx/roomkey/http.conf; [ -e /etc/nginx/roomkey/local.conf.dpkg-dist ]
  [ "$(systemctl is-enabled roomkey.socket)" = enabled ]
  nginx -t && nginx -s reload
  ask -f -F clientID=a:b http://127.0.0.1/auth'
check "a secret that was taken away does not come back by an upgrade" '
  mv /etc/roomkey/secret /tmp/secret.kept
  dpkg -i --force-confold /src/build/package/roomkey_next.deb && [ ! -e /etc/roomkey/secret ]
  mv /tmp/secret.kept /etc/roomkey/secret'

check "a removal takes the program and leaves the configuration" '
  pkill -x roomkey
  apt-get remove -y roomkey
  [ ! -e /usr/bin/roomkey ] && [ ! -e /usr/lib/cgi-bin/roomkey ] && [ ! -e /usr/share/roomkey ] && [ ! -e /lib/systemd/system/roomkey.socket ]
  [ -s /etc/roomkey/secret ] && [ -e /etc/nginx/roomkey/site.conf ]
  nginx -t && nginx -s reload'
check "installed again, it is as it was" '
  dpkg -i --force-confold /src/build/package/roomkey_next.deb
  md5sum -c /tmp/kept
  [ "$(stat -c "%a %U:%G" /etc/roomkey/secret)" = "640 root:roomkey" ]'
check "a purge leaves nothing of the package, nginx in order, and the administrator's own files" '
  echo "{}" >/etc/roomkey/policy.json
  nginx -s stop
  apt-get purge -y roomkey
  nginx -t
  [ "$(ls -A /etc/roomkey)" = policy.json ] && [ ! -e /run/roomkey ]
  rm -r /etc/roomkey
  inventory | diff /tmp/before - '

close_checks
