// SPDX-License-Identifier: MIT
// What is promised about roomkey beside its peers, and whether this run keeps it.

import { fixed, markdown, median } from './lib/table.js';

const rate = (run) => run.rate;
const backCpu = (run) => run.backCpu;
const allCpu = (run) => run.frontCpu + run.backCpu;

// How often the second goes into the first: the least that is promised, and what is aimed at.
const bars = [
  ['requests, to Go behind nginx', rate, ['roomkey', 1], ['go', 1], 2.3, 2.7],
  ['requests, to Go direct', rate, ['roomkey', 1], ['go-direct', 0], 1.5, 1.9],
  ['requests, to php-fpm', rate, ['roomkey', 1], ['php', 1], 3.5, 4.5],
  ['requests, to php-fpm with keepalive', rate, ['roomkey', 1], ['php-keep', 1], 3.5, 4.5],
  ['requests, to njs', rate, ['roomkey', 1], ['njs', 1], 1.3, 1.6],
  ['requests, to Lua', rate, ['roomkey', 1], ['lua', 1], 1.3, 1.5],
  ['requests, to Lua, 2 nginx workers', rate, ['roomkey', 2], ['lua', 2], 1.0, 1.1],
  ['requests, to an empty blocking responder', rate, ['roomkey', 1], ['blocking', 1], 1.5, 1.8],
  ['the same without keepalive', rate, ['roomkey-close', 1], ['blocking-close', 1], 1.5, 1.5],
  ['requests, to an empty responder on the same gateway', rate, ['roomkey', 1], ['gateway', 1], 0.85, 0.95],
  ['requests, to the roomkey before', rate, ['roomkey', 1], ['roomkey-before', 1], 0.97, 1.0],
  ['the same without keepalive', rate, ['roomkey-close', 1], ['roomkey-before-close', 1], 0.97, 1.0],
  ['CPU of Go, to that of roomkey, behind nginx', backCpu, ['go', 1], ['roomkey', 1], 5, 6],
];

export function verdicts(rows) {
  const find = ([kind, workers]) => rows.find((row) => row.kind === kind && row.workers === workers);
  const lines = bars.flatMap(([what, value, over, under, least, aim]) => {
    const [first, second] = [find(over), find(under)];
    if (!first || !second) return [];
    const measured = median(first.runs.map((run, round) => value(run) / value(second.runs[round])));
    // What the rate would be if nothing but nginx and the backend wanted the CPUs.
    const byCpu = value === rate ? fixed(median(first.runs.map((run, round) => allCpu(second.runs[round]) / allCpu(run))), 2) : '';
    return [[what, fixed(measured, 2), byCpu, fixed(least, 2), fixed(aim, 2), measured >= aim ? 'aim' : measured >= least ? 'yes' : 'NO']];
  });
  const ours = find(['roomkey', 1]);
  if (ours) {
    const worst = Math.max(...ours.runs.map((run) => run.backMemory)) / 1024;
    lines.push(['PSS of roomkey under load in MB, at most', fixed(worst, 2), '', '3.00', '3.00', worst < 3 ? 'aim' : 'NO']);
    const p99 = (row) => median(row.runs.map((run) => run.p99));
    const best = Math.min(...rows.filter((row) => row.mints && row.workers < 2 && !row.kind.startsWith('roomkey')).map(p99));
    if (Number.isFinite(best)) {
      const times = p99(ours) / best;
      lines.push(['p99 to that of the best peer, at most', fixed(times, 2), '', '1.00', '1.00', times <= 1 ? 'aim' : 'NO']);
    }
  }
  return markdown(['promised', 'measured', 'by CPU', 'at least', 'aim', 'kept'], lines);
}
