# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Bare roots of Debian, with this repository in /src, and commands in namespaces of their own. Sourced by
# run.sh and vm.sh, after deploy/common.sh; they stand at the root of the repository.

suites=()
keep=
places=()

# What both take: [--keep] [SUITE ...].
read_arguments() {
  if [ "${1:-}" = --keep ]; then keep=yes; shift; fi
  suites=("$@")
  [ $# -gt 0 ] || read -ra suites <<<"${SUITE:-bookworm trixie}"
  local suite
  for suite in "${suites[@]}"; do
    case $suite in
      bookworm | trixie) ;;
      *) echo "usage: sudo $0 [--keep] [bookworm|trixie ...]" >&2; exit 64 ;;
    esac
  done
  [ "$(id -u)" -eq 0 ] || { echo "$0: needs root, for debootstrap and chroot" >&2; exit 77; }
  install_missing debootstrap:debootstrap unshare:util-linux ip:iproute2
}

remove_places() {
  end_background
  if [ -n "$keep" ]; then
    printf '# Left for a look at it: %s\n' "${places[@]}"
  else
    rm -rf --one-file-system "${places[@]}"
  fi
}
trap remove_places EXIT

# A folder that is gone in the end; its path is in $place.
make_place() {
  place=$(mktemp -d "${TMPDIR:-/tmp}/roomkey-package.XXXXXX")
  places+=("$place")
  # mktemp made it for root alone; in it, other users live too.
  chmod 755 "$place"
}

copy_repository() {
  mkdir "$1/src" && tar --exclude=./build --exclude=./.git --exclude=node_modules -cf - . | tar -C "$1/src" -xf -
}

# A bare root of a suite; its path is in $place.
make_root() {
  make_place
  step "Making a bare Debian, $1" attended tests/package/bare-root.sh "$1" "$place"
  copy_repository "$place"
}

# Runs a command that works in a root. Mounts and processes live in namespaces of their own: they are gone
# with the last of its processes, however this ends, so nothing of them is left to clean up here.
#   with_root ROOT COMMAND [ARGUMENT ...]
with_root() {
  local propagation=private
  # In a chroot, / is no mount point, and has no propagation to change.
  unshare --mount true 2>/dev/null || propagation=unchanged
  # shellcheck disable=SC2016
  attended unshare --mount --propagation "$propagation" --mount-proc --pid --fork --kill-child bash -euc '
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    mount -t tmpfs tmpfs "$0/run"
    exec "$@"' "$@"
}
