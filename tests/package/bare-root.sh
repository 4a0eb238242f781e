#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes a bare root of Debian 12 (bookworm) or 13 (trixie), debootstrap's minbase, in an empty folder. It
# gets its packages from where this machine's apt gets its own, in the same way.
#
# usage: tests/package/bare-root.sh SUITE FOLDER     as root
set -euo pipefail

[ $# -eq 2 ] || { echo "usage: tests/package/bare-root.sh SUITE FOLDER" >&2; exit 64; }
suite=$1
root=$2

# Debian's own sources of this machine, for its suite and the updates, told for the other suite. The fields
# are apt's.
own=$(. /etc/os-release && echo "$VERSION_CODENAME")
# shellcheck disable=SC2016
sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Component: main' |
  awk -v own="$own" -v suite="$suite" '$3 == own || index($3, own "-") == 1 { sub("^" own, suite, $3); print }' | sort -u)
mirror=$(awk -v suite="$suite" '$3 == suite {print $2; exit}' <<<"$sources")
[ -n "$mirror" ] || { echo "bare-root.sh: apt knows no source of Debian here" >&2; exit 1; }

# The base takes minutes, so it is kept beside the other things that are built.
base=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/bare-$suite.tar
if [ ! -s "$base" ]; then
  mkdir -p "${base%/*}"
  debootstrap --variant=minbase "$suite" "$root" "$mirror"
  rm -f "$root"/var/cache/apt/archives/*.deb
  tar -C "$root" --one-file-system -cf "$base.new" .
  mv "$base.new" "$base"
else
  tar -C "$root" -xf "$base"
fi

cp /etc/resolv.conf /etc/hosts "$root/etc/"
rm -f "$root"/etc/apt/sources.list.d/*
printf '%s\n' "$sources" >"$root/etc/apt/sources.list"
# Proxies, certificates and the like are settings of Acquire.
apt-config dump --format '%F "%v";%n' Acquire >"$root/etc/apt/apt.conf.d/90acquire"
if [ -s /etc/ssl/certs/ca-certificates.crt ]; then
  mkdir -p "$root/etc/ssl/certs"
  cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
fi
# Nothing that is installed there starts by itself.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
# It is thrown away, so nothing of it has to outlive a power cut.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
