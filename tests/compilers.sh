#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds with GCC and with clang, for this machine and for arm64: without a warning, hardened as a release, with
# the unit tests run. So on Debian 12 and 13 these are the eight builds that are meant to work.
#
# usage: tests/compilers.sh [g++|clang++ ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. deploy/common.sh

compilers=("$@")
[ $# -gt 0 ] || compilers=(g++ clang++)
install_missing "${k_build_packages[@]}" "${k_clang_packages[@]}" '/usr/include/boost/test/unit_test.hpp:libboost-test-dev'

for compiler in "${compilers[@]}"; do
  step "Building the release with $compiler" \
    tests/build-anew.sh release "build/$compiler-release" -D CMAKE_CXX_COMPILER="$compiler"
  tests/hardening.sh "build/$compiler-release/roomkey"
  step "Building the unit tests with $compiler" \
    tests/build-anew.sh dev "build/$compiler-dev" -D CMAKE_CXX_COMPILER="$compiler"
  ctest --test-dir "build/$compiler-dev" --output-on-failure --label-exclude '^servers$' --no-tests=error -j "$(nproc)"
  CXX=$compiler tests/arm64.sh --unit
done
