#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the Debian package: installs what the build needs, and leaves
# build/package/roomkey_VERSION_ARCHITECTURE.deb and the files that go with it.
#
# usage: deploy/packaging/build.sh [--source]     --source: the source package too
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
. "$root/deploy/common.sh"

kind=(--build=binary)
case $# in
  0) ;;
  *)
    if [ "$*" != --source ]; then
      echo "usage: deploy/packaging/build.sh [--source]" >&2
      exit 64
    fi
    kind=(--build=full)
    ;;
esac

# dpkg asks for these by name, whatever the probes of the others find.
install_missing "${k_build_packages[@]}" \
  dh:debhelper dpkg-buildpackage:dpkg-dev /usr/share/build-essential/list:build-essential

out=$root/build/package
version=$(dpkg-parsechangelog -l "$root/deploy/packaging/debian/changelog" -S Version)
source=$out/roomkey-${version%-*}

# A copy of what belongs to a release, with debian/ where dpkg wants it.
copy_tree() {
  rm -rf "$out" && mkdir -p "$source" || return
  tar -C "$root" --exclude=./build --exclude=./.git --exclude=node_modules -cf - . | tar -C "$source" -xf - || return
  # Modes as git has them, whatever the umask of the checkout was.
  chmod -R u=rwX,go=rX "$source" || return
  tar -C "$out" --sort=name --owner=0 --group=0 --numeric-owner -cJf \
    "$out/roomkey_${version%-*}.orig.tar.xz" "roomkey-${version%-*}" || return
  cp -R "$source/deploy/packaging/debian" "$source/debian"
}

build() { cd "$source" && dpkg-buildpackage --unsigned-source --unsigned-changes "${kind[@]}"; }

step "Copying the sources" copy_tree
step "Building the package" build
printf '%s\n' "$out/roomkey_${version}_$(dpkg --print-architecture).deb"
