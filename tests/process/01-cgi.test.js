// SPDX-License-Identifier: MIT
// Goal: as a plain CGI program roomkey answers one request and leaves; it takes its orders from the
// environment only, and reads no more of its input than is its own.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { parseAnswer } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { environment, roomkey, runCgi, runMeasured } from './support/roomkey.js';
import { secret, verifyBuiltIn } from './support/tokens.js';
import { soon } from './support/until.js';

const body = 'clientID=bcI:GPhz6A2T';
const post = {
  REQUEST_METHOD: 'POST',
  CONTENT_TYPE: 'application/x-www-form-urlencoded',
  CONTENT_LENGTH: String(body.length),
};

let place;
before(async () => { place = await openPlace(); });
after(() => place.close());

async function ask(params, options) {
  const ended = await runCgi(place, params, { input: body, ...options });
  assert.equal(ended.status, 0, ended.stderr);
  return { ...parseAnswer(Buffer.from(ended.stdout, 'latin1')), stderr: ended.stderr };
}

test('a POST is answered with a token, and the log stays silent', async () => {
  const answer = await ask(post);
  assert.equal(answer.status, 200);
  const { 'content-length': length = String(answer.body.length), ...headers } = answer.headers;
  assert.deepEqual(Object.keys(headers).sort(), ['cache-control', 'content-type', 'status', 'x-content-type-options']);
  assert.equal(length, String(answer.body.length));
  await verifyBuiltIn(answer.body);
  assert.equal(answer.stderr, '');
});

test('REQUEST_METHOD alone makes it a CGI program', async () => {
  const ended = await place.run(roomkey, [], { env: { ...post, ...environment }, input: body });
  await verifyBuiltIn(parseAnswer(Buffer.from(ended.stdout)).body);
});

test('GATEWAY_INTERFACE alone makes it a CGI program, which misses its method', async () => {
  const ended = await place.run(roomkey, [], { env: { GATEWAY_INTERFACE: 'CGI/1.1', ...environment }, input: '' });
  assert.equal(parseAnswer(Buffer.from(ended.stdout)).status, 405);
});

for (const args of [['--help'], ['--version'], ['mint', '--form', 'clientID=evil'], ['--no-such-option'], ['--socket', 'unix:/nowhere/x']]) {
  test(`the arguments ${args.join(' ')} come from a visitor and are ignored`, async () => {
    const answer = await ask(post, { args });
    await verifyBuiltIn(answer.body);
  });
}

test('ROOMKEY_SOCKET in the environment does not turn a CGI program into a server', async () => {
  const answer = await ask(post, { env: { ...environment, ROOMKEY_SOCKET: `unix:${place.path('no.sock')}` } });
  await verifyBuiltIn(answer.body);
});

