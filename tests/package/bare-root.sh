#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes a bare Debian 12 root (debootstrap's minbase) in an empty folder. It gets its packages from
# where this machine's apt gets them, in the same way. run.sh mounts what it needs.
#
# usage: tests/package/bare-root.sh FOLDER     as root
set -euo pipefail

suite=bookworm
[ $# -eq 1 ] || { echo "usage: tests/package/bare-root.sh FOLDER" >&2; exit 64; }
root=$1

# Debian's own sources of this machine, for the suite and its updates. The fields are apt's.
# shellcheck disable=SC2016
sources=$(apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' 'Component: main' |
  awk -v suite="$suite" '$3 == suite || index($3, suite "-") == 1' | sort -u)
mirror=$(awk -v suite="$suite" '$3 == suite {print $2; exit}' <<<"$sources")
[ -n "$mirror" ] || { echo "bare-root.sh: apt knows no source of $suite here" >&2; exit 1; }

# The base takes a minute, so it is kept beside the other things that are built.
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
