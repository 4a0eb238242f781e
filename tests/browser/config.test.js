// SPDX-License-Identifier: MIT
// config.json, and the addresses in a text.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkConfig, pieces } from './modules.js';

const lobby = 'observable-room';
const config = {
  channel: 'abc',
  socket: '/v3/websocket',
  script: 'https://cdn.example/client.js',
  auth: '/auth',
  rooms: [{ name: lobby, title: 'Lobby', history: 50 }],
};

test('addresses of the configuration may be relative to the page', () => {
  const { socket, script, auth, names: shown } = checkConfig(config, 'https://chat.example/room/');
  assert.equal(socket, 'wss://chat.example/v3/websocket');
  assert.equal(script, 'https://cdn.example/client.js');
  assert.equal(auth, 'https://chat.example/auth');
  assert.equal(shown, 'signed');
  assert.equal(checkConfig({ ...config, socket: 'wss://a.example/x' }, 'http://b.example/').socket, 'wss://a.example/x');
  assert.equal(checkConfig(config, 'http://localhost:8080/').socket, 'ws://localhost:8080/v3/websocket');
});

for (const [mistake, sentence] of [
  [{ channel: 'YOUR_SCALEDRONE_CHANNEL_ID' }, /"channel" must be the id/],
  [{ channel: undefined }, /"channel"/],
  [{ socket: '' }, /"socket" must be an address/],
  [{ script: 'javascript:alert(1)' }, /"script" must be an address/],
  [{ auth: '' }, /"auth"/],
  [{ rooms: [] }, /"rooms" must be a list/],
  [{ rooms: 'lobby' }, /"rooms" must be a list/],
  [{ rooms: [null] }, /"rooms" must be a list/],
  [{ rooms: [{ name: 'a', title: 'A' }, { name: 'b' }] }, /"rooms" must be a list/],
  [{ names: 'any' }, /"names" must be/],
  [{ chanel: 'abc' }, /"chanel" is not known/],
]) {
  test(`the configuration ${JSON.stringify(mistake)} gives a sentence`, () => {
    assert.throws(() => checkConfig({ ...config, ...mistake }, 'http://localhost/'), { message: sentence });
  });
}

test('all mistakes are said at once, also those of no configuration at all', () => {
  assert.throws(() => checkConfig({}, 'http://localhost/'), ({ message: said }) => said.split('\n').length === 5);
  for (const nothing of [null, 7, 'text', []]) assert.throws(() => checkConfig(nothing, 'http://localhost/'), /"channel"/);
});

// --- Links ---

for (const [text, ...found] of [
  ['no address', ],
  ['see https://example.org/a?b=c#d now', 'https://example.org/a?b=c#d'],
  ['(see https://example.org/a).', 'https://example.org/a'],
  ['https://example.org/wiki/A_(b)', 'https://example.org/wiki/A_(b)'],
  ['http://a.example, https://b.example!', 'http://a.example/', 'https://b.example/'],
  ['javascript:alert(1) data:text/html,x ftp://x.example file:///etc', ],
  ['JavaScript:https://example.org', 'https://example.org/'],
  ['https:// https://%', ],
  ['<a href="https://example.org/">', 'https://example.org/'],
  ['(https://example.org/wiki/A_(b))', 'https://example.org/wiki/A_(b)'],
  ['“https://example.org/”, he wrote: https://example.org/a?!', 'https://example.org/', 'https://example.org/a'],
  ['https://bank.example@evil.example/ https://:x@evil.example/ https://a:b@evil.example'],
  ['https://example.org/@ada', 'https://example.org/@ada'],
  ['https://example.org/\u202egpj.exe', 'https://example.org/'],
  ['https://exam\u200bple.org/', 'https://exam/'],
  ['data:text/html,https vbscript:x blob:https', ],
]) {
  test(`addresses in ${JSON.stringify(text)}: ${found.length}`, () => {
    assert.deepEqual(pieces(text).flatMap(({ href }) => href ?? []), found);
    assert.equal(pieces(text).map((piece) => piece.text).join(''), text);
  });
}

test('addresses in a long hostile text are found in no time', () => {
  const began = performance.now();
  for (const part of ['https://a', '!', 'https://a!!!!', 'http://(', ')']) pieces(`https://x${part.repeat(60_000 / part.length)}x`);
  assert.ok(performance.now() - began < 1000);
});
