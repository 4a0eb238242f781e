# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Where the scripts of life.sh and by-hand.sh run: in the root of their first argument. Sourced.

root=$1
helpers=$(<tests/package/helpers.sh)
network=()

# A script, run inside, in the folder of $folder.
shell() {
  "${network[@]}" chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive bash -euo pipefail -c "$helpers"$'\n'"cd ${folder:-/}"$'\n'"$1"
}

# From here on, nothing needs the network, and ports are ours: in a namespace without other hosts.
leave_network() {
  unshare --net sleep infinity &
  network=(nsenter --net="/proc/$!/ns/net")
  until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
  "${network[@]}" ip link set lo up
}

# The n-th block of commands in a section of a document.
block() { # DOCUMENT SECTION NUMBER
  awk -v title="## $2" -v wanted="$3" '
    /^#/ && !inside { section = ($0 == title) }
    /^```/ { if (section && !inside && $0 == "```sh") number++; inside = !inside; next }
    section && inside && number == wanted' "$root/src/$1"
}
