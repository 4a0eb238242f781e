// SPDX-License-Identifier: MIT
// Two processes behind the shipped nginx configuration. One is loaded and reloaded, and is the one that
// is measured; the other is stopped or killed again and again.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { svg } from '../bench/lib/plot.js';
import { cpuTime, memory } from '../bench/lib/proc.js';
import { fixed, markdown, median } from '../bench/lib/table.js';
import { cases } from '../process/support/cases.js';
import { checkAnswer } from '../process/support/check.js';
import { send, urlencoded, visitor } from '../process/support/http.js';
import { startLoad } from '../process/support/load.js';
import { startNginx } from '../process/support/nginx.js';
import { openPlace } from '../process/support/place.js';
import { root, serveUnix } from '../process/support/roomkey.js';
import { channel, clientID, secret, verifyBuiltIn } from '../process/support/tokens.js';

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    svg: { type: 'string', default: `${root}build/soak.svg` },
  },
});
const seconds = Number(options.minutes) * 60;
const sampleEvery = Math.max(1, seconds / 180);
const place = await openPlace();
// Here, where nobody but the end of the run ends a load.
const run = { after: () => {} };

/** One of the contract's requests, with its answer checked; every second one is a good one. */
function asker(nginx) {
  const asked = cases.filter(({ http }) => http !== false);
  let turn = 0;
  return async () => {
    if (++turn % 2 === 0) {
      const { status, body } = await nginx.auth(urlencoded({ clientID }));
      assert.equal(status, 200, body);
      await verifyBuiltIn(body);
      return;
    }
    const one = asked[(turn >> 1) % asked.length];
    const { REQUEST_METHOD: method = 'POST', QUERY_STRING: query, CONTENT_TYPE: contentType = 'application/x-www-form-urlencoded' } = one.params ?? {};
    const noType = 'CONTENT_TYPE' in (one.params ?? {}) && one.params.CONTENT_TYPE === undefined;
    try {
      await checkAnswer(await send(nginx.port, `/auth${query ? `?${query}` : ''}`, {
        method, body: method === 'POST' ? one.body : undefined, headers: noType ? {} : { 'content-type': contentType },
      }), one);
    } catch (error) {
      throw new Error(`${new Date().toISOString()} ${one.name}: ${error.message}`, { cause: error });
    }
  };
}

/** Visitors who leave: within the header or the body, before the answer, or while it comes. */
function leaver(port) {
  const whole = `POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 21\r\n\r\nclientID=bcI:GPhz6A2T`;
  let turn = 0;
  return () => new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: visitor() });
    const kind = ++turn % 4;
    const bytes = [whole.slice(0, 30), whole.slice(0, -5), whole, whole][kind];
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.write(bytes, () => { if (kind < 3) setTimeout(() => socket.destroy(), turn % 20); });
    if (kind === 3) socket.once('data', () => socket.destroy());
    setTimeout(() => socket.destroy(), 2000);
  });
}

/** Good requests as fast as they are answered, for as long as the run is; gives what wrk counted. */
async function flood(port) {
  const wrk = place.start('wrk', ['-t1', '-c32', `-d${seconds}s`, '--latency', '--timeout', '10s', '-s', `${root}tests/soak/load.lua`, `http://127.0.0.1:${port}/auth`],
    { env: { SOAK_ROOT: root } });
  await wrk.closed;
  return JSON.parse(/^RESULT (.*)$/m.exec(wrk.stdout)[1]);
}

const status = (pid) => readFileSync(`/proc/${pid}/status`, 'utf8');
const numberIn = (text, name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)[1]);

