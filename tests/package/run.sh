#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The life of the Debian package in a bare Debian 12: it is built there by the documented command,
# checked, installed, used, upgraded, removed and purged. Needs root, and some minutes; prints TAP.
#
# usage: sudo tests/package/run.sh [--keep]     --keep: leave the root for a look at it
# shellcheck disable=SC2317  # the trap calls it
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=$(cd "$here/../.." && pwd)
. "$repository/deploy/common.sh"

keep=
case "$*" in
  '') ;;
  --keep) keep=yes ;;
  *) echo "usage: sudo tests/package/run.sh [--keep]" >&2; exit 64 ;;
esac
[ "$(id -u)" -eq 0 ] || { echo "run.sh: needs root, for debootstrap and chroot" >&2; exit 77; }

install_missing debootstrap:debootstrap unshare:util-linux ip:iproute2

root=$(mktemp -d "${TMPDIR:-/tmp}/roomkey-package.XXXXXX")
# mktemp made it for root alone; in it, other users live too.
chmod 755 "$root"
life=
finish() {
  if [ -n "$life" ] && kill -KILL "$life" 2>/dev/null; then wait "$life" || true; fi
  if [ -n "$keep" ]; then echo "# The root is $root"; else rm -rf --one-file-system "$root"; fi
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

step "Making a bare Debian" "$here/bare-root.sh" "$root"
mkdir "$root/src"
tar -C "$repository" --exclude=./build --exclude=./.git --exclude=node_modules -cf - . | tar -C "$root/src" -xf -

# Mounts and processes live in namespaces of their own. They are gone with the last of its processes,
# however this ends, so nothing of them is left to clean up here.
# It runs in the background, so that a signal to this script is not kept waiting until its end.
propagation=private
# In a chroot, / is no mount point, and has no propagation to change.
unshare --mount true 2>/dev/null || propagation=unchanged
unshare --mount --propagation "$propagation" --mount-proc --pid --fork --kill-child "$here/life.sh" "$root" &
life=$!
status=0
wait "$life" || status=$?
life=
exit "$status"
