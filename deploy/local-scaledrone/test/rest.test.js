// SPDX-License-Identifier: MIT
// The REST API as servers call it.

import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';

import { RawClient } from '../testing/raw-client.js';
import { channelId, inSeconds, secret, sign, startService } from '../testing/service.js';

const basic = `Basic ${Buffer.from(`${channelId}:${secret}`).toString('base64')}`;
const json = { 'Content-Type': 'application/json' };

/** A service and `call(method, path, options)`, which gives `[status, body, headers]`. */
async function startRest(t, options) {
  const service = await startService(t, options);
  const call = async (method, path, { authorization = basic, headers = {}, body } = {}) => {
    if (authorization) headers.Authorization = authorization;
    const response = await fetch(`${service.url}/${channelId}/${path}`, { method, headers, body });
    return [response.status, await response.json(), response.headers];
  };
  return { ...service, call };
}

/** A client that may do everything and is in `rooms`. */
async function enterRooms(t, socketUrl, rooms) {
  const permissions = { '': { publish: true, subscribe: true, history: 9 } };
  const client = await RawClient.enterWith(t, socketUrl, { permissions });
  for (const room of rooms) await client.ask({ type: 'subscribe', room });
  await client.drain();
  return client;
}

function bearer(claims) {
  return sign({
    channel: channelId,
    exp: inSeconds(180),
    permissions: { '^news$': { publish: true } },
    ...claims,
  }).then((token) => `Bearer ${token}`);
}

test('a text is published as a text, without an author', async (t) => {
  const { call, socketUrl } = await startRest(t);
  const client = await enterRooms(t, socketUrl, ['news']);
  const [status, answer] = await call('POST', 'news/publish', { body: '{"a": 1}' });
  assert.deepEqual([status, answer], [200, {}]);
  const { id, timestamp, ...frame } = await client.next();
  assert.deepEqual(frame, { type: 'publish', room: 'news', message: '{"a": 1}' });
});

test('JSON is published as the value that it is', async (t) => {
  const { call, socketUrl } = await startRest(t);
  const client = await enterRooms(t, socketUrl, ['news']);
  for (const value of [{ a: [1] }, 'text', 7, null]) {
    const headers = { 'Content-Type': 'Application/JSON; charset=utf-8' };
    await call('POST', 'news/publish', { body: JSON.stringify(value), headers });
    assert.deepEqual((await client.next()).message, value);
  }
});

test('one call publishes to several rooms', async (t) => {
  const { call, socketUrl } = await startRest(t);
  const client = await enterRooms(t, socketUrl, ['a', 'b', 'c']);
  const [status] = await call('POST', 'publish/rooms?r=a&r=c&r=a', { body: 'hello' });
  assert.equal(status, 200);
  assert.deepEqual((await client.drain()).map(({ room }) => room), ['a', 'c']);
});

test('a room may be called publish, or hold any sign', async (t) => {
  const { call, socketUrl } = await startRest(t);
  const rooms = ['publish', 'rooms', 'private-room-bcI:GPhz6A2T', 'a/b', 'ü%', '__proto__'];
  const client = await enterRooms(t, socketUrl, rooms);
  for (const room of rooms) {
    await call('POST', `${encodeURIComponent(room)}/publish`, { body: 'x' });
    assert.equal((await client.next()).room, room);
  }
  const [, members] = await call('GET', 'room-members');
  assert.deepEqual(Object.keys(members), rooms);
  assert.deepEqual(members[rooms[2]], [client.id]);
});

test('a room may be called ".."', async (t) => {
  const { url, socketUrl } = await startRest(t);
  const client = await enterRooms(t, socketUrl, ['..']);
  // Not by fetch, which resolves the dots before it sends them.
  const request = httpRequest(url, {
    method: 'POST', path: `/${channelId}/../publish`, headers: { Authorization: basic },
  });
  request.end('x');
  assert.equal((await client.next()).room, '..');
});

test('who is there is told by each call in its way', async (t) => {
  const { call, socketUrl } = await startRest(t);
  const get = async (path) => (await call('GET', path))[1];
  assert.deepEqual(await get('stats'), { users_count: 0 });
  const ann = await enterRooms(t, socketUrl, ['a', 'b']);
  const bob = await enterRooms(t, socketUrl, ['b']);
  await enterRooms(t, socketUrl, []);
  assert.deepEqual(await get('stats'), { users_count: 3 });
  assert.deepEqual(await get('members'), [ann.id, bob.id]);
  assert.deepEqual(await get('rooms'), ['a', 'b']);
  assert.deepEqual(await get('b/members'), [ann.id, bob.id]);
  assert.deepEqual(await get('unknown/members'), []);
  assert.deepEqual(await get('room-members'), { a: [ann.id], b: [ann.id, bob.id] });
  await ann.ask({ type: 'unsubscribe', room: 'a' });
  assert.deepEqual(await get('rooms'), ['b']);
});

test('what was published over REST is remembered', async (t) => {
  const { call, socketUrl } = await startRest(t, { history: true });
  await call('POST', 'news/publish', { body: 'hello' });
  const client = await enterRooms(t, socketUrl, []);
  await client.ask({ type: 'subscribe', room: 'news', history_count: 1 });
  const { message, client_id: author } = await client.next();
  assert.deepEqual([message, author], ['hello', undefined]);
});

