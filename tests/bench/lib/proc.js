// SPDX-License-Identifier: MIT
// What the kernel says of processes: their time on a CPU and their memory.

import { readFileSync } from 'node:fs';

const ticksPerSecond = 100; // USER_HZ, the same on every Linux that matters (proc(5))

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has ended, or it is another user's
  }
}

/** A process and those that it has started. */
export function family(pid) {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(/\s+/).filter(Boolean);
  return [pid, ...children.flatMap((child) => family(Number(child)))];
}

/** User and system time of all threads of these processes so far, in microseconds. */
export function cpuTime(pids) {
  return pids.reduce((sum, pid) => {
    // The fields after the name, which may itself hold spaces and brackets.
    const fields = read(`/proc/${pid}/stat`).split(') ').pop().split(' ');
    return sum + ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1e6) / ticksPerSecond;
  }, 0);
}

/** Time that all CPUs together have spent on anything so far, in microseconds. */
export function busyTime() {
  // user nice system idle iowait irq softirq steal (proc(5))
  const [user, nice, system, , , irq, softirq] = read('/proc/stat').split('\n')[0].split(/\s+/).slice(1).map(Number);
  return ((user + nice + system + irq + softirq) * 1e6) / ticksPerSecond;
}

/** Proportional set size in KiB: shared pages are split among those who share them. */
export function memory(pids) {
  return pids.reduce((sum, pid) => sum + Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? NaN), 0);
}

/** The machine, in so far as a reader of the numbers needs it. */
export function machine() {
  const cpus = read('/proc/cpuinfo');
  return {
    cpu: /^model name\s*:\s*(.*)$/m.exec(cpus)?.[1] ?? 'unknown',
    cores: (cpus.match(/^processor/gm) ?? []).length,
    memory: `${Math.round(Number(/MemTotal:\s+(\d+)/.exec(read('/proc/meminfo'))?.[1] ?? 0) / 1048576)} GiB`,
    kernel: read('/proc/sys/kernel/osrelease').trim().split('-')[0],
    system: /^PRETTY_NAME="(.*)"$/m.exec(read('/etc/os-release'))?.[1] ?? 'Linux',
  };
}
