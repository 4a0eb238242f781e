#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds roomkey for arm64 by Debian's cross compiler, or by clang with that one's libraries, without a
# warning, and runs it in QEMU's user mode: the hardening of the program, its token, and with --unit the unit
# tests. The libraries of arm64 are unpacked in build/, so that nothing of this machine's own changes but for
# the compiler and QEMU.
#
# usage: [CXX=clang++] tests/arm64.sh [--unit]
# shellcheck disable=SC2317  # functions that step calls
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/common.sh

unit=
case $* in
  '') ;;
  --unit) unit=yes ;;
  *) echo "usage: tests/arm64.sh [--unit]" >&2; exit 64 ;;
esac

root=$PWD/build/arm64-root
place=build/arm64-${CXX:-g++}
chosen=()
if [[ ${CXX:-} == clang* ]]; then
  chosen=(-D CMAKE_CXX_COMPILER="$CXX")
  install_missing "${k_clang_packages[@]}"
fi
install_missing "${k_build_packages[@]}" "${k_arm64_packages[@]}"

# An apt of its own, which knows of nothing that is installed and fetches what a build needs with all that
# it depends on.
unpack_libraries() {
  local names=() pair state=$root.apt
  for pair in "${k_build_packages[@]}" '/:libboost-test-dev'; do
    case ${pair#*:} in lib* | nlohmann*) names+=("${pair#*:}") ;; esac
  done
  # What belongs to the compiler's version comes with the compiler itself, but for its library.
  names+=("libstdc++-$(aarch64-linux-gnu-g++ -dumpversion | cut -d. -f1)-dev")
  rm -rf "$root" "$state"
  mkdir -p "$state"/{lists,cache}/partial "$root"/usr/{bin,sbin,lib} || return
  : >"$state/status"
  local apt=(apt-get -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o Dir::State::status="$state/status"
    -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" -o APT::Sandbox::User=root -o Debug::NoLocking=1)
  "${apt[@]}" update &&
    "${apt[@]}" install -y --no-install-recommends --download-only -o Dir::Cache::archives="$state/cache" "${names[@]}" || return
  ln -s usr/bin usr/sbin usr/lib "$root/"
  local package
  for package in "$state"/cache/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$root" || return
  done
  rm -rf "$state"
}
if [ ! -e "$root/usr/include/fcgiapp.h" ]; then step "Unpacking the libraries of arm64" unpack_libraries; fi

emulated=(qemu-aarch64-static -L "$root")
build() { # PRESET
  tests/build-anew.sh "$1" "$place-$1" --toolchain "$PWD/tests/arm64.cmake" "${chosen[@]}"
}

# Signed as openssl, of this machine, signs.
gives_a_token() {
  local secret=only-for-this-test-only-for-this-test token mac
  token=$(SCALEDRONE_CHANNEL_ID=x SCALEDRONE_CHANNEL_SECRET=$secret \
    "${emulated[@]}" "$place-release"/roomkey mint --form clientID=a:b) || return
  mac=$(printf %s "${token%.*}" | openssl dgst -sha256 -hmac "$secret" -binary | base64 -w0 | tr +/ -_ | tr -d =)
  [ -n "$mac" ] && [ "${token##*.}" = "$mac" ]
}

step "Building the release for arm64" build release
tests/hardening.sh "$place-release"/roomkey
step "Having it sign a token" gives_a_token
if [ -n "$unit" ]; then
  step "Building the unit tests for arm64" build dev
  ctest --test-dir "$place-dev" --output-on-failure --label-exclude '^servers$' --no-tests=error -j "$(nproc)"
fi
