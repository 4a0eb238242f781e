// SPDX-License-Identifier: MIT
// A chat as its users see it, through the vendor's own client.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  authenticate, nextEvent, openDrone, openPerson, subscribe,
} from '../testing/official-client.js';
import { chatClaims, sign, startService } from '../testing/service.js';

test('three people meet in the public room and read each other', async (t) => {
  const { socketUrl } = await startService(t);
  const people = [];
  for (const name of ['ann', 'bob', 'cy']) {
    const drone = await openPerson(t, socketUrl, name);
    const inbox = subscribe(drone, 'observable-room');
    const [[opened], [listed, members]] = await inbox.take(2);
    people.push({ drone, inbox });
    assert.deepEqual([opened, listed], ['open', 'members']);
    assert.deepEqual(members.map(({ id }) => id), people.map((person) => person.drone.clientId));
    assert.equal(members.at(-1).authData.name, name);
  }
  const [ann, bob, cy] = people;
  bob.drone.publish({ room: 'observable-room', message: 'hello' });
  for (const { inbox } of people) {
    const [, message] = await inbox.next(([event]) => event === 'message');
    assert.equal(message.data, 'hello');
    assert.equal(message.clientId, bob.drone.clientId);
    assert.equal(message.member.authData.name, 'bob');
    assert.match(message.id, /^\w{10}$/);
    assert.ok(Math.abs(message.timestamp - Date.now() / 1000) < 60, 'unix seconds');
  }
  assert.deepEqual((await ann.inbox.take(2)).map(([event, { id }]) => [event, id]), [
    ['member_join', bob.drone.clientId],
    ['member_join', cy.drone.clientId],
  ]);
});

test('a private message reaches the one it is for and nobody else', async (t) => {
  const { socketUrl } = await startService(t);
  const [ann, bob, cy] = await Promise.all(
    ['ann', 'bob', 'cy'].map((name) => openPerson(t, socketUrl, name)),
  );
  const room = `private-room-${bob.clientId}`;
  const [bobsPost, eavesdropped] = [subscribe(bob, room), subscribe(cy, room)];
  assert.deepEqual(await bobsPost.next(), ['open', undefined]);
  const [, error] = await eavesdropped.next();
  assert.equal(error.message, 'Unauthorized');

  ann.publish({ room, message: { for: 'bob' } });
  const [, message] = await bobsPost.next();
  assert.deepEqual(message.data, { for: 'bob' });
  assert.equal(message.clientId, ann.clientId);

  // What is said later arrives later: had cy been sent the message, it would be here by now.
  const publicRoom = subscribe(cy, 'observable-room');
  await publicRoom.next();
  assert.ok(eavesdropped.isEmpty);
});

test('nobody writes into their own post', async (t) => {
  const { socketUrl } = await startService(t);
  const ann = await openPerson(t, socketUrl, 'ann');
  const failed = nextEvent(ann, 'error');
  ann.publish({ room: `private-room-${ann.clientId}`, message: 'note to self' });
  assert.equal((await failed).message, 'Unauthorized');
});

test('joins and leaves are told to those who stay', async (t) => {
  const { socketUrl } = await startService(t);
  const ann = await openPerson(t, socketUrl, 'ann');
  const seen = subscribe(ann, 'observable-room');
  await seen.take(2);
  const bob = await openPerson(t, socketUrl, 'bob');
  const cy = await openPerson(t, socketUrl, 'cy');
  for (const drone of [bob, cy]) await subscribe(drone, 'observable-room').take(2);
  await seen.take(2);

  bob.unsubscribe('observable-room');
  const [byUnsubscribing, leaver] = await seen.next();
  assert.equal(byUnsubscribing, 'member_leave');
  assert.deepEqual(leaver, { id: bob.clientId, authData: { name: 'bob' } });

  cy.close();
  const [byDisconnecting, { id }] = await seen.next();
  assert.deepEqual([byDisconnecting, id], ['member_leave', cy.clientId]);
});

test('what a client says of itself stands beside what its token says', async (t) => {
  const { socketUrl } = await startService(t);
  const drone = await openDrone(t, socketUrl, { data: { mood: 'fine' } });
  await authenticate(drone, await sign(chatClaims(drone.clientId, { data: { name: 'ann' } })));
  const [, [, members]] = await subscribe(drone, 'observable-room').take(2);
  assert.deepEqual(members, [
    { id: drone.clientId, authData: { name: 'ann' }, clientData: { mood: 'fine' } },
  ]);
});

test('messages keep their JSON type and their order', async (t) => {
  const { socketUrl } = await startService(t);
  const ann = await openPerson(t, socketUrl, 'ann');
  const inbox = subscribe(ann, 'observable-room');
  await inbox.take(2);
  const messages = ['text', 7, true, ['a', 1], { __proto__: null, key: null }];
  for (const message of messages) ann.publish({ room: 'observable-room', message });
  const received = await inbox.take(messages.length);
  assert.deepEqual(received.map(([, { data }]) => JSON.stringify(data)), messages.map((message) =>
    JSON.stringify(message)));
});

test('history comes oldest first, as much as is asked for, allowed and kept', async (t) => {
  const { socketUrl } = await startService(t, { history: true });
  const ann = await openPerson(t, socketUrl, 'ann');
  const live = subscribe(ann, 'observable-room');
  await live.take(2);
  for (let n = 1; n <= 120; n++) ann.publish({ room: 'observable-room', message: n });
  await live.take(120);

  for (const { allowed, asked, first } of [
    { allowed: 50, asked: 5, first: 116 },
    { allowed: 3, asked: 100, first: 118 },
    { allowed: 500, asked: 500, first: 21 },
  ]) {
    const permissions = { '^observable-room$': { subscribe: true, history: allowed } };
    const drone = await openDrone(t, socketUrl);
    await authenticate(drone, await sign(chatClaims(drone.clientId, { permissions })));
    const inbox = subscribe(drone, 'observable-room', { historyCount: asked });
    const [[, error], [event]] = await inbox.take(2);
    assert.deepEqual([error, event], [undefined, 'members']);
    const expected = Array.from({ length: 121 - first }, (_, index) => first + index);
    const history = await inbox.take(expected.length);
    assert.deepEqual(history.map(([, { data }]) => data), expected);
    assert.ok(history.every(([, { clientId }]) => clientId === ann.clientId));
  }
});

test('a channel without authentication lets everybody do everything', async (t) => {
  const { socketUrl } = await startService(t, { requireAuth: false, history: true });
  const drone = await openDrone(t, socketUrl, { data: 'me' });
  const inbox = subscribe(drone, 'observable-anything');
  const [, [, members]] = await inbox.take(2);
  assert.deepEqual(members, [{ id: drone.clientId, clientData: 'me' }]);
  drone.publish({ room: 'observable-anything', message: 'hello' });
  assert.equal((await inbox.next())[1].data, 'hello');
  const again = subscribe(drone, 'observable-anything', { historyCount: 10 });
  assert.equal((await again.take(3))[2][1].data, 'hello');
});

test('a wrong channel is refused at the handshake', async (t) => {
  const { socketUrl } = await startService(t);
  await assert.rejects(openDrone(t, socketUrl, { channel: 'another' }), /Channel not found/);
});

test('a refused token is reported with the reason, and the connection stays', async (t) => {
  const { socketUrl } = await startService(t);
  const drone = await openDrone(t, socketUrl);
  await assert.rejects(authenticate(drone, 'a.b'), /^Error: JWT does not have 3 parts$/);
  await authenticate(drone, await sign(chatClaims(drone.clientId)));
});
