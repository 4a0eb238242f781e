// SPDX-License-Identifier: MIT
// The socket protocol frame by frame.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { RawClient } from '../testing/raw-client.js';
import { channelId, chatClaims, sign, startService } from '../testing/service.js';

const room = 'observable-room';

test('the handshake gives a client id, and says whether a token is needed', async (t) => {
  for (const requireAuth of [true, false]) {
    const { socketUrl } = await startService(t, { requireAuth });
    const client = await RawClient.open(t, socketUrl);
    const frame = { type: 'handshake', channel: channelId, version: 2, client_data: null };
    client.send({ ...frame, callback: 0 });
    const { client_id: id, ...answer } = await client.next();
    assert.match(id, /^[A-Za-z0-9]{3}:[A-Za-z0-9]{8}$/);
    assert.deepEqual(answer, { callback: 0, require_auth: requireAuth });
  }
});

test('each connection has an id of its own', async (t) => {
  const { socketUrl } = await startService(t);
  const clients = await Promise.all([1, 2, 3].map(() => RawClient.enter(t, socketUrl)));
  assert.equal(new Set(clients.map(({ id }) => id)).size, 3);
});

test('the handshake comes first and once', async (t) => {
  const { socketUrl } = await startService(t);
  const client = await RawClient.open(t, socketUrl);
  for (const type of ['authenticate', 'subscribe', 'unsubscribe', 'publish', 'ping', undefined]) {
    assert.equal((await client.ask({ type, room })).error, 'Handshake required');
  }
  const handshake = { type: 'handshake', channel: channelId };
  assert.equal((await client.ask({ ...handshake, channel: 7 })).error, 'Channel not found');
  assert.ok((await client.ask(handshake)).client_id);
  assert.equal((await client.ask(handshake)).error, 'Handshake is already done');
});

test('without a token nothing is allowed, and the connection stays', async (t) => {
  const { socketUrl } = await startService(t);
  const client = await RawClient.enter(t, socketUrl);
  client.send({ type: 'subscribe', room, callback: 5 });
  assert.deepEqual(await client.next(), { callback: 5, error: 'Unauthorized' });
  client.send({ type: 'publish', room, message: 'hello' });
  assert.deepEqual(await client.next(), { error: 'Unauthorized' });
  const token = await sign(chatClaims(client.id));
  assert.deepEqual(await client.ask({ type: 'authenticate', token }), { callback: 1 });
});

test('a subscription is answered first, then come the members, then the history', async (t) => {
  const { socketUrl } = await startService(t, { history: true, now: () => 1528814484999 });
  const exp = 1528814999;
  const client = await RawClient.enterWith(t, socketUrl, { exp, data: { name: 'ann' } });
  client.send({ type: 'publish', room, message: 'early' });
  client.send({ type: 'publish', room, message: 'late' });
  client.send({ type: 'subscribe', room, history_count: 2, callback: 9 });
  const [answer, members, first, second] = [
    await client.next(), await client.next(), await client.next(), await client.next(),
  ];
  assert.deepEqual(answer, { callback: 9 });
  const data = [{ id: client.id, authData: { name: 'ann' } }];
  assert.deepEqual(members, { type: 'observable_members', room, data });
  const common = { type: 'history_message', room, client_id: client.id, timestamp: 1528814484 };
  assert.deepEqual(first, { ...common, id: first.id, message: 'early', index: 0 });
  assert.deepEqual(second, { ...common, id: second.id, message: 'late', index: 1 });
  assert.notEqual(first.id, second.id);
});

test('history is asked for by either name, and only by a count', async (t) => {
  const { socketUrl } = await startService(t, { history: true, requireAuth: false });
  const client = await RawClient.enter(t, socketUrl);
  for (const message of [1, 2, 3]) client.send({ type: 'publish', room: 'r', message });
  for (const [fields, expected] of [
    [{ history: 2 }, [2, 3]],
    [{ history_count: 1, history: 3 }, [3]],
    [{ history_count: 0, history: 3 }, []],
    [{}, []],
    [{ history_count: -1 }, []],
    [{ history_count: '3' }, []],
    [{ history_count: 1e300 }, []],
    [{ history_count: null, history: 1 }, [3]],
  ]) {
    await client.ask({ type: 'subscribe', room: 'r', ...fields });
    const received = (await client.drain()).map(({ message }) => message);
    assert.deepEqual(received, expected, JSON.stringify(fields));
  }
});

