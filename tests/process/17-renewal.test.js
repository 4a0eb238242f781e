// SPDX-License-Identifier: MIT
// Goal: whoever brings the token that they had before stays who they are, through the real binary, as CGI and
// over FastCGI; whatever else comes in that field changes nothing, refuses nobody, and is found in no log.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { writeFile } from 'node:fs/promises';
import { ask, parameters, parseAnswer } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { environment, root, run, runCgi, serveUnix } from './support/roomkey.js';
import { channel, secret, verify } from './support/tokens.js';
import { until } from './support/until.js';

const policy = `${root}deploy/policies/chat.json`;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let place;
let secretFile;
let server;
before(async () => {
  place = await openPlace();
  secretFile = await place.write('secret', secret);
  server = await serveUnix(place, { args: ['--policy', policy, '--secret-file', secretFile], env: { SCALEDRONE_CHANNEL_ID: channel } });
});
after(() => place.close());

const encoded = (fields) => new URLSearchParams(fields).toString();

const ways = {
  FastCGI: (fields) => ask(server.address, { body: encoded(fields) }),
  CGI: async (fields) => {
    const body = encoded(fields);
    const { stdout, stderr } = await runCgi(place, parameters({}, body), { input: body, env: { ...environment, ROOMKEY_POLICY: policy } });
    assert.equal(stderr, '');
    return parseAnswer(Buffer.from(stdout, 'latin1'));
  },
};

/** A token by its text and claims. */
async function tokenFor(way, fields) {
  const { status, body } = await ways[way](fields);
  assert.equal(status, 200, body);
  return { text: body, ...await verify(body) };
}

const sign = (claims, { key = secret, header = { alg: 'HS256', typ: 'JWT' } } = {}) => {
  const text = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
};

for (const way of Object.keys(ways)) {
  describe(way, () => {
    test('id, name and color last over new connections, as long as each brings the one before', async () => {
      const first = await tokenFor(way, { clientID: 'a:1' });
      assert.match(first.data.id, uuid);
      let last = first;
      for (const clientID of ['a:2', 'a:3', 'a:4']) {
        last = await tokenFor(way, { clientID, previous: last.text });
        assert.equal(last.client, clientID);
        assert.deepEqual(last.data, first.data);
        assert.ok(Object.keys(last.permissions).some((pattern) => pattern.includes(clientID)));
      }
    });

    test('a name that was chosen lasts, and can be chosen anew', async () => {
      const guest = await tokenFor(way, { clientID: 'a:1' });
      const ann = await tokenFor(way, { clientID: 'a:2', name: 'Ann', previous: guest.text });
      assert.deepEqual([ann.data.id, ann.data.name], [guest.data.id, 'Ann']);
      const still = await tokenFor(way, { clientID: 'a:3', previous: ann.text });
      assert.deepEqual(still.data, ann.data);
      const bea = await tokenFor(way, { clientID: 'a:4', name: 'Bea', previous: still.text });
      assert.deepEqual([bea.data.id, bea.data.name], [guest.data.id, 'Bea']);
    });

    test('a token that is over since an hour still tells, and one that is over since two days does not', async () => {
      const now = Math.floor(Date.now() / 1000);
      const old = (seconds) => sign({ channel, client: 'a:1', exp: now - seconds, data: { id: 'known', name: 'Ann', color: '#c700e7' } });
      assert.equal((await tokenFor(way, { clientID: 'a:2', previous: old(3600) })).data.id, 'known');
      assert.match((await tokenFor(way, { clientID: 'a:2', previous: old(172_800) })).data.id, uuid);
    });

    test('what is not ours is as if it were not there', async () => {
      const ours = await tokenFor(way, { clientID: 'a:1', name: 'Ann' });
      const { text, iat: _, ...claims } = ours;
      assert.equal((await tokenFor(way, { clientID: 'a:2', previous: sign(claims) })).data.id, ours.data.id, 'the test signs as roomkey does');
      const [header, payload, signature] = text.split('.');
      const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
      const forged = {
        'nothing at all': '', 'a word': 'previous', 'another key': sign(claims, { key: 'another secret of 32 bytes, or so' }),
        'no algorithm': `${none}.${payload}.`, 'another header': sign(claims, { header: { typ: 'JWT', alg: 'HS256' } }),
        'another payload': `${header}.${Buffer.from(JSON.stringify({ ...claims, data: { id: 'mine' } })).toString('base64url')}.${signature}`,
        'padding': `${text}=`, 'half of it': text.slice(0, text.length / 2), 'another channel': sign({ ...claims, channel: 'another' }),
        'no exp': sign({ ...claims, exp: undefined }), 'exp as text': sign({ ...claims, exp: String(claims.exp) }),
        'deep': sign({ ...claims, x: JSON.parse(`${'['.repeat(2000)}${']'.repeat(2000)}`) }), 'a list': sign([claims]),
      };
      for (const [name, previous] of Object.entries(forged)) {
        const { data } = await tokenFor(way, { clientID: 'a:2', previous });
        assert.match(data.id, uuid, name);
        assert.notEqual(data.id, ours.data.id, name);
        assert.notEqual(data.name, 'Ann', name);
      }
    });

    test('a field over 8 KiB is refused, and so are two', async () => {
      const long = await ways[way]({ clientID: 'a:1', previous: 'x'.repeat(8193) });
      assert.deepEqual([long.status, long.body], [422, 'previous is longer than 8192 bytes']);
      assert.equal((await ways[way]({ clientID: 'a:1', previous: 'x'.repeat(8192) })).status, 200);
      const two = await ways[way]([['clientID', 'a:1'], ['previous', 'x'], ['previous', 'y']]);
      assert.deepEqual([two.status, two.body], [400, 'previous is given more than once']);
    });
  });
}

