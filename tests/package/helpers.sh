# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC1091,SC2034
# What the scripts of the checks may use where they run: in a bare root, or in the virtual machine.

apt_get() { apt-get -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold -y "$@"; }

# The opposite of a command; the shell's own ! would not end a script.
no() { ! "$@"; }

# Waits for a command to succeed, a minute at most.
await() {
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.2
  done
  echo "waited in vain: $*"
  "$@"
}

ask() { curl -sS --max-time 60 -H 'Host: chat.test' "$@"; }

load_environment() { set -a; . /etc/roomkey/environment; set +a; }

key=0123456789abcdef0123456789abcdef
well_signed() {
  local mac
  mac=$(printf %s "${1%.*}" | openssl dgst -sha256 -hmac "$key" -binary | base64 | tr +/ -_ | tr -d =)
  [ "${1##*.}" = "$mac" ]
}

# What README.Debian tells to edit.
edit_configuration() {
  sed -i "s/^SCALEDRONE_CHANNEL_ID=.*/SCALEDRONE_CHANNEL_ID=channel-1/" /etc/roomkey/environment
  sed -i "s/YOUR_SCALEDRONE_CHANNEL_ID/channel-1/" /etc/roomkey/config.json
  echo $key >/etc/roomkey/secret
  sed -i "s/chat.example.com/chat.test/" /etc/nginx/roomkey/local.conf
  ln -s ../sites-available/roomkey /etc/nginx/sites-enabled/
}

# Lets one address ask as often as it likes, since all visitors of a test have one.
lift_limits() { sed -i 's,rate=2r/s,rate=10000r/s,; s/burst=20 /burst=10000 /' /etc/nginx/roomkey/*.conf; }

# What roomkey needs, so that inventories differ by roomkey alone.
install_dependencies() {
  # shellcheck disable=SC2046
  apt-get install -y --no-install-recommends \
    $(dpkg-deb -f /src/build/package/roomkey_*_*.deb Depends | tr ',' '\n' | sed 's/(.*//; s/|.*//')
}

# A next version of the package, roomkey_next.deb, in which http.conf and local.conf have changed.
make_next() {
  cd /src/build/package && rm -rf next && dpkg-deb -R roomkey_*_*.deb next
  sed -i 's/^\(Version: .*\)-1$/\1-2/' next/DEBIAN/control
  grep '^Version: .*-2$' next/DEBIAN/control
  echo "# next" | tee -a next/etc/nginx/roomkey/http.conf next/etc/nginx/roomkey/local.conf
  (cd next && find . -type f ! -path "./DEBIAN/*" -printf "%P\0" | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  dpkg-deb --root-owner-group -b next roomkey_next.deb
  rm -r next
}

# Every file and account, but what any use of apt or a running system changes.
inventory() {
  find / -xdev \( -path /src -o -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp \
    -o -path /var/cache -o -path /var/log -o -path /var/lib/nginx -o -path /var/lib/apt -o -path /var/lib/dpkg \
    -o -path /var/lib/systemd/timers -o -path /var/backups \) -prune -o -print |
    grep -vE '^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$' | sort
  cut -d: -f1 /etc/passwd /etc/group | sort
}
