// SPDX-License-Identifier: MIT
// Interleaved rounds over all rows, and one table. run.sh has built what is started here.
//
// usage: node bench.js [--smoke] [--rounds N] [--seconds N] [--connections N] [--only NAME,...]
//                      [--workers N,...] [--form multipart|urlencoded] [--json FILE] [--hold]
//                      [--before ROOMKEY] [--patience SECONDS]
// With --before it also measures that other roomkey, to compare with.
// Before each run it waits up to --patience seconds for a machine that does nothing else; a run that
// was disturbed all the same is repeated while patience lasts.
// With --hold it starts the rows, names their ports and processes, and waits: for a profiler.

import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { verdicts } from './bars.js';
import { Place } from './lib/place.js';
import { family, machine } from './lib/proc.js';
import { countPending, fault, forms, post } from './lib/requests.js';
import { fixed, markdown, median, spread } from './lib/table.js';
import { load, quiet } from './lib/wrk.js';
import { findPhp, startRows } from './rows.js';

const { values: options } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '32' },
    only: { type: 'string' },
    before: { type: 'string' },
    workers: { type: 'string', default: '1,2' },
    form: { type: 'string', default: 'multipart' },
    json: { type: 'string' },
    patience: { type: 'string', default: '10' },
    hold: { type: 'boolean', default: false },
  },
});
const form = forms[options.form];
const wanted = (kind) => !options.only || options.only.split(',').includes(kind);
const build = fileURLToPath(new URL('../../build/bench', import.meta.url));

const nameOf = ({ title, workers }) => (workers > 0 ? `${title} (nginx: ${workers})` : title);

/** What is wrong with a row's answers; nothing if they are what they should be. */
async function check(row) {
  const { status, text } = await post(row.port, form);
  if (status !== 200) return `status ${status}: ${text.slice(0, 200)}`;
  return row.mints ? fault(text) : text.length === 500 ? '' : `found ${text.length} bytes; 500 are expected`;
}

/** Every row answers well, to one client and to many; nothing is said about speed. */
async function smoke(rows) {
  let failed = 0;
  for (const row of rows) {
    const wrong = await check(row).catch((error) => error.message);
    const many = wrong ? {} : await countPending(row.port, form, { clients: 32, each: 5 });
    const good = !wrong && many.pending === 0 && many.failed === 0;
    if (!good) failed++;
    console.log(`${good ? 'ok' : 'not ok'} - ${nameOf(row)}${wrong ? `: ${wrong}` : good ? '' : `: ${JSON.stringify(many)}`}`);
  }
  const { rate, errors } = await load(rows[0], { seconds: 1, connections: 4, form: options.form });
  const loaded = rate > 0 && errors === 0;
  if (!loaded) failed++;
  console.log(`${loaded ? 'ok' : 'not ok'} - ${nameOf(rows[0])} under wrk`);
  console.log(`${rows.length + 1 - failed} passed, ${failed} failed`);
  return failed === 0;
}

/** One run, repeated while others disturb it and patience lasts. */
async function undisturbed(row) {
  const seconds = Number(options.seconds);
  const deadline = Date.now() + Number(options.patience) * 1000;
  for (;;) {
    await quiet((deadline - Date.now()) / 1000);
    const run = await load(row, { seconds, connections: Number(options.connections), form: options.form });
    if (run.others < 0.05 || Date.now() > deadline) return run;
  }
}

async function measure(rows) {
  const rounds = Number(options.rounds);
  for (const row of rows) {
    const wrong = await check(row);
    if (wrong) throw new Error(`${nameOf(row)}: ${wrong}`);
    row.runs = [];
  }
  for (let round = 0; round < rounds; round++) {
    // Each round starts with another row, so that what drifts over a round hits none in particular.
    for (let i = 0; i < rows.length; i++) {
      const row = rows[(i + round * 5) % rows.length];
      if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1} of ${rounds}: ${nameOf(row).padEnd(60)}`);
      row.runs.push(await undisturbed(row));
    }
  }
  if (process.stderr.isTTY) process.stderr.write(`\r${' '.repeat(80)}\r`);
  for (const row of rows) row.pending = await countPending(row.port, form);
}

/** How many times the requests of `row` roomkey answers, from the pairs of each round. */
function ratio(rows, row) {
  const base = rows.find(({ kind, workers }) => kind === 'roomkey' && workers === (row.workers || 1));
  return base ? median(row.runs.map(({ rate }, round) => base.runs[round].rate / rate)) : NaN;
}

function report(rows) {
  const all = (row, key, scale = 1) => row.runs.map((run) => run[key] / scale);
  const one = (row, key, digits, scale) => (row[key.startsWith('front') ? 'front' : 'back'] ? fixed(median(all(row, key, scale)), digits) : '-');
  const head = ['', 'requests/s', 'p50 us', 'p99 us', 'CPU us nginx', 'backend', 'PSS MB nginx', 'backend', 'errors', 'hung', 'roomkey is'];
  const lines = rows.map((row) => [
    nameOf(row),
    spread(all(row, 'rate')),
    spread(all(row, 'p50')),
    spread(all(row, 'p99')),
    one(row, 'frontCpu', 1),
    one(row, 'backCpu', 1),
    one(row, 'frontMemory', 1, 1024),
    one(row, 'backMemory', 1, 1024),
    row.runs.reduce((sum, { errors }) => sum + errors, 0) + row.pending.failed,
    row.pending.pending,
    `${fixed(ratio(rows, row), 2)} x`,
  ]);
  return markdown(head, lines);
}

const place = new Place();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => place.stop().then(() => process.exit(1)));
}
try {
  const workers = options.workers.split(',').map(Number);
  const rows = await startRows(place, { build, before: options.before && resolve(options.before), php: findPhp(), wanted, workers });
  if (rows.length === 0) throw new Error(`--only ${options.only}: no such row`);
  if (options.hold) {
    for (const { title, port, front, back } of rows) {
      console.log(`${title}: port ${port}, nginx ${family(front?.pid ?? 0).slice(1)}, backend ${back ? family(back.pid) : '-'}`);
    }
    await new Promise((resolve) => process.stdin.resume().once('end', resolve));
  } else if (options.smoke) {
    process.exitCode = (await smoke(rows)) ? 0 : 1;
  } else {
    await measure(rows);
    const { cpu, cores, system, kernel } = machine();
    const title = `${cores} cores of ${cpu}, ${system}, Linux ${kernel}; ${options.connections} connections, ${options.form} body, ` +
      `${options.rounds} rounds of ${options.seconds} s; median (minimum-maximum)`;
    const disturbed = rows.flatMap(({ runs }) => runs).filter(({ others }) => others >= 0.05).length;
    const quality = disturbed === 0 ? 'Nothing else ran.' : `Others took over 5 % of the CPUs in ${disturbed} of ${rows.length * Number(options.rounds)} runs: look at the ratios by CPU only.`;
    console.log(`\n${title}\n${quality}\n\n${report(rows)}\n\n${verdicts(rows)}`);
    if (options.json) {
      const plain = rows.map(({ kind, workers: count, title: name, runs, pending }) => ({ kind, workers: count, title: name, runs, pending }));
      writeFileSync(options.json, `${JSON.stringify({ title, rows: plain })}\n`);
    }
  }
} finally {
  await place.stop();
}
