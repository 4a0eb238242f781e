// SPDX-License-Identifier: MIT
// Goal: every row of the contract holds over FastCGI, byte for byte in its headers, and through nginx
// with the shipped configuration wherever nginx lets such a request through.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { cases } from './support/cases.js';
import { checkAnswer } from './support/check.js';
import { ask, Peer, protocolStatus } from './support/fcgi.js';
import { send } from './support/http.js';
import { startNginx } from './support/nginx.js';
import { openPlace } from './support/place.js';
import { environment, roomkey, serveSpawned, serveUnix } from './support/roomkey.js';
import { clientID, verify, verifyBuiltIn } from './support/tokens.js';
import { until } from './support/until.js';

let place;
let server;
let nginx;
before(async () => {
  place = await openPlace();
  server = await serveSpawned(place);
  nginx = await startNginx(place, { upstreams: [server.address] });
});
after(() => place.close());

describe('over FastCGI', () => {
  for (const one of cases) {
    test(`${one.name}: ${[one.status].flat().join(' or ')}`, async () => {
      const answer = await ask(server.address, one);
      assert.equal(answer.protocolStatus, protocolStatus.complete);
      assert.equal(answer.stderr, '', 'nothing for the log of the web server');
      await checkAnswer(answer, one);
    });
  }
});

describe('through nginx', () => {
  for (const one of cases.filter(({ http }) => http !== false)) {
    test(`${one.name}: ${one.status}`, async () => {
      const { REQUEST_METHOD: method = 'POST', QUERY_STRING: query, CONTENT_TYPE: contentType = 'application/x-www-form-urlencoded' } = one.params ?? {};
      const noType = 'CONTENT_TYPE' in (one.params ?? {}) && one.params.CONTENT_TYPE === undefined;
      const answer = await send(nginx.port, `/auth${query ? `?${query}` : ''}`, {
        method, body: method === 'POST' ? one.body : undefined, headers: noType ? {} : { 'content-type': contentType },
      });
      await checkAnswer(answer, one);
    });
  }
});

test('the headers of a token are these and no others, in this order', async () => {
  const { stdout, body } = await ask(server.address);
  // Its length may be said, too.
  assert.equal(stdout.toString().replace(body, '').replace(`Content-Length: ${body.length}\r\n`, ''),
    'Status: 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n');
});

