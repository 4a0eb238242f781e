// SPDX-License-Identifier: MIT
// Goal: each policy of deploy/policies gives a token that the engine it is for accepts by its
// documented rules, whatever the people in it are called; and grants no more than it says. What a
// person sees at the command line is what a visitor gets through nginx, after a login there.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { jwtVerify } from 'jose';
import { send, urlencoded } from './support/http.js';
import { startNginx } from './support/nginx.js';
import { openPlace } from './support/place.js';
import { root, run, serveUnix } from './support/roomkey.js';
import { clientID, secret } from './support/tokens.js';

const folder = `${root}deploy/policies/`;
const env = {
  SCALEDRONE_CHANNEL_ID: 'pXK3yq7Zb0aLmN4d',
  SCALEDRONE_CHANNEL_SECRET: secret,
  ABLY_KEY_NAME: 'appid.keyid',
  LIVEKIT_API_KEY: 'APIabc123',
};
const hostile = 'al"ice\\${now}{}\'<b>.*|^$é';
const year = 365 * 24 * 3600;

let place;
before(async () => {
  place = await openPlace();
  // nginx may read it as another user.
  await place.write('users', ['alice', 'bob', hostile].map((user) => `${user}:{PLAIN}${password}\n`).join(''), 0o644);
});
after(() => place.close());

function mint(policy, { form = {}, user, role } = {}) {
  const args = ['mint', '--policy', `${folder}${policy}.json`];
  for (const [name, value] of Object.entries(form)) args.push('--form', `${name}=${value}`);
  if (user !== undefined) args.push('--server', `ROOMKEY_USER=${user}`);
  if (role !== undefined) args.push('--server', `ROOMKEY_ROLE=${role}`);
  return run(place, args, { env });
}

const password = 'correct horse';

/** A roomkey with this policy and an nginx before it, which asks for a name and password. */
async function startSite(policy) {
  const { address } = await serveUnix(place, { args: ['--policy', `${folder}${policy}.json`], env });
  return startNginx(place, {
    upstreams: [address],
    login: `
      auth_basic "Chat";
      auth_basic_user_file ${place.path('users')};
      fastcgi_param ROOMKEY_USER $remote_user;
      fastcgi_param ROOMKEY_ROLE $http_x_test_role;`,
  });
}

const sites = new Map();

/** What a visitor is answered who has logged in as `user`. */
async function served(policy, { form = {}, user = 'alice', role = '' }) {
  if (!sites.has(policy)) sites.set(policy, startSite(policy));
  const { port } = await sites.get(policy);
  const { headers, body } = urlencoded(form);
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const answer = await send(port, '/auth', { body, headers: { ...headers, authorization, 'x-test-role': role } });
  assert.equal(answer.status, 200, answer.body);
  // As the browser clients of Centrifugo read it.
  return policy.startsWith('centrifugo') ? JSON.parse(answer.body).token : answer.body;
}

/** Header and claims of a token, checked by jose as every engine does: HS256, exp, nbf. */
async function checked(token) {
  const key = new TextEncoder().encode(secret);
  const { payload, protectedHeader } = await jwtVerify(token, key, { algorithms: ['HS256'], requiredClaims: ['exp'] });
  const life = payload.exp - Date.now() / 1000;
  assert.ok(life > 0 && life < year, `exp is in seconds, and soon: ${payload.exp}`);
  return { claims: payload, header: protectedHeader };
}

/** The same without what is another one each time: the time, and the id, name and colour of a guest. */
function lasting({ header, claims: { exp, iat, nbf, data, ...claims } }) {
  return { header, claims, data: { ...data, id: typeof data?.id, name: typeof data?.name, color: typeof data?.color } };
}

/** The token that `mint` prints and the one through nginx, which say the same; header and claims of the latter. */
async function minted(policy, given) {
  const { status, stdout, stderr } = await mint(policy, given);
  assert.equal(status, 0, stderr);
  const shown = await checked(stdout.trim());
  const found = await checked(await served(policy, given));
  assert.deepEqual(lasting(found), lasting(shown));
  return found;
}

/** As the service decides: all patterns that match must allow, and at least one must match. */
function may(permissions, right, room) {
  const rules = Object.entries(permissions).filter(([pattern]) => new RegExp(pattern).test(room)).map(([, rule]) => rule);
  return rules.length > 0 && rules.every((rule) => rule[right]);
}

async function explained(policy, { form = {}, user, role }, room) {
  const args = ['explain', '--policy', `${folder}${policy}.json`, '--room', room, '--json'];
  for (const [name, value] of Object.entries(form)) args.push('--form', `${name}=${value}`);
  if (user !== undefined) args.push('--server', `ROOMKEY_USER=${user}`);
  if (role !== undefined) args.push('--server', `ROOMKEY_ROLE=${role}`);
  const { status, stdout, stderr } = await run(place, args, { env });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}

