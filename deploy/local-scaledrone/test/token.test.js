// SPDX-License-Identifier: MIT
// Which tokens the service accepts, and what it says to the others.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { RawClient } from '../testing/raw-client.js';
import {
  channelId, chatClaims, inSeconds, secret, sign, signText, startService, writeUnsigned,
} from '../testing/service.js';

const hs256 = { alg: 'HS256', typ: 'JWT' };

const refusals = [
  ['no token at all', () => undefined, 'JWT does not have 3 parts'],
  ['a number', () => 7, 'JWT does not have 3 parts'],
  ['a token of two parts', (id) => unsigned(id).slice(0, -1), 'JWT does not have 3 parts'],
  ['a token of four parts', (id) => `${unsigned(id)}x.y`, 'JWT does not have 3 parts'],
  ['an error page', () => '<!doctype html><h1>Bad Gateway</h1>', 'JWT does not have 3 parts'],
  ['three parts that are no base64url', () => 'one.two.<3>', 'JWT is malformed'],
  ['claims that are no JSON', () => signText('claims'), 'JWT is malformed'],
  ['claims that are no object', () => signText('[]'), 'JWT is malformed'],
  ['claims that are nested too deeply', nested, 'JWT is malformed'],
  ['a padded signature', async (id) => `${await valid(id)}=`, 'JWT is malformed'],
  ['alg none', (id) => unsigned(id), 'JWT algorithm is not HS256'],
  ['alg none with a signature', (id) => unsigned(id, 'AAAA'), 'JWT algorithm is not HS256'],
  ['HS512', (id) => sign(chatClaims(id), { header: { alg: 'HS512' } }),
    'JWT algorithm is not HS256'],
  ['no signature', (id) => writeUnsigned(hs256, chatClaims(id)), 'JWT signature is invalid'],
  ['a signature by another secret', (id) => sign(chatClaims(id), { key: Buffer.alloc(32, 'x') }),
    'JWT signature is invalid'],
  ['claims that were changed', (id) => tamper(id), 'JWT signature is invalid'],
  ['no exp', (id) => valid(id, { exp: undefined }), 'JWT exp is missing'],
  ['an exp that is a string', (id) => signClaims(id, { exp: `${inSeconds(180)}` }),
    'JWT exp is not a number'],
  ['an exp that is null', (id) => signClaims(id, { exp: null }), 'JWT exp is not a number'],
  ['an exp of now', (id) => valid(id, { exp: inSeconds(0) }), 'JWT has expired'],
  ['an exp of long ago', (id) => valid(id, { exp: -1 }), 'JWT has expired'],
  ['another channel', (id) => valid(id, { channel: 'another' }), 'JWT channel does not match'],
  ['no channel', (id) => valid(id, { channel: undefined }), 'JWT channel does not match'],
  ['another client', (id) => valid(id, { client: 'bcI:GPhz6A2T' }), 'JWT client does not match'],
  ['no client', (id) => valid(id, { client: undefined }), 'JWT client does not match'],
  ['no permissions', (id) => valid(id, { permissions: undefined }),
    'JWT permissions is not an object'],
  ['permissions that are a list', (id) => valid(id, { permissions: [] }),
    'JWT permissions is not an object'],
];

for (const [name, make, expected] of refusals) {
  test(`refuses ${name}`, async (t) => {
    const { socketUrl, lines } = await startService(t);
    const client = await RawClient.enter(t, socketUrl);
    const token = await make(client.id);
    const { error } = await client.ask({ type: 'authenticate', token });
    assert.equal(error, expected);

    const subscription = await client.ask({ type: 'subscribe', room: 'observable-room' });
    assert.equal(subscription.error, 'Unauthorized', 'a refused token opens nothing');
    const accepted = { type: 'authenticate', token: await valid(client.id) };
    assert.equal((await client.ask(accepted)).error, undefined, 'the connection stays usable');
    assertDiscreet(lines, client.id, token);
  });
}

test('names the first check that fails, in the documented order', async (t) => {
  const { socketUrl } = await startService(t);
  const client = await RawClient.enter(t, socketUrl);
  // Each token cures the first defect of the one before it.
  const bad = { exp: -1, channel: 'another', client: 'another', permissions: 7 };
  const answers = [];
  for (const make of [
    (id) => writeUnsigned({ alg: 'none' }, chatClaims(id, bad)),
    (id) => writeUnsigned(hs256, chatClaims(id, bad)),
    (id) => valid(id, bad),
    (id) => valid(id, { ...bad, exp: inSeconds(9) }),
    (id) => valid(id, { client: 'another', permissions: 7 }),
    (id) => valid(id, { permissions: 7 }),
  ]) {
    const { error } = await client.ask({ type: 'authenticate', token: await make(client.id) });
    answers.push(error);
  }
  assert.deepEqual(answers, [
    'JWT algorithm is not HS256',
    'JWT signature is invalid',
    'JWT has expired',
    'JWT channel does not match',
    'JWT client does not match',
    'JWT permissions is not an object',
  ]);
});