test('there is no history where it is not switched on or not allowed', async (t) => {
  for (const [options, rule] of [
    [{ history: false }, { publish: true, subscribe: true, history: 9 }],
    [{ history: true }, { publish: true, subscribe: true }],
  ]) {
    const { socketUrl } = await startService(t, options);
    const client = await RawClient.enterWith(t, socketUrl, { permissions: { '^r$': rule } });
    client.send({ type: 'publish', room: 'r', message: 1 });
    await client.ask({ type: 'subscribe', room: 'r', history_count: 9 });
    assert.deepEqual(await client.drain(), []);
  }
});

test('the one who joins is told of the others, and they of it, but it not of itself', async (t) => {
  const { socketUrl } = await startService(t);
  const [ann, bob] = await RawClient.enterPair(t, socketUrl);
  await ann.ask({ type: 'subscribe', room });
  await bob.ask({ type: 'subscribe', room });
  const types = (frames) => frames.map(({ type }) => type);
  assert.deepEqual(types(await bob.drain()), ['observable_members']);
  assert.deepEqual(types(await ann.drain()), ['observable_members', 'observable_member_join']);
  await bob.ask({ type: 'unsubscribe', room });
  assert.deepEqual(await bob.drain(), []);
  assert.deepEqual(types(await ann.drain()), ['observable_member_leave']);
});

test('a second subscription is told to nobody but the subscriber', async (t) => {
  const { socketUrl } = await startService(t);
  const [ann, bob] = await RawClient.enterPair(t, socketUrl);
  await ann.ask({ type: 'subscribe', room });
  await bob.ask({ type: 'subscribe', room });
  await ann.drain();
  await bob.drain();
  assert.equal((await bob.ask({ type: 'subscribe', room })).error, undefined);
  assert.deepEqual((await bob.drain()).map(({ type }) => type), ['observable_members']);
  assert.deepEqual(await ann.drain(), []);
  ann.send({ type: 'publish', room, message: 'once' });
  await ann.drain();
  assert.equal((await bob.drain()).length, 1);
});

test('rooms of other names tell nothing of their members', async (t) => {
  const { socketUrl } = await startService(t, { requireAuth: false });
  const [ann, bob] = [await RawClient.enter(t, socketUrl), await RawClient.enter(t, socketUrl)];
  const other = 'not-observable-room';
  for (const client of [ann, bob]) await client.ask({ type: 'subscribe', room: other });
  await bob.ask({ type: 'unsubscribe', room: other });
  assert.deepEqual(await ann.drain(), []);
});

test('publishing needs no subscription, and without one there is no echo', async (t) => {
  const { socketUrl } = await startService(t);
  const [ann, bob] = await RawClient.enterPair(t, socketUrl);
  await bob.ask({ type: 'subscribe', room });
  await bob.drain();
  ann.send({ type: 'publish', room, message: 'hello' });
  assert.deepEqual(await ann.drain(), []);
  const { id, timestamp, ...frame } = await bob.next();
  assert.deepEqual(frame, { type: 'publish', room, message: 'hello', client_id: ann.id });
  assert.equal(typeof id, 'string');
  assert.ok(Number.isInteger(timestamp));
});

test('all members of a room read its messages in one order', async (t) => {
  const { socketUrl } = await startService(t, { requireAuth: false });
  const clients = await Promise.all([1, 2, 3].map(() => RawClient.enter(t, socketUrl)));
  for (const client of clients) await client.ask({ type: 'subscribe', room: 'r' });
  for (let n = 0; n < 300; n++) {
    for (const client of clients) client.send({ type: 'publish', room: 'r', message: n });
  }
  const orders = [];
  for (const client of clients) {
    const ids = [];
    while (ids.length < 900) ids.push((await client.next()).id);
    orders.push(ids);
  }
  assert.deepEqual(orders[1], orders[0]);
  assert.deepEqual(orders[2], orders[0]);
});

