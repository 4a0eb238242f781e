// SPDX-License-Identifier: MIT
// Goal: RabbitMQ takes the tokens of deploy/policies/rabbitmq.json, set up as the comment of that file
// says, at each node of a cluster, and gives them no more than they say; who was at a node that dies goes
// on at another one with the same token. There are three nodes, since MQTT in RabbitMQ 3.10 keeps the
// ids of clients by majority: of two nodes, the one that is left can decide nothing.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { answered, assertTriedWith, expiryOf, fromComment, mint, mintExpired, openEnginePlace, runCommented, wrongKey } from './support/policies.js';
import { connect, startCluster } from './support/rabbitmq.js';

let place;
let a;
let b;
let c;
before(async () => {
  place = await openEnginePlace();
  const key = await runCommented(place, fromComment('rabbitmq', /^printf/));
  const advanced = fromComment('rabbitmq', /^\[\{/, /\}\]\.$/);
  assert.ok(advanced.includes('<<"KEY">>'));
  [a, b, c] = await startCluster(place, ['a', 'b', 'c'], {
    conf: fromComment('rabbitmq', /^auth_backends/),
    advanced: advanced.replace('KEY', key),
  });
});
after(() => place.close());

const token = (user, more = {}) => mint(place, 'rabbitmq', { user, form: { room: 'lobby' }, ...more });
/** Someone with a token of their own. */
const enter = async (node, user, more) => connect(node, user, await token(user, more));

test('the policy was tried with this version', () => assertTriedWith(place, 'rabbitmq', 'rabbitmq-server'));

test('the token is taken at each node, and a message crosses from one to the others, both ways', async (t) => {
  const [alice, bob, carol] = [await enter(a, 'alice'), await enter(b, 'bob'), await enter(c, 'carol')];
  await Promise.all([alice, bob, carol].map((each) => each.subscribe('rooms/lobby/+')));
  await alice.publish('rooms/lobby/alice', 'hello');
  for (const each of [bob, carol]) await each.hears('rooms/lobby/alice hello');
  await bob.publish('rooms/lobby/bob', 'hello yourself');
  await alice.hears('rooms/lobby/bob hello yourself');

  const took = [];
  for (let i = 0; i < 100; i++) {
    const start = performance.now();
    await Promise.all([once(bob.client, 'message').then(() => took.push(performance.now() - start)), alice.publish('rooms/lobby/alice', `${i}`)]);
  }
  t.diagnostic(`a message crosses in ${took.sort((x, y) => x - y)[50].toFixed(1)} ms, the median of 100; the nodes have ${[a, b, c].map((node) => node.memory).join(', ')} MB`);
});

test('a scope allows what it names, and its * allows what stands in its place', async () => {
  const alice = await enter(a, 'alice');
  for (const topic of ['rooms/lobby/alice', 'rooms/lobby/bob', 'rooms/lobby/+', 'rooms/lobby/#']) await alice.subscribe(topic);
  await (await connect(a, 'alice', await token('alice'), { id: 'alice:tab-2' })).subscribe('rooms/lobby/+');
});

test('a scope allows no other topic to be heard', async () => {
  for (const [topic, key] of [
    ['rooms/other/+', 'rooms.other.*'], ['rooms/lobbyx/+', 'rooms.lobbyx.*'], ['rooms/+/+', 'rooms.*.*'], ['rooms/#', 'rooms.#'],
    ['#', '#'], ['rooms/lobby', 'rooms.lobby'],
  ]) {
    const alice = await enter(a, 'alice');
    await a.refuses(alice.subscribe(topic), refusedTopic(key));
  }
});

test('a scope allows nobody to speak as somebody else, or in another room', async () => {
  const bob = await enter(b, 'bob');
  await bob.subscribe('rooms/lobby/+');
  for (const topic of ['rooms/lobby/bob', 'rooms/other/alice', 'rooms/lobby', 'rooms/lobby/alice/x']) {
    const alice = await enter(a, 'alice');
    await a.refuses(alice.publish(topic, 'not mine'), refusedTopic(topic.replaceAll('/', '.')));
  }
  await (await enter(a, 'alice')).publish('rooms/lobby/alice', 'mine');
  await bob.hears('rooms/lobby/alice mine');
  assert.deepEqual(bob.heard, ['rooms/lobby/alice mine']);
});

test('the last will of a lost connection speaks under the same scopes', async () => {
  const bob = await enter(b, 'bob');
  await bob.subscribe('rooms/lobby/+');
  const ofAlice = await token('alice');
  const leave = async (topic) => (await connect(a, 'alice', ofAlice, { will: { topic, payload: 'gone' } })).drop();
  await Promise.all([a.logs(/Could not send last will: \{error,access_refused\}/), leave('rooms/lobby/bob')]);
  await leave('rooms/lobby/alice');
  await bob.hears('rooms/lobby/alice gone');
  assert.deepEqual(bob.heard, ['rooms/lobby/alice gone']);
});

const refusedTopic = (key) => new RegExp(`access to topic '${key.replace(/[.*]/g, '\\$&')}' in exchange 'amq\\.topic' in vhost '/' refused for user 'alice'`);