test('reads exp against its clock, without leeway', async (t) => {
  let now = 1_700_000_000_000;
  const { socketUrl } = await startService(t, { now: () => now });
  const client = await RawClient.enter(t, socketUrl);
  const token = await valid(client.id, { exp: 1_700_000_001 });
  assert.equal((await client.ask({ type: 'authenticate', token })).error, undefined);
  now += 1000;
  assert.equal((await client.ask({ type: 'authenticate', token })).error, 'JWT has expired');
  const subscription = await client.ask({ type: 'subscribe', room: 'observable-room' });
  assert.equal(subscription.error, undefined, 'exp limits the token and not the connection');
});

test('warns loudly of an exp in milliseconds', async (t) => {
  const { socketUrl, lines } = await startService(t);
  await RawClient.enterWith(t, socketUrl, { exp: Date.now() + 180_000 });
  assert.equal(lines.filter((line) => /^WARNING: .*milliseconds/.test(line)).length, 1);
});

test('refuses an exp in milliseconds when it is strict', async (t) => {
  const { socketUrl } = await startService(t, { strictExp: true });
  await assert.rejects(
    RawClient.enterWith(t, socketUrl, { exp: Date.now() + 180_000 }),
    /JWT exp is in milliseconds/,
  );
});

test('accepts claims and headers that it does not know', async (t) => {
  const { socketUrl } = await startService(t);
  const client = await RawClient.enter(t, socketUrl);
  const claims = chatClaims(client.id, { iat: inSeconds(0), nbf: inSeconds(9), iss: 'us' });
  const token = await sign(claims, { header: { alg: 'HS256', kid: 'one' } });
  assert.equal((await client.ask({ type: 'authenticate', token })).error, undefined);
});

test('accepts any bytes as the secret', async (t) => {
  const key = Buffer.from([0, 255, 10, 13, 128]);
  const { socketUrl } = await startService(t, { secret: key });
  const client = await RawClient.enter(t, socketUrl);
  const token = await sign(chatClaims(client.id), { key });
  assert.equal((await client.ask({ type: 'authenticate', token })).error, undefined);
});

test('an accepted token leaves no trace in the log', async (t) => {
  const { socketUrl, lines } = await startService(t);
  const client = await RawClient.enter(t, socketUrl);
  const token = await valid(client.id);
  await client.ask({ type: 'authenticate', token });
  assert.ok(lines.length > 0);
  assertDiscreet(lines, client.id, token);
});

// Only where there is a binary to test: a skipped test would look as if it had been done.
if (process.env.ROOMKEY_BIN) {
  test('accepts what roomkey mints', async (t) => {
    const { socketUrl } = await startService(t, { strictExp: true });
    const client = await RawClient.enter(t, socketUrl);
    const { stdout } = await promisify(execFile)(
      process.env.ROOMKEY_BIN,
      ['mint', '--form', `clientID=${client.id}`],
      {
        env: {
          ...process.env,
          SCALEDRONE_CHANNEL_ID: channelId,
          SCALEDRONE_CHANNEL_SECRET: secret.toString(),
        },
      },
    );
    const answer = await client.ask({ type: 'authenticate', token: stdout.trim() });
    assert.equal(answer.error, undefined);
    const subscription = await client.ask({ type: 'subscribe', room: 'observable-room' });
    assert.equal(subscription.error, undefined);
  });
}

function valid(id, others) {
  return sign(chatClaims(id, others));
}

/** As `valid`, for claims that a decent library would not write. */
function signClaims(id, others) {
  return signText(JSON.stringify(chatClaims(id, others)));
}

function unsigned(id, signature) {
  return writeUnsigned({ alg: 'none' }, chatClaims(id), signature);
}

/** A valid signature under claims that it does not belong to. */
async function tamper(id) {
  const [, , signature] = (await valid(id)).split('.');
  return writeUnsigned(hs256, chatClaims(id, { data: { name: 'root' } }), signature);
}

function nested(id) {
  const claims = JSON.stringify(chatClaims(id));
  return signText(claims.replace('"data":', `"data":${'['.repeat(9000)}${']'.repeat(9000)},"d":`));
}

function assertDiscreet(lines, clientId, token) {
  const text = lines.join('\n');
  assert.ok(!text.includes(clientId), 'client ids are shortened');
  assert.ok(!text.includes(secret.toString()), 'the secret is not logged');
  for (const part of `${token}`.split('.')) {
    if (part.length > 8) assert.ok(!text.includes(part), 'no part of a token is logged');
  }
}
