// SPDX-License-Identifier: MIT
// Goal: the page works over HTTPS as nginx/examples/https.conf has it: token, files and socket, and its own rules
// (Content-Security-Policy) let it.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, Person } from './person.js';
import { startStack } from './stack.js';

let browser;
let stack;
before(async () => {
  stack = await startStack({ secure: true });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

test('two people talk over HTTPS and a secure socket', async () => {
  const sockets = [];
  const prepare = (page) => page.on('websocket', (socket) => sockets.push(socket.url()));
  const [ada, bob] = await Promise.all([1, 2].map(async () => (await Person.visit(browser, stack, { ignoreHTTPSErrors: true, prepare })).online()));
  await ada.say('Is anybody listening?');
  await bob.sees('Is anybody listening?');
  assert.equal(await bob.page.evaluate('isSecureContext && location.protocol'), 'https:');
  assert.ok(sockets.length >= 2);
  for (const url of sockets) assert.match(url, /^wss:/);
});