test('nobody takes the queue of somebody else', async () => {
  const alice = await connect(a, 'alice', await token('alice'), { id: 'bob:1' });
  await a.refuses(alice.subscribe('rooms/lobby/+'), /access to queue 'mqtt-subscription-bob:1qos0' in vhost '\/' refused for user 'alice'/);
});

test('a wrong key, an expired token, another audience and no token are refused at each node', async () => {
  const expired = await mintExpired(place, 'rabbitmq', { user: 'alice', form: { room: 'lobby' } });
  const [wrong, other] = [
    await token('alice', { key: wrongKey }),
    await token('alice', { change: (text) => text.replace('"aud": "rabbitmq"', '"aud": "another"') }),
  ];
  for (const node of [a, b, c]) {
    await node.refuses(connect(node, 'alice', wrong), /token failed: signature_invalid/);
    await node.refuses(connect(node, 'alice', expired), /token failed: "Provided JWT token has expired/);
    await node.refuses(connect(node, 'alice', other), /MQTT login failed for user 'alice'/);
    await node.refuses(connect(node, 'alice', 'alice'), /MQTT login failed for user 'alice'/);
  }
});

test('no value of a request reaches a scope with a character that means something', async () => {
  for (const room of ['a rabbitmq.read:*/*/*', '*', '#', 'a.b', 'a/b', '%2A']) {
    const { status, text } = await answered(place, 'rabbitmq', { user: 'alice', form: { room } });
    assert.deepEqual({ status, text }, { status: 422, text: 'room may have letters, digits, - and _ only' }, room);
  }
  for (const user of ['*', 'al.ice', 'alice:x']) {
    assert.equal((await answered(place, 'rabbitmq', { user, form: { room: 'lobby' } })).status, 422, user);
  }
});

test('what would happen otherwise: RabbitMQ reads the space, and a topic its * even if it is encoded', async () => {
  const alice = await enter(a, 'alice');
  const spy = async (room, change, topic) => {
    const mallory = await enter(b, 'mallory', { form: { room }, change });
    await mallory.subscribe(topic);
    await alice.publish('rooms/lobby/alice', `private, ${room}`);
    await mallory.hears(`rooms/lobby/alice private, ${room}`);
  };
  // All scopes in one string, as OAuth has them.
  const oneString = (text) => text.replace(/(?<="scope": )\[([^\]]*)\]/, (_, scopes) => JSON.stringify(JSON.parse(`[${scopes}]`).join(' ')));
  await spy('a rabbitmq.read:*/*/*', (text) => oneString(text).replaceAll('form.room', 'form.room|text'), 'rooms/#');
  await spy('*', (text) => text.replace(/^.*write.*form\.room.*\n/m, '').replace('form.room', 'form.room|uri'), 'rooms/+/+');
});

test('whose token expires meanwhile hears on, and speaks no more', async () => {
  const bob = await enter(b, 'bob');
  await bob.subscribe('rooms/lobby/+');
  const shortly = await token('alice', { change: (text) => text.replace('now+3600', 'now+10') });
  const alice = await connect(a, 'alice', shortly);
  await alice.subscribe('rooms/lobby/+');
  await alice.publish('rooms/lobby/alice', 'in time');
  await bob.hears('rooms/lobby/alice in time');
  await expiryOf(shortly);
  await bob.publish('rooms/lobby/bob', 'too late');
  await alice.hears('rooms/lobby/bob too late');
  const refused = a.logs(/refused for user 'alice', backend rabbit_auth_backend_oauth2 returned an error: "Provided JWT token has expired/);
  alice.publish('rooms/lobby/alice', 'too late').catch(() => {});
  await refused;
  await bob.publish('rooms/lobby/bob', 'afterwards');
  await bob.hears('rooms/lobby/bob afterwards');
  assert.ok(!bob.heard.includes('rooms/lobby/alice too late'), bob.heard.join());
});

test('a node is killed: who was there goes on at another one with the same token, and the rest notice nothing', async (t) => {
  const ofAlice = await token('alice');
  const [alice, bob] = [await connect(a, 'alice', ofAlice), await enter(b, 'bob')];
  await bob.subscribe('rooms/lobby/+');
  await alice.publish('rooms/lobby/alice', 'before');
  await bob.hears('rooms/lobby/alice before');

  const killed = performance.now();
  a.child.kill('SIGKILL');
  await alice.closed;
  const again = await connect(b, 'alice', ofAlice);
  await again.subscribe('rooms/lobby/+');
  await again.publish('rooms/lobby/alice', 'after');
  await bob.hears('rooms/lobby/alice after');
  t.diagnostic(`${(performance.now() - killed).toFixed(0)} ms after the kill a message has come through at another node`);
  await bob.publish('rooms/lobby/bob', 'still here');
  await again.hears('rooms/lobby/bob still here');

  const start = performance.now();
  await a.start();
  t.diagnostic(`it is back within ${((performance.now() - start) / 1000).toFixed(1)} s`);
  const carol = await enter(a, 'carol');
  await carol.publish('rooms/lobby/carol', 'back again');
  await bob.hears('rooms/lobby/carol back again');
});