function sample(pid, start) {
  const text = status(pid);
  return {
    second: (performance.now() - start) / 1000,
    // PSS also counts a part of what is shared, and so depends on how many share it; what is
    // anonymous is this process's alone.
    anonymous: numberIn(text, 'RssAnon'),
    pss: memory([pid]),
    rss: numberIn(text, 'VmRSS'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: numberIn(text, 'Threads'),
    cpu: cpuTime([pid]) / 1e6,
  };
}

/** Asserts that the last quarter is where the second one was; the first is for warming up. */
function assertFlat(samples, key, tolerance) {
  const part = (from, to) => median(samples.slice(samples.length * from, samples.length * to).map((one) => one[key]));
  const [early, late] = [part(0.25, 0.5), part(0.75, 1)];
  assert.ok(late <= early + tolerance, `${key} grew from ${early} to ${late}`);
}

try {
  const secretFile = await place.write('secret', secret);
  const steady = await serveUnix(place, { args: ['--secret-file', secretFile], env: { SCALEDRONE_CHANNEL_ID: channel } });
  const { pid } = steady.child;
  let mortal = await serveUnix(place);
  const nginx = await startNginx(place, {
    upstreams: [steady.address, mortal.address],
    local: 'access_log off; set_real_ip_from 127.0.0.1; real_ip_header X-Visitor;',
    logLevel: 'info',
  });

  const start = performance.now();
  const atFirst = sample(pid, start);
  const samples = [];
  const counts = { reloads: 0, stops: 0, kills: 0 };
  const flooding = flood(nginx.port);
  const asking = startLoad(run, 6, asker(nginx));
  const leaving = startLoad(run, 4, leaver(nginx.port));
  let over = false;
  const disturbing = (async () => {
    for (let turn = 0; !over; turn++) {
      await sleep(2000);
      steady.child.kill('SIGHUP');
      counts.reloads++;
      if (turn % 3 !== 2) continue;
      const signal = turn % 2 === 0 ? 'SIGTERM' : 'SIGKILL';
      const { status: ended } = await mortal.child.stop(signal);
      assert.equal(ended, signal === 'SIGTERM' ? 0 : signal);
      counts[signal === 'SIGTERM' ? 'stops' : 'kills']++;
      mortal = await serveUnix(place, { path: mortal.address.path });
    }
  })();
  disturbing.catch(() => {});  // it is awaited at the end
  const sampling = (async () => {
    while (!over) {
      await sleep(sampleEvery * 1000);
      samples.push(sample(pid, start));
    }
  })();

  const flooded = await flooding;
  const [asked, left] = await Promise.all([asking.stop(), leaving.stop()]);
  over = true;
  await Promise.all([disturbing, sampling]);
  await nginx.child.stop();
  await sleep(6000);  // so long a request may take, and then it is given up
  const atLast = sample(pid, start);
  const stopped = await steady.child.stop();

  const row = (when, one) => [when, fixed(one.second, 0), one.rss, one.pss, one.anonymous, one.descriptors, one.threads, fixed(one.cpu, 1)];
  const at = (part) => samples[Math.min(samples.length - 1, Math.floor(samples.length * part))];
  console.log(markdown(['', 'second', 'RSS KiB', 'PSS KiB', 'anonymous KiB', 'descriptors', 'threads', 'CPU s'], [
    row('before', atFirst), ...[0, 0.25, 0.5, 0.75, 1].map((part) => row(`${part * 100} %`, at(part))), row('after, without nginx', atLast),
  ]));
  console.log(`\nflood: ${flooded.requests} requests in ${fixed(flooded.seconds, 0)} s, ${flooded.failed} refused, ${flooded.broken} broken off; p99 ${fixed(flooded.p99 / 1000, 1)} ms`);
  console.log(`checked: ${asked.answered} answers as expected, ${asked.failed.length} not; longest wait ${fixed(asked.longest, 0)} ms; ${left.answered} visitors left early`);
  console.log(`${counts.reloads} reloads, ${counts.stops} stops and ${counts.kills} kills of the other process`);
  console.log(steady.child.stderr.trimEnd().split('\n').at(-1));
  const complaints = {};
  const log = await nginx.errorLog();
  for (const [, kind] of log.matchAll(/\[(?:warn|error|crit|alert|emerg)\] \d+#\d+: (?:\*\d+ )?([^,("\n]*?)(?: [/\d]\S*)?(?=[,("\n])/g)) complaints[kind] = (complaints[kind] ?? 0) + 1;
  console.log(`nginx's log: ${Object.entries(complaints).map(([kind, count]) => `${count} times "${kind.trim()}"`).join(', ')}`);

  const points = samples.filter((_, i) => i % Math.ceil(samples.length / 30) === 0);
  const steps = points.map(({ second }, i) => (i % 5 === 0 ? fixed(second / 60, 1) : ''));
  const chart = (title, y, series) => ({ title, x: 'minutes', steps, y, series: series.map(([name, key]) => ({ name, values: points.map((one) => one[key]) })) });
  writeFileSync(options.svg, svg([chart('Memory', 'KiB', [['RSS', 'rss'], ['PSS', 'pss'], ['anonymous', 'anonymous']]), chart('Descriptors and threads', '', [['descriptors', 'descriptors'], ['threads', 'threads']])]));
  writeFileSync(`${root}build/soak-nginx.log`, log);
  console.log(`drawn in ${options.svg}; each connection's end, by nginx, is in build/soak-nginx.log`);

  assert.deepEqual([...new Set(asked.failed)], [], 'every request that was let in is answered as the contract says');
  assert.equal(flooded.failed + flooded.broken, 0, 'and so is every one of the flood');
  assertFlat(samples, 'anonymous', 64);
  assertFlat(samples, 'descriptors', 16);
  assert.deepEqual([...new Set(samples.map(({ threads }) => threads))], [atFirst.threads]);
  assert.equal(atLast.descriptors, atFirst.descriptors, 'no descriptor is left over');
  assert.equal(stopped.status, 0);
  console.log('flat, and nothing lost');
} finally {
  await place.close();
}