test('Accept: application/json gets an object with the token and the second it expires in', async () => {
  const answer = await ask(server.address, { params: { HTTP_ACCEPT: 'application/json' } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/json');
  const { token, expires_at: expiresAt, ...rest } = JSON.parse(answer.body);
  assert.deepEqual(rest, {});
  assert.equal((await verifyBuiltIn(token)).exp, expiresAt);
});

test('Accept: */* is no wish for JSON', async () => {
  const answer = await ask(server.address, { params: { HTTP_ACCEPT: 'text/html, */*;q=0.8' } });
  await verifyBuiltIn(answer.body);
});

test('a body without CONTENT_LENGTH, as after a chunked one, is read to its end', async () => {
  for (const length of [undefined, '']) {
    const answer = await ask(server.address, { params: { CONTENT_LENGTH: length } });
    await verifyBuiltIn(answer.body);
  }
});

test('a body longer than CONTENT_LENGTH gets no token', async () => {
  const answer = await ask(server.address, { params: { CONTENT_LENGTH: '5' } });
  assert.equal(answer.status, 400);
});

test('a body over the limit without CONTENT_LENGTH is refused', async () => {
  for (const size of [16385, 40_000, 60_000]) {
    const answer = await ask(server.address, { params: { CONTENT_LENGTH: undefined }, body: `clientID=a${'&'.repeat(size)}` });
    assert.equal(answer.status, 413, `${size} bytes`);
  }
});

test('REQUEST_METHOD missing altogether is no POST', async () => {
  const answer = await ask(server.address, { params: { REQUEST_METHOD: undefined } });
  assert.equal(answer.status, 405);
});

test('parameters that repeat, or hold NUL, or come by the hundred, do no harm', async () => {
  const many = Array.from({ length: 500 }, (_, i) => [`X_${i}`, 'x'.repeat(20)]);
  const base = [['REQUEST_METHOD', 'POST'], ['CONTENT_TYPE', 'application/x-www-form-urlencoded'], ['CONTENT_LENGTH', '21']];
  assert.equal((await ask(server.address, { params: [...many, ...base] })).status, 200);
  assert.equal((await ask(server.address, { params: [...base, ['EMPTY', ''], ['', 'nameless'], ['N\0UL', 'a\0b'], ['LONG', 'x'.repeat(20_000)]] })).status, 200);
  // A name or a value that nobody could read as it was sent is not there.
  for (const params of [[['REQUEST_METHOD', 'POST\0']], [['REQUEST_METHOD=POST', '']]]) {
    assert.equal((await ask(server.address, { params })).status, 405);
  }
  // Of two that are the same, the first counts.
  assert.equal((await ask(server.address, { params: [['REQUEST_METHOD', 'GET'], ...base] })).status, 405);
  assert.equal((await ask(server.address, { params: [...base, ['REQUEST_METHOD', 'GET']] })).status, 200);
});

test('a policy of its own: JSON reply, server parameters, 401 without them', async () => {
  const policy = {
    claims: { client: '${form.clientID}', user: '${server.ROOMKEY_USER}', exp: '${now+60}' },
    reply: 'json',
  };
  const file = await place.write('policy.json', JSON.stringify(policy));
  const { address } = await serveUnix(place, { args: ['--policy', file] });
  const answer = await ask(address, { params: { ROOMKEY_USER: 'ann "the" <b>' } });
  const { client, user } = await verify(JSON.parse(answer.body).token);
  assert.deepEqual({ client, user }, { client: clientID, user: 'ann "the" <b>' });
  for (const params of [{}, { ROOMKEY_USER: '' }, { ROOMKEY_USER: 'ann\0x' }, { 'ROOMKEY_USER=ann': '' }]) {
    assert.equal((await ask(address, { params })).status, 401);
  }
  const forged = await ask(address, { params: { HTTP_ROOMKEY_USER: 'root' } });
  assert.equal(forged.status, 401);
});

test('a preflight is 204 for a listed origin only, with Vary for all', async () => {
  const policy = { claims: { client: '${form.clientID}', exp: '${now+60}' }, allowed_origins: ['https://a.example'] };
  const file = await place.write('origins.json', JSON.stringify(policy));
  const { address } = await serveUnix(place, { args: ['--policy', file] });
  const preflight = (origin) => ask(address, { params: { REQUEST_METHOD: 'OPTIONS', HTTP_ORIGIN: origin }, body: '' });
  const listed = await preflight('https://a.example');
  assert.equal(listed.status, 204);
  assert.equal(listed.body, '');
  assert.equal(listed.headers['access-control-allow-origin'], 'https://a.example');
  for (const origin of ['https://b.example', 'null', 'https://a.example.evil', '']) {
    const other = await preflight(origin);
    assert.equal(other.status, 405);
    assert.equal(other.headers['access-control-allow-origin'], undefined);
    assert.equal(other.headers.vary, 'Origin');
  }
  const post = await ask(address, { params: { HTTP_ORIGIN: 'https://a.example' } });
  assert.equal(post.status, 200);
  assert.equal(post.headers['access-control-allow-origin'], 'https://a.example');
  assert.equal(post.headers.vary, 'Origin');
});

test('when the kernel gives no randomness: one fixed 500, no token, the reason in the log only', async () => {
  const path = place.path('no-random.sock');
  // With -D the process that is started is roomkey itself, and the tracer a grandchild of it.
  const child = place.start('spawn-fcgi', ['-n', '-s', path, '-M', '0600', '--',
    '/usr/bin/strace', '-D', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=getrandom:error=EIO',
    roomkey], { env: environment });
  const peer = await until('the socket', () => Peer.connect({ path }));
  for (let i = 0; i < 2; i++) {
    const answer = await peer.ask({ params: { ROOMKEY_REQUEST_ID: 'abc.123' } });
    assert.equal(answer.status, 500);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.stdout.toString().split('\r\n\r\n')[1], 'No token can be made at the moment');
  }
  peer.close();
  assert.match(child.stderr, /request abc\.123: .*getrandom/);
});
