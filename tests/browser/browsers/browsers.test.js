// SPDX-License-Identifier: MIT
// One person in Chromium, one in Firefox and one in WebKitGTK, all in one chat.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { until } from '../person.js';
import { startStack } from '../stack.js';
import { chromium, firefox, webkit } from './drivers.js';

class Person {
  constructor(browser, name) {
    Object.assign(this, { browser, name });
  }

  /** The texts of all that `selector` finds. */
  texts(selector) {
    return this.browser.run((where) => [...document.querySelectorAll(where)].map((node) => node.textContent), selector);
  }

  async sees(selector, text) {
    let seen;
    await until(async () => (seen = await this.texts(selector)).includes(text)).catch(() => {
      throw new Error(`${this.name} does not see "${text}" in ${selector}, but ${JSON.stringify(seen)}`);
    });
  }

  /** Waits until the page knows who it is, and can send where it is. */
  online() {
    return until(() => this.browser.run(() => !document.querySelector('form button').disabled && document.querySelector('.me input').value !== ''));
  }

  /** Puts the focus there, with all that is in it chosen. */
  focus(selector) {
    return this.browser.run((where) => {
      document.querySelector(where).focus();
      document.querySelector(where).select();
    }, selector);
  }

  async rename(name) {
    this.name = name;
    await this.focus('.me input');
    await this.browser.type(`${name}\n`);
    await this.browser.run(() => document.activeElement.blur());
    await until(() => this.browser.run((wanted) => document.querySelector('.me input').value === wanted, name));
    await this.online();
  }

  async open(title) {
    await this.sees('nav button .name', title);
    await this.browser.run((name) => [...document.querySelectorAll('nav button')].find((node) => node.firstChild.textContent === name).click(), title);
    await this.sees('.chat-title', title);
  }

  async say(text) {
    await until(() => this.browser.run(() => !document.querySelector('form button').disabled));
    await this.focus('textarea');
    await this.browser.type(`${text}\n`);
    await this.sees('.message .text', text);
  }
}

let stack;
let people = [];

before(async () => {
  stack = await startStack({ policy: 'chat', history: true });
  for (const [start, name] of [[chromium, 'Clara'], [firefox, 'Felix'], [webkit, 'Wanda']]) {
    const person = new Person(await start(), name);
    people.push(person);
    await person.browser.open(stack.url);
    await person.online();
  }
});

after(async () => {
  for (const { browser } of people) await browser.close();
  await stack?.stop();
});

const others = (person) => people.filter((other) => other !== person);

async function seeEachOther() {
  for (const person of people) {
    for (const other of others(person)) await person.sees('.members-list .name', other.name);
    assert.equal((await person.texts('.members-list .name')).length, people.length - 1);
  }
}

test('each takes a name, and sees the others', async () => {
  for (const person of people) await person.rename(person.name);
  await seeEachOther();
});

test('what one says to all is seen by all, once', async () => {
  for (const person of people) {
    await person.say(`${person.name} says hello`);
    for (const other of others(person)) await other.sees('.message .text', `${person.name} says hello`);
  }
  for (const person of people) assert.deepEqual((await person.texts('.message .text')), people.map(({ name }) => `${name} says hello`));
});

const pairs = () => people.map((person, at) => [person, people[(at + 1) % people.length]]);

test('what one says to another is seen by that one alone', async () => {
  for (const [from, to] of pairs()) {
    await from.open(to.name);
    await from.say(`${from.name} to ${to.name}`);
    await to.sees('.members-list .badge', '1');
    await to.open(from.name);
    await to.sees('.message .text', `${from.name} to ${to.name}`);
    await to.open('Public room');
  }
  for (const person of people) {
    await person.open('Public room');
    assert.equal((await person.texts('.message .text')).length, people.length);
  }
});

test('after a lost connection all are who they were, and talks go on', async () => {
  const before = (await stack.connections()).map(({ client_id: id }) => id);
  await stack.control('drop');
  await until(async () => (await stack.connections()).filter(({ client_id: id, rooms }) => rooms.length === 2 && !before.includes(id)).length === people.length);
  await seeEachOther();
  for (const [from, to] of pairs()) {
    await to.open(from.name);
    await from.open(to.name);
    await from.say('Still there?');
    await to.sees('.message .text', 'Still there?');
    assert.deepEqual((await to.texts('.message .text')).filter((text) => text.includes(' to ')).includes(`${from.name} to ${to.name}`), true);
  }
});

test('a talk follows a new name', async () => {
  for (const [from, to] of pairs()) {
    await from.open('Public room');
    await to.open(from.name);
    const old = from.name;
    await from.rename(`${old} II`);
    await to.sees('.note', `${old} is now ${old} II.`);
    await to.sees('.chat-title', `${old} II`);
    await to.say('A fine name');
    await from.open(to.name);
    await from.sees('.message .text', 'A fine name');
  }
});

test('who leaves is gone for the others, and nobody else is', async () => {
  while (people.length > 1) {
    const [leaving, ...staying] = people;
    people = staying;
    await leaving.browser.close();
    for (const person of staying) {
      await person.sees('.gone-list .name', leaving.name);
      const left = others(person).map(({ name }) => name).sort();
      await until(async () => (await person.texts('.members-list .name')).sort().join() === left.join());
    }
  }
});
