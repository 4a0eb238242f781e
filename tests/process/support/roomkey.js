// SPDX-License-Identifier: MIT
// The binary under test, started in each of its ways.

import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './port.js';
import { channel, secret } from './tokens.js';
import { until } from './until.js';

export const root = fileURLToPath(new URL('../../../', import.meta.url));
// Absolute, since it is started in the directory of a test.
export const roomkey = resolvePath(process.env.ROOMKEY_BIN ?? `${root}build/dev/roomkey`);
if (!existsSync(roomkey)) {
  throw new Error(`${roomkey} does not exist; build it (cmake --workflow --preset dev) or set ROOMKEY_BIN`);
}

export const environment = { SCALEDRONE_CHANNEL_ID: channel, SCALEDRONE_CHANNEL_SECRET: secret };

/** The environment with other time limits (include/roomkey/gateway/limits.hpp), in milliseconds: `{ request_time: 500 }`. */
export const limitedInTime = (times) => ({
  ...environment, ROOMKEY_TEST_LIMITS: Object.entries(times).map(([name, value]) => `${name}=${value}`).join(','),
});

/** Runs it with a command line, as a person does. */
export function run(place, args, { env = environment, ...options } = {}) {
  return place.run(roomkey, args, { env, ...options });
}

/** Runs it and tells, as `cpu`, the seconds of processor time that it took, which other work on the machine changes little. */
export async function runMeasured(place, args, { env = environment, ...options } = {}) {
  const ended = await place.run('bash', ['-c', 'TIMEFORMAT="cpu %U %S"; time "$0" "$@"', roomkey, ...args], { env, ...options });
  const [line, user, system] = /^cpu ([\d.]+) ([\d.]+)\n/m.exec(ended.stderr);
  return { ...ended, stderr: ended.stderr.replace(line, ''), cpu: Number(user) + Number(system) };
}

/** Runs it as a web server runs a CGI program. `params` are the request's variables. */
export function runCgi(place, params, { env = environment, args = [], input = '', ...options } = {}) {
  return place.run(roomkey, args, { env: { GATEWAY_INTERFACE: 'CGI/1.1', ...params, ...env }, input, ...options });
}

/** Whether somebody takes connections at `address`. */
export function answers(address) {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => { socket.destroy(); resolve(true); });
    socket.once('error', () => resolve(false));
  });
}

async function ready(server) {
  await until('roomkey listening', async () => {
    if (!server.child.running) throw new Error(`roomkey ended: ${server.child.stderr}`);
    return (await answers(server.address)) && server.child.stderr.includes('serving FastCGI');
  });
  return server;
}

let count = 0;
const socketPath = (place) => place.path(`roomkey-${++count}.sock`);

/** A command that stands before the program, and leaves it so many descriptors. */
export const limitedTo = (descriptors) => ['/bin/sh', '-c', `ulimit -n ${descriptors}; exec "$0" "$@"`];

/** With --socket, on a UNIX socket. `command` may stand before the program. */
export function serveUnix(place, { path = socketPath(place), args = [], env = environment, command = [] } = {}) {
  const [first, ...rest] = [...command, roomkey, '--socket', `unix:${path}`, ...args];
  const child = place.start(first, rest, { env });
  return ready({ child, address: { path } });
}

/** With --socket, on a TCP port. */
export async function serveTcp(place, { args = [], env = environment } = {}) {
  const port = await freePort();
  const child = place.start(roomkey, ['--socket', `:${port}`, ...args], { env });
  return ready({ child, address: { host: '127.0.0.1', port } });
}

/** Under spawn-fcgi: the listening socket is fd 0. `command` may stand between the two. */
export function serveSpawned(place, { path = socketPath(place), args = [], env = environment, command = [] } = {}) {
  const child = place.start('spawn-fcgi', ['-n', '-s', path, '-M', '0600', '--', ...command, roomkey, ...args], { env });
  return ready({ child, address: { path } });
}