test('with stdin left open it answers after CONTENT_LENGTH bytes, and reads none beyond', async () => {
  const child = place.start(roomkey, [], { env: { ...post, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.process.stdin.write(body);
  await soon('the answer', child.closed);
  await verifyBuiltIn(parseAnswer(Buffer.from(child.stdout)).body);
});

test('bytes after CONTENT_LENGTH are left for whom they belong to', async () => {
  // The shell reads what roomkey has left.
  const ended = await place.run('/bin/sh', ['-c', '"$0" >/dev/null; cat', roomkey],
    { env: { ...post, ...environment }, input: `${body}&tail` });
  assert.equal(ended.stdout, '&tail');
});

test('a body that comes in pieces is put together', async () => {
  const child = place.start(roomkey, [], { env: { ...post, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
  for (const byte of body) {
    await new Promise((resolve) => { child.process.stdin.write(byte, resolve); });
  }
  await soon('the answer', child.closed);
  await verifyBuiltIn(parseAnswer(Buffer.from(child.stdout)).body);
});

test('a closed stdin is a body that was cut off, and gets no token', async () => {
  const ended = await place.run('/bin/sh', ['-c', 'exec "$0" <&-', roomkey], { env: { ...post, ...environment } });
  assert.equal(parseAnswer(Buffer.from(ended.stdout)).status, 400);
});

test('a closed stdout is nobody who reads, and no trouble', async () => {
  const ended = await place.run('/bin/sh', ['-c', 'exec "$0" >&-', roomkey], { env: { ...post, ...environment }, input: body });
  assert.deepEqual(ended, { status: 0, stdout: '', stderr: '' });
});

test('a body that ends early gets no token', async () => {
  assert.equal((await ask({ ...post, CONTENT_LENGTH: '22' })).status, 400);
});

test('a body that never comes is given up, within ten seconds', async () => {
  const child = place.start(roomkey, [], { env: { ...post, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.process.stdin.write(body.slice(0, -1));
  await soon('the end', child.closed, 10_000);
  assert.equal(parseAnswer(Buffer.from(child.stdout)).status, 400);
});

test('without CONTENT_LENGTH there is no body, and stdin is not waited for', async () => {
  const { CONTENT_LENGTH: _, ...params } = post;
  const child = place.start(roomkey, [], { env: { ...params, QUERY_STRING: body, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
  await soon('the answer', child.closed);
  await verifyBuiltIn(parseAnswer(Buffer.from(child.stdout)).body);
});

test('a chunked body, which has no CONTENT_LENGTH, is read to the end of the input', async () => {
  const { CONTENT_LENGTH: _, ...params } = post;
  const answer = await ask({ ...params, HTTP_TRANSFER_ENCODING: 'chunked' });
  await verifyBuiltIn(answer.body);
});

test('a chunked body over the limit is refused without reading on', async () => {
  const { CONTENT_LENGTH: _, ...params } = post;
  const child = place.start(roomkey, [], { env: { ...params, HTTP_TRANSFER_ENCODING: 'chunked', ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.process.stdin.write(`${body}${'&'.repeat(16384)}`);  // and stdin stays open
  await soon('the answer', child.closed, 3000);
  assert.equal(parseAnswer(Buffer.from(child.stdout)).status, 413);
});

test('a body that is announced as too large is refused unread', async () => {
  const child = place.start(roomkey, [], { env: { ...post, CONTENT_LENGTH: '16385', ...environment }, stdio: ['pipe', 'pipe', 'pipe'] });
  await soon('the answer', child.closed);
  assert.equal(parseAnswer(Buffer.from(child.stdout)).status, 413);
});

const misconfigured = [
  ['no secret', { SCALEDRONE_CHANNEL_ID: 'x' }, /secret/],
  ['a placeholder for a secret', { ...environment, SCALEDRONE_CHANNEL_SECRET: 'YOUR_SCALEDRONE_SECRET' }, /placeholder/],
  ['no channel', { SCALEDRONE_CHANNEL_SECRET: secret }, /SCALEDRONE_CHANNEL_ID/],
  ['a policy that does not exist', { ...environment, ROOMKEY_POLICY: '/nowhere/policy.json' }, /\/nowhere\/policy\.json/],
  ['a secret file that does not exist', { ...environment, ROOMKEY_SECRET_FILE: '/nowhere/secret' }, /\/nowhere\/secret/],
  ['a directory without policies', { ...environment, ROOMKEY_POLICY: '/usr/bin' }, /expected a NAME\.json for each policy/],
];
for (const [name, env, reason] of misconfigured) {
  test(`misconfigured by ${name} it answers 500, and says why on stderr only`, async () => {
    const ended = await runCgi(place, post, { env, input: body });
    const answer = parseAnswer(Buffer.from(ended.stdout));
    assert.equal(answer.status, 500);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.doesNotMatch(ended.stdout, reason);
    assert.match(ended.stderr, reason);
    assert.doesNotMatch(ended.stdout + ended.stderr, new RegExp(secret));
  });
}

test('what only a server reads is not read', async () => {
  const env = { ...environment, ROOMKEY_THREADS: 'many', ROOMKEY_SOCKET: 'nowhere' };
  const ended = await runCgi(place, post, { env, input: body });
  assert.equal(parseAnswer(Buffer.from(ended.stdout)).status, 200);
  assert.equal(ended.stderr, '');
});

test('a token ends three minutes from now, whether the clock is at 0, before it, at 2038, at 2106, or has gone back', async () => {
  const source = await place.write('clock.c', `
    #include <stdlib.h>
    #include <time.h>
    int clock_gettime(clockid_t id, struct timespec* time) {
      static long long last;
      time->tv_nsec = 0;
      time->tv_sec = id == CLOCK_REALTIME ? atoll(getenv("CLOCK")) : ++last;
      return 0;
    }`);
  execFileSync('cc', ['-shared', '-fPIC', '-o', place.path('clock.so'), source]);
  for (const now of [0, -100_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 1_700_000_000]) {
    const env = { ...environment, CLOCK: String(now), LD_PRELOAD: place.path('clock.so') };
    const { token, expires_at: end } = JSON.parse((await ask({ ...post, HTTP_ACCEPT: 'application/json' }, { env })).body);
    assert.equal(end, now + 180);
    assert.equal(JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).exp, end);
  }
});

test('it starts and answers within a fraction of a second', async (t) => {
  const runs = 20;
  let sum = 0;
  for (let i = 0; i < runs; i++) {
    const { stdout, cpu } = await runMeasured(place, [], { env: { GATEWAY_INTERFACE: 'CGI/1.1', ...post, ...environment }, input: body });
    assert.match(stdout, /^Status: 200/);
    sum += cpu;
  }
  const each = 1000 * sum / runs;
  t.diagnostic(`${each.toFixed(1)} ms of processor time a request, with its process`);
  assert.ok(each < 100);
});
