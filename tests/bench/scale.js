// SPDX-License-Identifier: MIT
// How the cost of a token grows: with connections, with threads, with connections that are idle, and
// with the size of the policy. run.sh --scale has built what is run here.
//
// usage: node scale.js [--smoke] [--rounds N] [--seconds N] [--svg FILE]

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { fastcgi, startNginx } from './lib/nginx.js';
import { Place } from './lib/place.js';
import { svg } from './lib/plot.js';
import { machine } from './lib/proc.js';
import { channel, forms, post, secret } from './lib/requests.js';
import { fixed, markdown, median } from './lib/table.js';
import { load } from './lib/wrk.js';

const { values: options } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '2' },
    svg: { type: 'string' },
  },
});
const rounds = options.smoke ? 1 : Number(options.rounds);
const seconds = options.smoke ? 1 : Number(options.seconds);
const roomkey = fileURLToPath(new URL('../../build/bench/roomkey', import.meta.url));
const environment = { SCALEDRONE_CHANNEL_ID: channel, SCALEDRONE_CHANNEL_SECRET: secret };
const place = new Place();

/** The steps of one chart; in a smoke run only the first and the last. */
const steps = (all) => (options.smoke ? [all[0], all.at(-1)] : all);

/** roomkey behind an nginx of its own. */
async function serve(name, { threads = 1, workers = 1, keepalive = 64, policy } = {}) {
  const socket = place.path(`${name}.sock`);
  const args = ['--socket', `unix:${socket}`, '--threads', String(threads)];
  if (policy) {
    const file = place.path(`${name}.json`);
    writeFileSync(file, policy);
    args.push('--policy', file);
  }
  const back = await place.start(name, roomkey, args, { env: environment, address: socket });
  const { server: front, port } = await startNginx(place, `nginx-${name}`, { workers, sites: { site: fastcgi({ socket, keep: true, keepalive }) } });
  return { name, socket, back, front, port: port.site };
}

/** A policy of about `bytes`: the tutorial's claims, and as many rooms as fit. */
function policyOf(bytes) {
  const policy = {
    claims: {
      client: '${form.clientID}', channel: '${env.SCALEDRONE_CHANNEL_ID}', exp: '${now+180}',
      permissions: { '^private-${form.clientID|regex}$': { publish: false, subscribe: true } },
    },
  };
  for (let i = 1; JSON.stringify(policy).length < bytes - 60; i++) {
    policy.claims.permissions[`^observable-room-${i}$`] = { publish: true, subscribe: true };
  }
  return JSON.stringify(policy);
}

// A request without parameters that keeps its connection: BEGIN_REQUEST, PARAMS and STDIN, both empty.
const emptyRequest = Buffer.from('0101000100080000' + '0001010000000000' + '0104000100000000' + '0105000100000000', 'hex');

/** Opens `count` connections as web servers keep them: a request, its answer, and then nothing. */
async function openIdle({ socket }, count) {
  const held = [];
  while (held.length < count) {
    const few = Array.from({ length: Math.min(64, count - held.length) }, () => connect({ path: socket }));
    await Promise.all(few.map((each) => {
      each.write(emptyRequest);
      return once(each, 'data');
    }));
    held.push(...few);
  }
  return held;
}

/** Each chart: what stands below it, its steps, and for each step a row to load. */
async function startAll() {
  const one = await serve('one', { keepalive: 1024 });
  const result = [
    { title: 'Connections', x: 'clients at once', rows: steps([1, 4, 16, 64, 256, 1024]).map((connections) => ({ step: connections, ...one, connections })) },
  ];
  const threads = [];
  for (const count of steps([1, 2, 3, 4])) threads.push({ step: count, ...(await serve(`threads-${count}`, { threads: count, workers: 2 })), connections: 64 });
  result.push({ title: 'Threads', x: 'threads of one process, behind 2 nginx workers', rows: threads });
  const idle = [];
  for (const count of steps([0, 64, 256, 1024, 4096])) {
    const row = { step: count, ...(await serve(`idle-${count}`)), connections: 32 };
    row.held = await openIdle(row, count);
    idle.push(row);
  }
  result.push({ title: 'Idle connections', x: 'kept by web servers, 64 a worker', rows: idle });
  const policies = [];
  for (const bytes of steps([200, 500, 1000, 2000, 4000, 8000])) {
    policies.push({ step: bytes, ...(await serve(`policy-${bytes}`, { policy: policyOf(bytes) })), connections: 32 });
  }
  result.push({ title: 'Policy', x: 'bytes of JSON', rows: policies });
  return result;
}

const middle = (row, key) => median(row.runs.map((run) => run[key]));

const errors = (row) => row.runs.reduce((sum, run) => sum + run.errors, 0);

function table({ title, x, rows }) {
  const lines = rows.map((row) => [
    row.step, fixed(middle(row, 'rate'), 0), fixed(middle(row, 'p50'), 0), fixed(middle(row, 'p99'), 0), fixed(middle(row, 'frontCpu'), 1),
    fixed(middle(row, 'backCpu'), 1), fixed(middle(row, 'backMemory') / 1024, 2), errors(row),
  ]);
  return `${title}: ${x}\n\n${markdown(['', 'requests/s', 'p50 us', 'p99 us', 'CPU us nginx', 'roomkey', 'PSS MB', 'errors'], lines)}`;
}

/** How many idle connections have been closed though they had not to be. */
const lost = ({ held = [] }) => held.filter((socket) => socket.readableEnded || socket.destroyed).length;

try {
  const all = await startAll();
  const rows = all.flatMap(({ rows: of }) => of);
  for (const row of rows) {
    const { status, text } = await post(row.port, forms.multipart);
    if (status !== 200) throw new Error(`${row.name}: status ${status}: ${text}`);
    row.runs = [];
  }
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[(i + round * 5) % rows.length];
      row.runs.push(await load(row, { seconds, connections: row.connections }));
    }
  }
  const { cpu, cores, system, kernel } = machine();
  console.log(`${cores} cores of ${cpu}, ${system}, Linux ${kernel}; medians of ${rounds} interleaved rounds of ${seconds} s`);
  for (const each of all) console.log(`\n${table(each)}`);
  if (options.svg) {
    const charts = all.map(({ title, x, rows: of }) => ({
      title, x, y: 'CPU us a request', steps: of.map(({ step }) => step),
      series: [['nginx', 'frontCpu'], ['roomkey', 'backCpu']].map(([name, key]) => ({ name, values: of.map((row) => middle(row, key)) })),
    }));
    writeFileSync(options.svg, svg(charts));
  }
  const failed = rows.filter((row) => lost(row) > 0 || errors(row) > 0 || row.runs.some(({ rate }) => rate === 0));
  for (const row of failed) console.log(`not ok - ${row.name}: ${lost(row)} idle connections lost, ${errors(row)} errors`);
  console.log(`${rows.length - failed.length} passed, ${failed.length} failed`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} finally {
  await place.stop();
}
