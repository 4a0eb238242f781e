// SPDX-License-Identifier: MIT
// A person stays who they are, by the signature of the last token, and nobody else becomes them.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { Guest } from './guest.js';
import { launch, Person, until } from './person.js';
import { startStack } from './stack.js';

let browser;
let stack;
let present = []; // who visits during a test

before(async () => {
  stack = await startStack({ policy: 'chat' });
  browser = await launch();
});

afterEach(async () => {
  const leaving = present;
  present = [];
  await Promise.all(leaving.map((person) => person.leave()));
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

async function visit(name, options) {
  const person = await (await Person.visit(browser, stack, { breaks: true, ...options })).online();
  present.push(person);
  if (name) await person.rename(name);
  return person;
}

/** Two people who have a private talk. */
async function talk() {
  const [ada, bob] = [await visit('Ada'), await visit('Bob')];
  await ada.seesMembers('Bob');
  await bob.open('Ada');
  await bob.say('Between us');
  await ada.open('Bob');
  await ada.sees('Between us');
  await ada.say('I hear you');
  await bob.sees('I hear you');
  return [ada, bob];
}

/** Each hears the other, in the thread that they had. */
async function goOn(ada, bob, title = 'Bob') {
  await ada.get('textarea:enabled').waitFor();
  await ada.say('Still there?');
  await bob.open('Ada');
  await bob.sees('Still there?');
  await bob.say('Still here');
  await ada.sees('Still here');
  assert.equal(await ada.get('.chat-title').textContent(), title);
  assert.deepEqual(await ada.texts(), ['Between us', 'I hear you', 'Still there?', 'Still here']);
}

/** Waits until `person`, who is at the page, is in all rooms over a connection other than that of `before`. */
function joined(person, before) {
  return until(async () => {
    if (person.clientId === before) await person.returnToTab();
    return person.clientId !== before
      && (await stack.connections()).some(({ client_id: id, rooms }) => id === person.clientId && rooms.length === 2);
  });
}

/** Does something that costs the connection, and waits for the next one. */
async function awayWhile(person, deed) {
  const { clientId } = person;
  await person.context.setOffline(true);
  await until(() => person.get('form button').isDisabled());
  await deed();
  await person.context.setOffline(false);
  await joined(person, clientId);
}

async function drop(person) {
  const { clientId } = person;
  await stack.control('drop', { client: clientId });
  await joined(person, clientId);
}

const color = (person) => person.get('.me .name').evaluate((input) => input.style.color);

test('name and colour stay over a reload', async () => {
  const [ada, bob] = [await visit(), await visit()];
  const before = [await ada.name(), await color(ada)];
  await ada.page.reload();
  await ada.online();
  await bob.seesMembers(before[0]);
  await until(async () => (await ada.name()) === before[0]);
  assert.equal(await color(ada), before[1]);
});

test('a chosen name is there for all, and stays over a reload and a lost connection', async () => {
  const [ada, bob] = [await visit('  Ada   Lovelace '), await visit()];
  await bob.seesMembers('Ada Lovelace');
  await until(async () => (await ada.name()) === 'Ada Lovelace');
  await ada.page.reload();
  await ada.online();
  await ada.reconnect(stack);
  await bob.seesMembers('Ada Lovelace');
  await until(async () => (await ada.name()) === 'Ada Lovelace');
  await ada.rename('   ');
  await until(async () => (await ada.name()) === 'Ada Lovelace');
});

test('a talk goes on with who takes another name, and says so', async () => {
  const [ada, bob] = await talk();
  await bob.rename('Robert');
  await ada.get('.note').filter({ hasText: 'Bob is now Robert.' }).waitFor();
  await goOn(ada, bob, 'Robert');
});

test('a talk goes on with who reloads the page', async () => {
  const [ada, bob] = await talk();
  await bob.page.reload();
  await bob.online();
  await ada.get('.note').filter({ hasText: 'Bob is back.' }).waitFor();
  await goOn(ada, bob);
});

test('a talk goes on when each was away while the other came back, again and again', async () => {
  const [ada, bob] = await talk();
  for (let n = 0; n < 2; n++) {
    await awayWhile(ada, () => drop(bob));
    await awayWhile(bob, () => drop(ada));
  }
  await goOn(ada, bob);
});

test('three people lose their connections in turn, and their talks go on', async () => {
  const names = ['Ada', 'Bob', 'Eve'];
  const people = [await visit('Ada'), await visit('Bob'), await visit('Eve')];
  const all = async () => {
    for (const person of people) await person.seesMembers(...names.filter((name) => name !== person.chosen));
  };
  await all();
  const [ada, bob, eve] = people;
  const say = async (from, to, text) => {
    await from.open(to.chosen);
    await from.say(text);
    await to.open(from.chosen);
    await to.sees(text);
  };
  await say(ada, bob, 'Ada to Bob, one');
  await say(bob, eve, 'Bob to Eve, one');
  for (const person of people) {
    await person.reconnect(stack);
    await all();
  }
  await say(bob, ada, 'Bob to Ada, two');
  assert.deepEqual(await ada.texts(), ['Ada to Bob, one', 'Bob to Ada, two']);
  await say(eve, bob, 'Eve to Bob, two');
  assert.deepEqual(await bob.texts(), ['Bob to Eve, one', 'Eve to Bob, two']);
});

test('two tabs are two people, and a copied tab is the same person twice', async () => {
  const [ada, bob] = await talk();
  const kept = await bob.page.evaluate(() => sessionStorage.roomkey);
  const other = await visit();
  await ada.seesMembers('Bob', await other.name());
  const copy = await visit('', { prepare: (page) => page.addInitScript((text) => { sessionStorage.roomkey ??= text; }, kept) });
  await until(async () => (await copy.name()) === 'Bob');
  await ada.seesMembers('Bob', await other.name());
  await ada.say('To both of you');
  for (const tab of [bob, copy]) {
    await tab.open('Ada');
    await tab.sees('To both of you');
  }
  present = present.filter((person) => person !== copy);
  await copy.leave();
  await ada.say('To the one');
  await bob.sees('To the one');
});

test('a private thread says that the other has left, and takes nothing more', async () => {
  const [ada, bob] = [await visit(), await visit()];
  const name = await bob.name();
  await ada.open(name);
  await ada.say('Are you there?');
  await bob.get('.badge').filter({ hasText: '1' }).waitFor();
  present = [ada];
  await bob.leave();
  await ada.get('.note').filter({ hasText: `${name} has left.` }).waitFor();
  assert.equal(await ada.get('textarea').isDisabled(), true);
  assert.equal(await ada.get('.aside').textContent(), `${name} has left.`);
  await ada.get('.gone-list').getByText(name).waitFor();
});

test('who shows what another showed is somebody else', async () => {
  const [ada, bob] = await talk();
  const said = bob.sent.findLast((frame) => frame.includes('"handshake"'));
  const shown = ada.frames.findLast((frame) => frame.includes('"authData"') && frame.includes('"Bob"'));
  const clientData = JSON.parse(said).client_data;
  present = [ada];
  await bob.leave();
  await ada.get('.note').filter({ hasText: 'Bob has left.' }).waitFor();
  const { authData: { id, ...look } } = [JSON.parse(shown).data].flat().find(({ authData }) => authData.name === 'Bob');
  // Also to who was away meanwhile.
  let eve;
  await awayWhile(ada, async () => {
    eve = await Guest.visit(stack, { clientData: clientData ?? { id, ...look }, data: look });
  });
  await ada.seesMembers('Bob');
  eve.publish({ text: 'It is me, Bob', id, name: 'Bob' }, `private-room-${ada.clientId}`);
  await ada.get('.members-list .badge').filter({ hasText: '1' }).waitFor();
  assert.equal(await ada.get('textarea').isDisabled(), true, 'the thread is of who has left');
  assert.deepEqual(await ada.texts(), ['Between us', 'I hear you']);
  assert.ok(!ada.frames.some((frame) => frame.includes('eyJ')), 'no token of another ever reaches a page');
  await eve.leave();
});

test('after a change of the secret, people are new but keep the names that they chose', async () => {
  const [ada, bob] = await talk();
  const before = [ada.clientId, bob.clientId];
  await stack.rotateSecret();
  await Promise.all([joined(ada, before[0]), joined(bob, before[1])]);
  await ada.get('.note').filter({ hasText: 'Bob has left.' }).waitFor();
  await ada.seesMembers('Bob');
  await until(async () => (await ada.name()) === 'Ada');
  assert.equal(await ada.get('textarea').isDisabled(), true, 'nothing proves that this is the Bob of before');
  await ada.open('Bob');
  await ada.say('Hello again');
  await bob.open('Ada');
  await bob.sees('Hello again');
});