for (const [name, authorization] of [
  ['none', ''],
  ['another secret', `Basic ${Buffer.from(`${channelId}:another`).toString('base64')}`],
  ['another channel', `Basic ${Buffer.from(`another:${secret}`).toString('base64')}`],
  ['half of the secret', basic.slice(0, -8)],
  ['no base64', 'Basic ???'],
  ['nothing after the scheme', 'Basic'],
  ['another scheme', basic.replace('Basic', 'Digest')],
]) {
  test(`refuses credentials: ${name}`, async (t) => {
    const { call } = await startRest(t);
    for (const [method, path] of [['POST', 'news/publish'], ['GET', 'stats']]) {
      const body = method === 'POST' ? 'x' : undefined;
      const [status, answer, headers] = await call(method, path, { authorization, body });
      assert.deepEqual([status, answer], [401, { message: 'Unauthorized' }]);
      assert.match(headers.get('WWW-Authenticate'), /^Basic/);
    }
  });
}

test('a token publishes where it may, and asks who is there', async (t) => {
  const { call, socketUrl } = await startRest(t);
  const client = await enterRooms(t, socketUrl, ['news', 'other']);
  const authorization = await bearer();
  const publish = async (path) => {
    return (await call('POST', path, { authorization, body: 'x' })).slice(0, 2);
  };
  assert.deepEqual(await publish('news/publish'), [200, {}]);
  assert.deepEqual(await publish('other/publish'), [403, { message: 'Unauthorized' }]);
  assert.equal((await publish('publish/rooms?r=news&r=other'))[0], 403);
  assert.equal((await client.drain()).length, 1, 'several rooms: all or none');
  assert.deepEqual((await call('GET', 'stats', { authorization }))[1], { users_count: 1 });
});

for (const [name, make, message] of [
  ['names a client', () => bearer({ client: 'bcI:GPhz6A2T' }),
    'JWT client must not be set for REST'],
  ['names the client null', () => bearer({ client: null }), 'JWT client must not be set for REST'],
  ['has expired', () => bearer({ exp: 1 }), 'JWT has expired'],
  ['is for another channel', () => bearer({ channel: 'x' }), 'JWT channel does not match'],
  ['is no token', async () => 'Bearer x', 'JWT does not have 3 parts'],
]) {
  test(`refuses a token that ${name}`, async (t) => {
    const { call } = await startRest(t);
    const [status, answer] = await call('GET', 'stats', { authorization: await make() });
    assert.deepEqual([status, answer], [401, { message }]);
  });
}

test('a channel without authentication asks for no credentials', async (t) => {
  const { call } = await startRest(t, { requireAuth: false });
  assert.equal((await call('POST', 'news/publish', { authorization: '', body: 'x' }))[0], 200);
});

test('mistakes are answered with a status and a message', async (t) => {
  const { call, url } = await startRest(t);
  const publish = async (path, options) => (await call('POST', path, options)).slice(0, 2);
  assert.deepEqual(await publish('news/publish', { body: '{', headers: json }),
    [400, { message: 'Invalid JSON' }]);
  assert.deepEqual(await publish('news/publish', { body: Buffer.from([0xff]) }),
    [400, { message: 'Text is not UTF-8' }]);
  assert.deepEqual(await publish('news/publish'), [400, { message: 'Message is missing' }]);
  assert.deepEqual(await publish('publish/rooms', { body: 'x' }),
    [400, { message: 'Room name is missing' }]);
  assert.deepEqual(await publish('%0a/publish', { body: 'x' }),
    [400, { message: 'Room name has control characters' }]);
  assert.deepEqual(await publish('%ff/publish', { body: 'x' }),
    [400, { message: 'The address is not percent-encoded UTF-8' }]);
  assert.deepEqual(await publish('no/such/call', { body: 'x' }), [404, { message: 'Not found' }]);
  const other = await fetch(`${url}/another/stats`, { headers: { Authorization: basic } });
  assert.deepEqual([other.status, await other.json()], [404, { message: 'Channel not found' }]);
});

test('a wrong method is answered with the right one', async (t) => {
  const { call } = await startRest(t);
  for (const [method, path, allowed] of [
    ['GET', 'news/publish', 'POST'], ['GET', 'publish/rooms', 'POST'], ['DELETE', 'stats', 'GET'],
  ]) {
    const [status, , headers] = await call(method, path);
    assert.deepEqual([status, headers.get('Allow')], [405, allowed]);
  }
});

test('a message of the largest size passes, and a larger one does not', async (t) => {
  const { call, socketUrl } = await startRest(t);
  const client = await enterRooms(t, socketUrl, ['news']);
  const body = 'x'.repeat(64 * 1024);
  assert.equal((await call('POST', 'news/publish', { body }))[0], 200);
  assert.equal((await client.next()).message.length, 64 * 1024);
  assert.deepEqual((await call('POST', 'news/publish', { body: `${body}x` })).slice(0, 2),
    [413, { message: 'Message size limit exceeded' }]);
});

test('a request that is cut off publishes nothing', async (t) => {
  const { url, socketUrl, lines } = await startRest(t);
  const client = await enterRooms(t, socketUrl, ['news']);
  const request = httpRequest(`${url}/${channelId}/news/publish`, {
    method: 'POST', headers: { Authorization: basic, 'Content-Length': 100 },
  });
  request.on('error', () => {});
  const sent = new Promise((resolve) => { request.write('half', resolve); });
  await sent;
  request.destroy();
  assert.deepEqual(await client.drain(), []);
  assert.ok(!lines.some((line) => line.includes('defect')));
});

test('the controls do not exist unless they are asked for', async (t) => {
  const { url } = await startRest(t);
  for (const method of ['GET', 'POST']) {
    assert.equal((await fetch(`${url}/_controls/connections`, { method })).status, 404);
  }
});