test('a token of one way in is renewed by the other', async () => {
  const first = await tokenFor('CGI', { clientID: 'a:1' });
  assert.equal((await tokenFor('FastCGI', { clientID: 'a:2', previous: first.text })).data.id, first.data.id);
});

test('multipart, JSON and the query carry it, too', async () => {
  const { text, data } = await tokenFor('FastCGI', { clientID: 'a:1' });
  const part = (name, value) => `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
  for (const one of [
    { params: { CONTENT_TYPE: 'multipart/form-data; boundary=B' }, body: `${part('clientID', 'a:2')}${part('previous', text)}--B--\r\n` },
    { params: { CONTENT_TYPE: 'application/json' }, body: JSON.stringify({ clientID: 'a:2', previous: text }) },
    { params: { QUERY_STRING: encoded({ previous: text }) }, body: 'clientID=a:2' },
  ]) {
    const { status, body } = await ask(server.address, one);
    assert.equal(status, 200, body);
    assert.deepEqual((await verify(body)).data, data);
  }
});

test('nothing of it is found in a log', async () => {
  const { text } = await tokenFor('FastCGI', { clientID: 'a:1' });
  for (const previous of [text, `${text}=`, text.repeat(9), `${text}\n`]) await ask(server.address, { body: encoded({ clientID: 'a:2', previous }) });
  assert.ok(text.split('.').every((piece) => !server.child.stderr.includes(piece)), server.child.stderr);
});

test('mint and explain take it from a file', async () => {
  const { text, data } = await tokenFor('FastCGI', { clientID: 'a:1', name: 'Ann' });
  const file = await place.write('previous.jwt', `${text}\n`);
  const asked = ['--policy', policy, '--secret-file', secretFile, '--form', 'clientID=a:2', '--previous', file];
  const minted = await run(place, ['mint', ...asked], { env: { SCALEDRONE_CHANNEL_ID: channel } });
  assert.deepEqual([minted.status, minted.stderr], [0, '']);
  assert.deepEqual((await verify(minted.stdout.trim())).data, data);
  const explained = await run(place, ['explain', ...asked, '--room', 'observable-room'], { env: { SCALEDRONE_CHANNEL_ID: channel } });
  assert.deepEqual([explained.status, explained.stderr], [0, '']);
  assert.match(explained.stdout, /^publish: yes\nsubscribe: yes\nhistory: 50\n/);
  await writeFile(file, `${text}x\n`);
  const other = await run(place, ['mint', ...asked], { env: { SCALEDRONE_CHANNEL_ID: channel } });
  assert.equal(other.status, 0);
  assert.match(other.stderr, /^roomkey: previous token .*previous\.jwt: expected one of this policy, /);
  assert.ok(!other.stderr.includes(text.slice(40, 60)));
  assert.notEqual((await verify(other.stdout.trim())).data.id, data.id);
});

test('a new secret begins new chains, and refuses nobody', async () => {
  const before = await tokenFor('FastCGI', { clientID: 'a:1' });
  const next = 'the next secret, of 32 bytes or more';
  await writeFile(secretFile, next);
  server.child.kill('SIGHUP');
  await until('the new secret', async () => {
    const { status, body } = await ways.FastCGI({ clientID: 'a:2', previous: before.text });
    assert.equal(status, 200);
    return body.split('.')[2] === createHmac('sha256', next).update(body.split('.').slice(0, 2).join('.')).digest('base64url');
  });
  const { status, body } = await ways.FastCGI({ clientID: 'a:2', previous: before.text });
  const { data } = JSON.parse(Buffer.from(body.split('.')[1], 'base64url'));
  assert.equal(status, 200);
  assert.match(data.id, uuid);
  assert.notEqual(data.id, before.data.id);
});
