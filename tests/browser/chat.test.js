// SPDX-License-Identifier: MIT
// Three people in three browsers, the whole way: web server, token, service, page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { launch, Person } from './person.js';
import { startStack } from './stack.js';

let browser;
let stack;
let people;

before(async () => {
  stack = await startStack();
  browser = await launch();
  people = await Promise.all([1, 2, 3].map(async () => (await Person.visit(browser, stack)).online()));
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

test('three people see each other, and not themselves', async () => {
  const names = await Promise.all(people.map((person) => person.name()));
  for (const [at, person] of people.entries()) {
    await person.seesMembers(...names.filter((name, other) => other !== at));
  }
});

test('everybody sees a public message once, its author included', async () => {
  await people[0].say('Good evening, all');
  await Promise.all(people.map((person) => person.sees('Good evening, all')));
  // A second one shows that nothing of the first is still on its way.
  await people[1].say('Good evening to you');
  for (const person of people) {
    await person.sees('Good evening to you');
    assert.deepEqual(await person.texts(), ['Good evening, all', 'Good evening to you']);
  }
  await people[0].get('.message[data-state=pending]').waitFor({ state: 'detached' });
});

test('a private message reaches one person, and never the browser of a third', async () => {
  const [ada, bob, eve] = people;
  await ada.open(await bob.name());
  await ada.say('Between the two of us');
  await ada.sees('Between the two of us');
  await bob.get('.members-list .badge').filter({ hasText: '1' }).waitFor();
  assert.match(await bob.page.title(), /^\(1\)/);
  await bob.open(await ada.name());
  await bob.sees('Between the two of us');
  await bob.say('I hear you');
  await ada.sees('I hear you');

  await bob.open('Public room');
  await bob.say('Back in public');
  await eve.sees('Back in public');
  assert.equal(await eve.message('Between the two of us').count(), 0);
  assert.ok(eve.frames.some((frame) => frame.includes('Back in public')));
  assert.ok(!eve.frames.some((frame) => frame.includes('Between the two') || frame.includes('I hear you')));
  await ada.open('Public room');
});

test('a message over REST is shown as one of the server', async () => {
  await stack.publish('observable-room', 'Tea is ready');
  for (const person of people) {
    const message = person.message('Tea is ready');
    await message.waitFor();
    assert.match(await message.getAttribute('class'), /\bserver\b/);
    assert.equal(await message.locator('.member').textContent(), 'Server');
  }
});

test('one leaves, and only that one vanishes', async () => {
  const [ada, bob, eve] = people;
  const names = [await ada.name(), await bob.name()];
  await eve.leave();
  await ada.seesMembers(names[1]);
  await bob.seesMembers(names[0]);
  await ada.say('Still here');
  await bob.sees('Still here');
});

test('nobody had anything to complain of', () => {
  for (const person of people) person.hadNoComplaint();
});
