#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds all of a preset in a folder, and fails if the compiler, the linker or CMake warns.
#
# usage: tests/build-anew.sh PRESET FOLDER [ARGUMENT OF CMAKE ...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mkdir -p build
{ cmake --fresh --preset "$1" -B "$2" "${@:3}" && cmake --build "$2" --clean-first; } 2>&1 | tee "$2.log"
! grep -nE 'warning:|CMake Warning' "$2.log"