const form = { clientID };
const chat = [
  ['observable-room', true, true],
  [`private-room-${clientID}`, false, true],
  ['private-room-aaa:bbb', true, false],
  ['private-room-', false, false],
  [`private-room-${clientID}x`, true, false],
  ['observable-rooms', false, false],
  ['anything', false, false],
];
const scaledrone = {
  tutorial: { given: { form }, rooms: chat },
  chat: { given: { form }, rooms: chat },
  announcements: { given: { form }, rooms: [['announcements', false, true], ['observable-room', false, false], ['xannouncements', false, false]] },
  moderators: { given: { form, user: 'alice' }, rooms: [['announcements', true, true], ['observable-room', false, false], ['xannouncements', false, false]] },
  members: {
    given: { form, user: 'alice', role: 'staff' },
    rooms: [['observable-lobby', true, true], ['observable-role-staff', true, true], ['observable-role-guest', false, false], ['observable-role-staffx', false, false]],
  },
};

for (const [policy, { given, rooms }] of Object.entries(scaledrone)) {
  test(`${policy}: the claims are Scaledrone's, and each room's rights are what explain says`, async () => {
    const { claims, header } = await minted(policy, given);
    assert.deepEqual(header, { alg: 'HS256', typ: 'JWT' });
    assert.equal(claims.client, clientID);
    assert.equal(claims.channel, env.SCALEDRONE_CHANNEL_ID);
    for (const [room, publish, subscribe] of rooms) {
      assert.equal(may(claims.permissions, 'publish', room), publish, `publish in ${room}`);
      assert.equal(may(claims.permissions, 'subscribe', room), subscribe, `subscribe in ${room}`);
      const answer = await explained(policy, given, room);
      assert.deepEqual([answer.publish, answer.subscribe], [publish, subscribe], `explain ${room}`);
    }
  });
}

test('the policy of the tutorial is the one that is built in', async () => {
  const { claims } = await minted('tutorial', { form });
  const builtIn = await run(place, ['mint', '--form', `clientID=${clientID}`, '--decode', '--json'], { env });
  const expected = JSON.parse(builtIn.stdout).claims;
  for (const one of [claims, expected]) {
    delete one.exp;
    delete one.data;
  }
  assert.deepEqual(claims, expected);
});

test('chat: a visitor may choose a name, which is data and nothing else; the past is 50 messages', async () => {
  const { claims } = await minted('chat', { form: { clientID, name: hostile } });
  assert.equal(claims.data.name, hostile);
  assert.deepEqual(Object.keys(claims).sort(), ['channel', 'client', 'data', 'exp', 'permissions']);
  assert.equal((await explained('chat', { form }, 'observable-room')).history, 50);
});

for (const policy of ['members', 'moderators']) {
  test(`${policy}: no login, no token`, async () => {
    for (const user of [undefined, '']) {
      const { status, stderr } = await mint(policy, { form, user });
      assert.equal(status, 65);
      assert.match(stderr, /Not logged in/);
    }
  });
}

test('members: whoever has no role is a guest, and a role with regex syntax opens no other room', async () => {
  const guest = await minted('members', { form, user: 'bob' });
  assert.equal(guest.claims.data.role, 'guest');
  assert.ok(may(guest.claims.permissions, 'publish', 'observable-role-guest'));
  const odd = await minted('members', { form, user: 'bob', role: '.*' });
  assert.ok(!may(odd.claims.permissions, 'subscribe', 'observable-role-staff'));
  assert.ok(may(odd.claims.permissions, 'subscribe', 'observable-role-.*'));
});

test('centrifugo-connection: sub is the user, exp an integer, and no permission is claimed', async () => {
  const { claims, header } = await minted('centrifugo-connection', { user: hostile });
  assert.deepEqual(header, { alg: 'HS256', typ: 'JWT' });
  assert.equal(claims.sub, hostile);
  assert.deepEqual(claims.info, { name: hostile });
  assert.deepEqual(Object.keys(claims).sort(), ['exp', 'info', 'sub']);
});

test('centrifugo-subscription: the channel is a name in its namespace', async () => {
  const { claims } = await minted('centrifugo-subscription', { user: 'alice', form: { room: 'lobby-1' } });
  assert.equal(claims.sub, 'alice');
  assert.equal(claims.channel, 'rooms:lobby-1');
  for (const room of ['admin:x', 'a b', '#x', '*', 'x/y', 'é']) {
    const { status, stdout, stderr } = await mint('centrifugo-subscription', { user: 'alice', form: { room } });
    assert.deepEqual({ status, stdout }, { status: 65, stdout: '' });
    assert.match(stderr, /room may have letters, digits, - and _ only/);
  }
});

