// SPDX-License-Identifier: MIT
// The misbehaviour that tests can order.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nextEvent, openDrone } from '../testing/official-client.js';
import { RawClient } from '../testing/raw-client.js';
import { channelId, chatClaims, sign, startService } from '../testing/service.js';

const room = 'observable-room';

/** A service with controls, and `order(name, fields)`, which gives `[status, answer]`. */
async function startControlled(t) {
  const service = await startService(t, { controls: true });
  const request = async (name, options) => {
    const response = await fetch(`${service.url}/_controls/${name}`, options);
    return [response.status, await response.json()];
  };
  const order = (name, fields) => request(name, {
    method: 'POST', body: fields && JSON.stringify(fields),
  });
  const list = async () => (await request('connections'))[1];
  return { ...service, order, list };
}

test('lists the connections', async (t) => {
  const { socketUrl, list } = await startControlled(t);
  assert.deepEqual(await list(), []);
  await RawClient.open(t, socketUrl);
  const ann = await RawClient.enterWith(t, socketUrl);
  await ann.ask({ type: 'subscribe', room });
  assert.deepEqual(await list(), [
    { client_id: null, authenticated: false, rooms: [], frozen: false },
    { client_id: ann.id, authenticated: true, rooms: [room], frozen: false },
  ]);
});

test('drops one client, as a lost network does', async (t) => {
  const { socketUrl, order } = await startControlled(t);
  const [ann, bob] = [await RawClient.enter(t, socketUrl), await RawClient.enter(t, socketUrl)];
  assert.deepEqual(await order('drop', { client: ann.id }), [200, { connections: 1 }]);
  assert.equal(await ann.waitForClose(), 1006);
  assert.deepEqual(await bob.drain(), []);
});

test('drops everybody', async (t) => {
  const { socketUrl, order, list } = await startControlled(t);
  const clients = [await RawClient.open(t, socketUrl), await RawClient.enter(t, socketUrl)];
  assert.deepEqual(await order('drop'), [200, { connections: 2 }]);
  for (const client of clients) assert.equal(await client.waitForClose(), 1006);
  assert.deepEqual(await list(), []);
});

test('closes with a code and a reason, which the vendor\'s client reports', async (t) => {
  const { socketUrl, order } = await startControlled(t);
  const drone = await openDrone(t, socketUrl);
  const closed = nextEvent(drone, 'close');
  await order('close', { client: drone.clientId, code: 4001, reason: 'test' });
  const { code, reason } = await closed;
  assert.deepEqual([code, reason], [4001, 'test']);
});

test('a frozen client is told nothing, and when it is thawed everything in order', async (t) => {
  const { socketUrl, order, list } = await startControlled(t);
  const [ann, bob] = await RawClient.enterPair(t, socketUrl);
  for (const client of [ann, bob]) await client.ask({ type: 'subscribe', room });
  await ann.drain();
  await order('freeze', { client: ann.id });
  assert.deepEqual((await list()).map(({ frozen }) => frozen), [true, false]);
  bob.send({ type: 'publish', room, message: 'from bob' });
  ann.send({ type: 'publish', room, message: 'from ann' });
  const stranger = await RawClient.enter(t, socketUrl); // after it, both have been received
  assert.ok(ann.hasNothing);
  assert.ok((await bob.drain()).every(({ message }) => message !== 'from ann'));

  assert.deepEqual(await order('unfreeze', { client: ann.id }), [200, { connections: 1 }]);
  assert.equal((await ann.next()).message, 'from bob');
  assert.equal((await ann.next()).message, 'from ann');
  assert.deepEqual(await stranger.drain(), []);
});

test('a frozen service answers no newcomer either', async (t) => {
  const { socketUrl, order, list } = await startControlled(t);
  await order('freeze');
  const client = await RawClient.open(t, socketUrl);
  const answered = client.ask({ type: 'handshake', channel: channelId });
  assert.equal((await list())[0].frozen, true);
  assert.ok(client.hasNothing);
  await order('unfreeze');
  assert.ok((await answered).client_id);
});

test('what a frozen client sent is lost when it goes', async (t) => {
  const { socketUrl, order } = await startControlled(t);
  const [ann, bob] = await RawClient.enterPair(t, socketUrl);
  for (const client of [ann, bob]) await client.ask({ type: 'subscribe', room });
  await order('freeze', { client: ann.id });
  await bob.drain();
  ann.send({ type: 'publish', room, message: 'lost' });
  ann.close(1000);
  assert.equal((await bob.next()).type, 'observable_member_leave');
  await order('unfreeze');
  assert.deepEqual(await bob.drain(), []);
});

