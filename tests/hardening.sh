#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Whether the release binary is hardened as its preset asks for: each flag by what it leaves behind.
# -fcf-protection leaves endbr64; the note that would have a kernel enforce it is not there, as the
# linker writes it only if every library has it, and Debian's static Boost has not.
#
# usage: tests/hardening.sh [BINARY]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

binary=${1:-build/release/roomkey}
elf=$(LC_ALL=C readelf --wide --file-header --program-headers --dynamic --dyn-syms "$binary")
failed=0

expect() { # WHAT, whether it must be there (is) or not (isnt), PATTERN
  local found=isnt
  grep -Eq "$3" <<<"$elf" && found=is
  if [ "$found" = "$2" ]; then
    printf 'ok      %s\n' "$1"
  else
    printf 'FAILED  %s\n' "$1"
    failed=1
  fi
}

expect "position-independent (PIE)" is 'Type: +DYN'
expect "relocations are read-only" is 'GNU_RELRO'
expect "all symbols are bound at the start" is '\(FLAGS_1\).*NOW'
expect "no executable stack" is 'GNU_STACK.* RW +0x'
expect "no segment both writable and executable" isnt '(LOAD|GNU_STACK).* RWE '
expect "no relocation in code" isnt 'TEXTREL'
expect "no search path for libraries" isnt 'RPATH|RUNPATH'
expect "stack protector" is '__stack_chk_fail'
expect "checked calls (FORTIFY)" is '__[a-z_]+_chk@'
if [ "$(uname -m)" = x86_64 ]; then
  # The C library's start has a few of them in any case.
  elf="$(objdump --disassemble --no-show-raw-insn "$binary" | grep -c endbr64) marks"
  expect "where indirect branches may go is marked (endbr64)" is '[0-9]{3} marks'
fi
exit "$failed"
