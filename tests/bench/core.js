// SPDX-License-Identifier: MIT
// The core alone, and the start of a CGI program: the tables that need no server.
// run.sh --core has built what is run here.
//
// usage: node core.js [--smoke] [--rounds N] [--json FILE]

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { channel, forms, secret } from './lib/requests.js';
import { fixed, markdown } from './lib/table.js';

const { values: options } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, rounds: { type: 'string', default: '9' }, json: { type: 'string' } },
});
const build = fileURLToPath(new URL('../../build/bench', import.meta.url));

/** Median nanoseconds and allocations of each benchmark, from interleaved repetitions. */
function runCore() {
  const args = ['--benchmark_format=json', `--benchmark_min_time=${options.smoke ? 0.001 : 0.05}`];
  const rounds = options.smoke ? 1 : Number(options.rounds);
  args.push(`--benchmark_repetitions=${rounds}`, '--benchmark_enable_random_interleaving=true');
  const output = execFileSync(`${build}/core_bench`, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 1 << 26 });
  const results = {};
  for (const { run_name: name, run_type: type, aggregate_name: aggregate, error_occurred: failed, ...run } of JSON.parse(output.replaceAll(/: -?(NaN|Infinity)\b/g, ': null')).benchmarks) {
    if (failed) throw new Error(`${name}: ${run.error_message}`);
    if (type === 'iteration' && rounds > 1 ? false : aggregate === undefined || aggregate === 'median') {
      results[name] = { nanoseconds: run.cpu_time, allocations: Math.round(run.allocations), bytes: run.bytes };
    }
  }
  return results;
}

function coreTable(results) {
  const bare = results['bare_hmac/builtin'].nanoseconds;
  return markdown(
    ['step', 'ns', 'allocations', 'x bare HMAC of the token'],
    Object.entries(results)
      .filter(([name]) => !/\/\d+$/.test(name))
      .map(([name, { nanoseconds, allocations }]) => [name, fixed(nanoseconds, 0), allocations, fixed(nanoseconds / bare, 2)]),
  );
}

function sizeTable(results) {
  const sizes = Object.keys(results).filter((name) => /^mint\/\d+$/.test(name)).sort((a, b) => a.slice(5) - b.slice(5));
  return markdown(
    ['policy, bytes', 'signed bytes', 'request to answer, ns', 'bare HMAC, ns', 'ratio'],
    sizes.map((name) => {
      const bare = results[name.replace('mint', 'bare_hmac')];
      const { nanoseconds } = results[name];
      return [name.slice(5), bare.bytes, fixed(nanoseconds, 0), fixed(bare.nanoseconds, 0), fixed(nanoseconds / bare.nanoseconds, 2)];
    }),
  );
}

/** Microseconds from exec to exit, of roomkey as CGI and of a program that only loads its libraries. */
function runStartup() {
  const folder = mkdtempSync(join(tmpdir(), 'roomkey-bench-'));
  const { type, body } = forms.multipart;
  const env = {
    GATEWAY_INTERFACE: 'CGI/1.1',
    REQUEST_METHOD: 'POST',
    CONTENT_TYPE: type,
    CONTENT_LENGTH: String(body.length),
    SCALEDRONE_CHANNEL_ID: channel,
    SCALEDRONE_CHANNEL_SECRET: secret,
  };
  try {
    writeFileSync(join(folder, 'body'), body);
    const args = [options.smoke ? '3' : '300', join(folder, 'body'), `${build}/roomkey`, `${build}/empty_program`];
    const lines = execFileSync(`${build}/startup_bench`, args, { encoding: 'utf8', env }).trim().split('\n');
    return lines.map((line) => line.split(' ')).map(([name, ...times]) => ({ name, times: times.map(Number) }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function startupTable(programs) {
  return markdown(
    ['CGI, exec to exit', 'median us', 'minimum', 'CPU us, median', 'x empty, median', 'x empty, minimum'],
    programs.map(({ name, times }) => [
      name,
      fixed(times[0], 0),
      fixed(times[1], 0),
      fixed(times[3], 0),
      fixed(times[0] / programs[1].times[0], 2),
      fixed(times[1] / programs[1].times[1], 2),
    ]),
  );
}

const core = runCore();
const startup = runStartup();
console.log(`\n${coreTable(core)}\n\n${sizeTable(core)}\n\n${startupTable(startup)}`);
if (options.json) writeFileSync(options.json, `${JSON.stringify({ core, startup })}\n`);