test('what is held for a frozen client, in either direction, has its limit', async (t) => {
  const { socketUrl, order } = await startControlled(t);
  const [ann, bob] = await RawClient.enterPair(t, socketUrl);
  const frame = { type: 'publish', room, message: 'x'.repeat(60 * 1024) };
  await ann.ask({ type: 'subscribe', room });
  await order('freeze', { client: ann.id });
  for (let n = 0; n < 300; n++) bob.send(frame);
  assert.equal(await ann.waitForClose(), 1006, 'what others sent to it');

  await order('freeze', { client: bob.id });
  for (let n = 0; n < 300; n++) bob.send(frame);
  assert.equal(await bob.waitForClose(), 1006, 'what it sent itself');
});

test('delays the answer to a token', async (t) => {
  const { socketUrl, order } = await startControlled(t);
  const client = await RawClient.enter(t, socketUrl);
  await order('delay-authenticate', { ms: 60 });
  const before = performance.now();
  await client.ask({ type: 'authenticate', token: 'x' });
  assert.ok(performance.now() - before >= 55);
});

test('what was sent behind a delayed token is lost when its sender goes', async (t) => {
  const { socketUrl, order, lines } = await startControlled(t);
  const [ann, bob] = await RawClient.enterPair(t, socketUrl);
  for (const client of [ann, bob]) await client.ask({ type: 'subscribe', room });
  await bob.drain();
  await order('delay-authenticate', { ms: 100 });
  ann.send({ type: 'authenticate', token: 'x' });
  ann.send({ type: 'publish', room, message: 'lost' });
  ann.close(1000);
  assert.equal((await bob.next()).type, 'observable_member_leave');
  await bob.ask({ type: 'authenticate', token: 'x' }); // its delay ends after the other one
  assert.deepEqual(await bob.drain(), []);
  assert.ok(!lines.some((line) => line.includes('defect')));
});

test('refuses the next tokens with the text that was ordered', async (t) => {
  const { socketUrl, order } = await startControlled(t);
  const client = await RawClient.enter(t, socketUrl);
  const token = await sign(chatClaims(client.id));
  await order('refuse-authenticate', { count: 2, text: 'Limit exceeded' });
  const answers = [];
  for (let n = 0; n < 3; n++) {
    const { error } = await client.ask({ type: 'authenticate', token });
    answers.push(error);
  }
  assert.deepEqual(answers, ['Limit exceeded', 'Limit exceeded', undefined]);
});

test('gives the client ids that were ordered, and then its own again', async (t) => {
  const { socketUrl, order } = await startControlled(t);
  await order('client-ids', { ids: ['a.b:c+d', 'x'] });
  const clients = [];
  for (let n = 0; n < 3; n++) clients.push(await RawClient.enter(t, socketUrl));
  assert.deepEqual(clients.slice(0, 2).map(({ id }) => id), ['a.b:c+d', 'x']);
  assert.match(clients[2].id, /^\w{3}:\w{8}$/);
});

test('reset ends all misbehaviour', async (t) => {
  const { socketUrl, order } = await startControlled(t);
  await order('freeze');
  await order('refuse-authenticate', { count: 9 });
  await order('delay-authenticate', { ms: 600_000 });
  await order('client-ids', { ids: ['x'] });
  await order('reset');
  const client = await RawClient.enterWith(t, socketUrl);
  assert.notEqual(client.id, 'x');
});

test('an order that makes no sense is refused', async (t) => {
  const { socketUrl, order, url } = await startControlled(t);
  const client = await RawClient.enter(t, socketUrl);
  for (const [name, fields, status] of [
    ['no-such-control', {}, 404],
    ['constructor', {}, 404],
    ['drop', { client: 'nobody' }, 404],
    ['drop', { client: null }, 404],
    ['drop', [], 400],
    ['close', { code: 1006 }, 400],
    ['close', { code: '1000' }, 400],
    ['close', { code: 5000 }, 400],
    ['close', { reason: 'x'.repeat(124) }, 400],
    ['delay-authenticate', { ms: -1 }, 400],
    ['delay-authenticate', {}, 400],
    ['refuse-authenticate', { count: 'all' }, 400],
    ['refuse-authenticate', { text: '' }, 400],
    ['client-ids', { ids: 'x' }, 400],
    ['client-ids', { ids: [''] }, 400],
  ]) {
    const [actual, { message }] = await order(name, fields);
    assert.equal(actual, status, `${name} ${JSON.stringify(fields)}`);
    assert.equal(typeof message, 'string');
  }
  assert.equal((await fetch(`${url}/_controls/drop`)).status, 404);
  assert.deepEqual(await client.drain(), []);
});