test('mercure: subscribes to its topics, publishes nothing', async () => {
  const { claims } = await minted('mercure', { user: hostile });
  assert.ok(Array.isArray(claims.mercure.subscribe) && claims.mercure.subscribe.every((topic) => typeof topic === 'string'));
  // A list that is there, even an empty one, permits public updates.
  assert.equal(claims.mercure.publish, undefined);
  assert.deepEqual(claims.mercure.payload, { user: hostile });
});

test('rabbitmq: a list of scopes, in which a room and a user are names', async () => {
  const { claims, header } = await minted('rabbitmq', { user: 'alice', form: { room: 'lobby-1' } });
  assert.deepEqual(header, { alg: 'HS256', typ: 'JWT' });
  assert.deepEqual([claims.aud, claims.sub], ['rabbitmq', 'alice']);
  const queue = '%2F/mqtt-subscription-alice:*';
  assert.deepEqual(claims.scope, [
    'rabbitmq.read:%2F/amq.topic/rooms.lobby-1.*', 'rabbitmq.write:%2F/amq.topic/rooms.lobby-1.alice',
    `rabbitmq.configure:${queue}`, `rabbitmq.write:${queue}`, `rabbitmq.read:${queue}`,
  ]);
  for (const room of ['a rabbitmq.read:*/*/*', '*', '#', 'a.b', 'a/b', '%2A', 'é']) {
    const { status, stdout, stderr } = await mint('rabbitmq', { user: 'alice', form: { room } });
    assert.deepEqual({ status, stdout }, { status: 65, stdout: '' });
    assert.match(stderr, /room may have letters, digits, - and _ only/);
  }
});

test('ejabberd: the JID is a name at the host', async () => {
  const { claims } = await minted('ejabberd', { user: 'alice' });
  assert.deepEqual(Object.keys(claims).sort(), ['exp', 'jid']);
  assert.equal(claims.jid, 'alice@chat.example.com');
  for (const user of ['admin@host/', 'a b', 'a/b', 'a@b', 'é', hostile]) {
    const { status, stdout } = await mint('ejabberd', { user });
    assert.deepEqual({ status, stdout }, { status: 65, stdout: '' }, user);
  }
});

test('ably: kid in the header, iat in the past, and a capability that is JSON in a string', async () => {
  const { claims, header } = await minted('ably', { user: 'alice' });
  assert.deepEqual(header, { alg: 'HS256', kid: env.ABLY_KEY_NAME, typ: 'JWT' });
  assert.equal(claims['x-ably-clientId'], 'alice');
  // To Ably it is anybody.
  for (const user of ['*', hostile]) assert.equal((await mint('ably', { user })).status, 65);
  assert.ok(claims.iat < Date.now() / 1000);
  assert.equal(typeof claims['x-ably-capability'], 'string');
  const capability = JSON.parse(claims['x-ably-capability']);
  assert.deepEqual(Object.keys(capability), ['chat:lobby']);
});

test('livekit: issuer, subject, video grant, and metadata that is JSON in a string', async () => {
  const { claims } = await minted('livekit', { user: hostile });
  assert.equal(claims.iss, env.LIVEKIT_API_KEY);
  assert.equal(claims.sub, hostile);
  assert.ok(claims.nbf < Date.now() / 1000);
  assert.deepEqual(claims.video, { room: 'lobby', roomJoin: true, canPublish: true, canSubscribe: true });
  assert.deepEqual(JSON.parse(claims.metadata), { name: hostile });
});

test('stream: user_id is the user, iat in the past', async () => {
  const { claims } = await minted('stream', { user: hostile });
  assert.equal(claims.user_id, hostile);
  assert.ok(claims.iat < Date.now() / 1000);
});

test('every policy is checked without an error or a warning, and is tested here', async () => {
  const policies = readdirSync(folder).map((file) => file.replace('.json', '')).sort();
  for (const policy of policies) {
    const { status, stdout, stderr } = await run(place, ['check', '--policy', `${folder}${policy}.json`], { env });
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: 'The configuration is valid.\n', stderr: '' }, policy);
  }
  assert.deepEqual(policies, ['ably', 'announcements', 'centrifugo-connection', 'centrifugo-subscription', 'chat', 'ejabberd', 'livekit', 'members', 'mercure', 'moderators', 'rabbitmq', 'stream', 'tutorial']);
});