test('frames are handled in their order, also those that follow a token', async (t) => {
  const { socketUrl } = await startService(t);
  const client = await RawClient.enter(t, socketUrl);
  client.send({ type: 'authenticate', token: await sign(chatClaims(client.id)), callback: 1 });
  client.send({ type: 'subscribe', room, callback: 2 });
  client.send({ type: 'publish', room, message: 'hello' });
  const frames = [];
  while (frames.length < 4) frames.push(await client.next());
  assert.deepEqual(frames.map(({ type, callback }) => type ?? callback),
    [1, 2, 'observable_members', 'publish']);
});

test('what was sent before a goodbye still counts', async (t) => {
  const { socketUrl } = await startService(t, { requireAuth: false });
  const [ann, bob] = [await RawClient.enter(t, socketUrl), await RawClient.enter(t, socketUrl)];
  await bob.ask({ type: 'subscribe', room: 'r' });
  ann.send({ type: 'publish', room: 'r', message: 'goodbye' });
  ann.close(1000);
  assert.equal((await bob.next()).message, 'goodbye');
});

test('a later token replaces permissions and data, and keeps the subscriptions', async (t) => {
  const { socketUrl } = await startService(t);
  const client = await RawClient.enterWith(t, socketUrl);
  await client.ask({ type: 'subscribe', room });
  await client.drain();
  const permissions = { '^observable-': { subscribe: true } };
  const claims = chatClaims(client.id, { permissions, data: { name: 'new' } });
  await client.ask({ type: 'authenticate', token: await sign(claims) });
  assert.equal((await client.ask({ type: 'publish', room, message: 1 })).error, 'Unauthorized');
  assert.equal((await client.ask({ type: 'subscribe', room: 'observable-2' })).error, undefined);
  assert.deepEqual((await client.next()).data, [{ id: client.id, authData: { name: 'new' } }]);
  const other = await RawClient.enterWith(t, socketUrl);
  other.send({ type: 'publish', room, message: 'still here' });
  assert.equal((await client.next()).message, 'still here');
});

test('a refused token leaves the earlier one in force', async (t) => {
  const { socketUrl } = await startService(t);
  const client = await RawClient.enterWith(t, socketUrl);
  const token = await sign(chatClaims(client.id, { exp: 1, permissions: {} }));
  assert.equal((await client.ask({ type: 'authenticate', token })).error, 'JWT has expired');
  assert.equal((await client.ask({ type: 'subscribe', room })).error, undefined);
});

test('a channel without authentication checks a token that is sent anyway', async (t) => {
  const { socketUrl } = await startService(t, { requireAuth: false });
  const client = await RawClient.enterWith(t, socketUrl, { permissions: {}, data: 'ann' });
  assert.equal((await client.ask({ type: 'subscribe', room })).error, undefined);
  assert.deepEqual((await client.next()).data, [{ id: client.id, authData: 'ann' }]);
  const wrong = { type: 'authenticate', token: 'a.b.c' };
  assert.equal((await client.ask(wrong)).error, 'JWT is malformed');
});

test('binary frames are read as text frames', async (t) => {
  const { socketUrl } = await startService(t);
  const client = await RawClient.open(t, socketUrl);
  client.send(Buffer.from(JSON.stringify({ type: 'handshake', channel: channelId, callback: 1 })));
  assert.equal((await client.next()).callback, 1);
});

test('a request with a callback is answered exactly once, whatever its type', async (t) => {
  const { socketUrl } = await startService(t);
  const client = await RawClient.enterWith(t, socketUrl);
  client.send({ type: 'publish', room, message: 1, callback: 70 });
  client.send({ type: 'unsubscribe', room, callback: 71 });
  client.send({ type: 'ping', callback: 72 });
  assert.deepEqual(await client.drain(), [
    { callback: 70 }, { callback: 71 }, { callback: 72, error: 'Message type is unknown' },
  ]);
});

test('the order "last" of permissions is the service\'s to choose', async (t) => {
  const permissions = { '^observable-room$': { publish: false }, '.*': { publish: true } };
  for (const [permissionOrder, error] of [['all', 'Unauthorized'], ['last', undefined]]) {
    const { socketUrl } = await startService(t, { permissionOrder });
    const client = await RawClient.enterWith(t, socketUrl, { permissions });
    assert.equal((await client.ask({ type: 'publish', room, message: 1 })).error, error);
  }
});
