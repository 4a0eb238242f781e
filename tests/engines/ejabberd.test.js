// SPDX-License-Identifier: MIT
// Goal: ejabberd takes the tokens of deploy/policies/ejabberd.json, set up as the comment of that file
// says, over TCP and over WebSocket, and lets each in as who they are and nobody else.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answered, assertTriedWith, fromComment, mint, mintExpired, openEnginePlace, runCommented, wrongKey } from './support/policies.js';
import { TcpStream, WebSocketStream, logIn, startEjabberd, tell } from './support/ejabberd.js';

const ways = { 'TCP with STARTTLS': TcpStream, WebSocket: WebSocketStream };

let place;
let server;
before(async () => {
  place = await openEnginePlace();
  const file = place.path('roomkey.jwk');
  // The group belongs to the package's own server, which does not run here.
  await runCommented(place, fromComment('ejabberd', /^printf/), { ' -g ejabberd': '', '/etc/ejabberd/roomkey.jwk': file });
  const conf = fromComment('ejabberd', /^auth_method/, /^jwt_key/);
  server = await startEjabberd(place, conf.replace('/etc/ejabberd/roomkey.jwk', file));
});
after(() => place.close());

const token = (user, more = {}) => mint(place, 'ejabberd', { user, ...more });

test('the policy was tried with this version', () => assertTriedWith(place, 'ejabberd', 'ejabberd'));

test('alice logs in over TCP with STARTTLS, bob over WebSocket, and each hears the other', async () => {
  const alice = await logIn(server, TcpStream, 'alice', await token('alice'));
  const bob = await logIn(server, WebSocketStream, 'bob', await token('bob'));
  assert.match(alice.jid, /^alice@chat\.example\.com\/./);
  assert.match(bob.jid, /^bob@chat\.example\.com\/./);
  await tell(alice, bob, 'hello');
  await tell(bob, alice, 'hello yourself');
});

for (const [way, Kind] of Object.entries(ways)) {
  test(`${way}: a wrong key, an expired token and no token are refused`, async () => {
    const refused = (password) => assert.rejects(logIn(server, Kind, 'alice', password), /^Error: not-authorized$/);
    await refused(await token('alice', { key: wrongKey }));
    await refused(await mintExpired(place, 'ejabberd', { user: 'alice' }));
    await refused('alice');
    await logIn(server, Kind, 'alice', await token('alice'));
  });

  test(`${way}: the token of another JID is refused, and so is another identity with one's own`, async () => {
    const ofAlice = await token('alice');
    await assert.rejects(logIn(server, Kind, 'bob', ofAlice), /^Error: not-authorized$/);
    await assert.rejects(logIn(server, Kind, 'alice', ofAlice, { as: 'bob@chat.example.com' }), /^Error: (?:invalid-authzid|not-authorized)$/);
    const elsewhere = await token('alice', { change: (text) => text.replaceAll('chat.example.com', 'other.example.com') });
    await assert.rejects(logIn(server, Kind, 'alice', elsewhere), /^Error: not-authorized$/);
  });
}

test('no login reaches the JID with a character that means something', async () => {
  for (const user of ['admin@host/', 'admin@chat.example.com/', 'a b', 'a.b', 'é']) {
    const { status, text } = await answered(place, 'ejabberd', { user });
    assert.equal(status, 422, `${user}: ${text}`);
  }
});

test('what would happen otherwise: ejabberd takes what stands before a slash', async () => {
  const forged = await token('admin@chat.example.com/', { change: (text) => text.replace('ROOMKEY_USER', 'ROOMKEY_USER|text') });
  const { jid } = await logIn(server, TcpStream, 'admin', forged);
  assert.match(jid, /^admin@chat\.example\.com\//);
});

test('logins that differ by case alone are one JID, as the comment of the policy says', async () => {
  const { jid } = await logIn(server, TcpStream, 'alice', await token('Alice'));
  assert.match(jid, /^alice@chat\.example\.com\//);
});
