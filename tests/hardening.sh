#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Whether the release binary is hardened as its preset asks for: each flag by what it leaves behind.
# Marked branches leave endbr64 on amd64 and bti or paciasp on arm64; the note that would have a kernel
# enforce it is not there, as the linker writes it only if every library has it, and Debian's static Boost
# has not.
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
case $(sed -n 's/^ *Machine: *//p' <<<"$elf") in
  *X86-64*) mark=endbr64 objdump=x86_64-linux-gnu-objdump ;;
  AArch64) mark='bti|paciasp' objdump=aarch64-linux-gnu-objdump ;;
  *) mark= ;;
esac
if [ -n "$mark" ]; then
  # The C library's start has a few of them in any case.
  elf="$("$objdump" --disassemble --no-show-raw-insn "$binary" | grep -cE "$mark") marks"
  expect "where indirect branches may go is marked ($mark)" is '[0-9]{3} marks'
fi
exit "$failed"
