// SPDX-License-Identifier: MIT
// One run of wrk, with what the processes behind the port spent in its time.

import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { busyTime, cpuTime, family, memory } from './proc.js';

const script = fileURLToPath(new URL('../load.lua', import.meta.url));

/** Waits until nothing else wants the CPUs, for at most `patience` seconds; false if it still does. */
export async function quiet(patience) {
  const window = 250;
  for (let left = patience * 1000; ; left -= window) {
    const before = busyTime();
    await sleep(window);
    if ((busyTime() - before) / (window * 1000 * availableParallelism()) < 0.05) return true;
    if (left <= 0) return false;
  }
}

/** Loads `row` for `seconds`; times are in microseconds, memory is in KiB. */
export async function load(row, { seconds, connections = 32, form = 'multipart' }) {
  const parts = { front: row.front ? family(row.front.pid) : [], back: row.back ? family(row.back.pid) : [] };
  const before = { front: cpuTime(parts.front), back: cpuTime(parts.back) };
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '10s', '-s', script, `http://127.0.0.1:${row.port}/auth`];
  const [busy, self] = [busyTime(), process.cpuUsage()];
  const { stdout } = await promisify(execFile)('wrk', args, { env: { ...process.env, BENCH_FORM: form } });
  const { requests, wrkCpu, ...rest } = JSON.parse(/^RESULT (.*)$/m.exec(stdout)[1]);
  const { user, system } = process.cpuUsage(self);
  const ours = wrkCpu + user + system + cpuTime(parts.front) - before.front + cpuTime(parts.back) - before.back;
  const perRequest = (part) => (parts[part].length > 0 && requests > 0 ? (cpuTime(parts[part]) - before[part]) / requests : 0);
  return {
    rate: requests / rest.seconds,
    p50: rest.p50,
    p99: rest.p99,
    errors: rest.failed + rest.broken,
    frontCpu: perRequest('front'),
    backCpu: perRequest('back'),
    frontMemory: memory(parts.front),
    backMemory: memory(parts.back),
    // Which part of the CPUs others took meanwhile; tell-tale, not exact.
    others: Math.max(0, (busyTime() - busy - ours) / (rest.seconds * 1e6 * availableParallelism())),
  };
}
