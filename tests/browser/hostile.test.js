// SPDX-License-Identifier: MIT
// Nothing that another person sends can run, style, break or forge anything here.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { Guest } from './guest.js';
import { launch, Person, until } from './person.js';
import { startStack } from './stack.js';

const markup = '<img src=x onerror="window.broken=1"><script>window.broken=1</script><style>*{display:none}</style>';

let browser;
let stack;
let ada;

before(async () => {
  stack = await startStack({ policy: 'chat', history: true, rooms: [{ name: 'observable-room', title: 'Public room', history: 50 }] });
  browser = await launch();
  ada = await (await Person.visit(browser, stack)).online();
});

afterEach(() => ada.hadNoComplaint());

after(async () => {
  await browser?.close();
  await stack?.stop();
});

const intruder = (data) => Guest.visit(stack, { data, clientData: data });

async function staysWhole() {
  assert.equal(await ada.page.evaluate(() => window.broken), undefined);
  assert.equal(await ada.get('.messages img, .messages script, .messages style, nav img, nav script').count(), 0);
  assert.equal(await ada.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
  await ada.say('Still well');
  await ada.message('Still well').last().waitFor();
}

test('names are text, flat, short and visible', async () => {
  const names = [markup, '\u202egnol\u202c\nname', 'n'.repeat(5000), '\u200b', '\u3164\u3164', 'Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞'];
  const people = await Promise.all(names.map((name) => intruder({ name })));
  await until(async () => (await ada.members()).length === names.length);
  const shown = await ada.members();
  assert.ok(shown.every((name) => /[^\s\p{DI}]/u.test(name) && [...name].length <= 80 && !/[\u202e\n]/.test(name)));
  assert.ok(shown.some((name) => name.startsWith('<img src=x onerror=')));
  for (const [at, person] of people.entries()) {
    person.publish(`I am number ${at}`);
    await ada.sees(`I am number ${at}`);
  }
  const boxes = await ada.get('.message .head').evaluateAll((heads) => heads.map((head) => head.offsetHeight));
  assert.ok(boxes.every((height) => height < 40));
  await staysWhole();
  await Promise.all(people.map((person) => person.leave()));
});

/** Every type of JSON, small and large, and what has stopped pages before. */
const values = [
  null, true, 0, -1, 1e308, '', 'text', 'x'.repeat(40_000), '\u202e\u0000\ud800', 'red;display:none', 'url(https://evil.example/x)', '#12345', '#1234567',
  [], ['#123456'], Array(15_000).fill(0), {}, { toString: 0 }, { toString: 0, valueOf: 0 }, { length: -1 }, { then: 1 },
  JSON.parse('{"__proto__": {"broken": 1}}'), { constructor: { prototype: { broken: 1 } } }, JSON.parse('['.repeat(90) + ']'.repeat(90)),
];

test('no JSON in any field stops anything: as a member, as a message, in the history, for newcomers, over reconnects', async () => {
  const shown = values.flatMap((value) => [value, { name: value }, { color: value }, { id: value, name: 'Nil' }]);
  const guests = await Promise.all(shown.map(intruder));
  await until(async () => (await ada.members()).length >= 60);
  for (const value of values) {
    for (const message of [value, { text: value }, { text: 'Look', name: value }, { text: 'Look', color: value }, { text: 'Look', name: 'Nil', color: value }, { typing: value }]) {
      guests[0].publish(message);
    }
  }
  guests[0].publish('the last one');
  // The newest 50 make the history, all kinds once more from somebody whom no newcomer has met.
  const stranger = await Guest.visit(stack, { room: 'elsewhere' });
  for (const value of values) for (const field of ['text', 'name', 'color', 'typing']) stranger.publish({ text: 'Gone', [field]: value });
  await stranger.leave();
  await ada.sees('the last one');
  await staysWhole();
  const bob = await (await Person.visit(browser, stack, { breaks: true })).online();
  await bob.sees('Gone');
  await bob.say('I am new here');
  await ada.sees('I am new here');
  for (const person of [ada, bob]) {
    await person.reconnect(stack);
    await until(async () => (await person.members()).length >= 60);
    await person.say('Here again');
    await person.message('Here again').last().waitFor();
  }
  const styles = await ada.get('[style]').evaluateAll((nodes) => nodes.map((node) => node.getAttribute('style')));
  assert.ok(styles.every((style) => /^(color: oklch\(from (#[0-9a-f]{6}|rgb\([\d, ]+\)) var\(--names\) [^;]+;)?$/.test(style)), styles.join());
  const longest = await ada.get('.message .text').evaluateAll((all) => Math.max(...all.filter(({ textContent }) => /^[[{]/.test(textContent)).map(({ textContent }) => textContent.length)));
  assert.ok(longest <= 2000, `${longest} characters of JSON`);
  assert.equal(await ada.page.evaluate(() => ({}).broken), undefined);
  await staysWhole();
  await bob.leave();
  await Promise.all(guests.map((guest) => guest.leave()));
});

test('one item that cannot be shown is left out, and noted, and the others are shown', async () => {
  const bob = await (await Person.visit(browser, stack, {
    prepare: (page) => page.addInitScript(() => {
      const { toISOString } = Date.prototype;
      // Each third message is one that a fault of the page's own makes impossible.
      let count = 0;
      Date.prototype.toISOString = function () {
        if (++count === 2) throw new Error('broken for a test');
        return toISOString.call(this);
      };
    }),
  })).online();
  await until(() => bob.complaints.length === 1);
  assert.match(bob.complaints.pop(), /^console: Left out: Error: broken for a test/);
  await bob.say('Still well');
  await bob.message('Still well').last().waitFor();
  await bob.leave();
});

test('messages are text, whatever JSON they are', async () => {
  const eve = await intruder({ name: 'Eve' });
  const deep = JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`);
  for (const message of [
    markup,
    { text: markup, name: markup, color: 'red' },
    { text: { toString: 'x' }, typing: 'yes' },
    { __proto__: null, constructor: { prototype: { broken: 1 } } },
    [markup], 0.5, true, deep,
    'javascript:alert(1) https://example.org/"onclick="window.broken=1 http://[::1',
  ]) eve.publish(message);
  eve.publish('the last one');
  await ada.sees('the last one');
  await ada.message('0.5').waitFor();
  const links = await ada.message('javascript:alert(1)').locator('a').evaluateAll((all) => all.map(({ href, rel, target }) => ({ href, rel, target })));
  assert.deepEqual(links, [{ href: 'https://example.org/%22onclick=%22window.broken=1', rel: 'noopener noreferrer', target: '_blank' }]);
  assert.equal(await ada.page.evaluate(() => ({}).broken), undefined);
  await staysWhole();
  await eve.leave();
});

test('no text turns the address of a link around, and no link poses as another', async () => {
  const eve = await intruder({ name: 'Eve' });
  eve.publish('\u202eturned https://example.org/exe.gpj');
  eve.publish('to the bank: https://bank.example@evil.example/');
  const link = ada.message('turned').locator('a');
  await link.waitFor();
  assert.ok(await link.evaluate(({ firstChild: text }) => {
    const left = (at) => {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect().left;
    };
    return left(0) < left(5) && left(5) < left(text.length - 1);
  }), 'it reads from left to right');
  await ada.sees('to the bank');
  assert.equal(await ada.message('to the bank').locator('a').count(), 0);
  await staysWhole();
  await eve.leave();
});

test('a long text takes a part of the screen, and can be read in full, by keyboard too', async () => {
  const eve = await intruder({ name: 'Eve' });
  eve.publish(`start ${'x'.repeat(50_000)} end`);
  const text = ada.message('start').locator('.text');
  await text.waitFor();
  assert.ok(await text.evaluate((node) => node.offsetHeight < 400 && node.scrollHeight > 5000));
  await text.press('End');
  await until(() => text.evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight < 2));
  await staysWhole();
  await eve.leave();
});

test('nobody speaks for the server, or for somebody who is here', async () => {
  const name = await ada.name();
  const eve = await intruder({ name });
  eve.publish({ text: 'I am Ada, honestly', name, color: '#000000' });
  eve.publish({ text: 'I am the server', name: 'Server' }, `private-room-${ada.clientId}`);
  await ada.sees('I am Ada, honestly');
  assert.equal(await ada.message('I am Ada, honestly').evaluate((node) => node.matches('.mine, .server')), false);
  const [label] = await ada.members();
  assert.match(label, new RegExp(`^${name} · .+`), 'two of the same name are told apart');
  await ada.get('.members-list .badge').filter({ hasText: '1' }).waitFor();
  assert.equal(await ada.message('I am the server').count(), 0, 'it is in the thread with its author');
  await eve.leave();
});

test('a thousand messages in a burst leave the newest 500, in order, and a page that answers', async () => {
  const eve = await intruder({ name: 'Eve' });
  for (let n = 1; n <= 1000; n++) eve.publish(`burst ${n}.`);
  await ada.sees('burst 1000.');
  const texts = await ada.texts();
  assert.deepEqual(texts, Array.from({ length: 500 }, (_, at) => `burst ${at + 501}.`));
  assert.equal(await ada.get('.messages').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 40), true);
  await staysWhole();
  await eve.leave();
});

test('a flood of messages leaves the page answering, and the newest messages', async (context) => {
  const eve = await intruder({ name: 'Eve' });
  await ada.page.evaluate(() => {
    window.delays = [];
    // How long a click would wait: a task of its own, asked for each 20 ms.
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = ({ data }) => window.delays.push(performance.now() - data);
    window.probe = setInterval(() => port1.postMessage(performance.now()), 20);
  });
  const seconds = Number(process.env.FLOOD_SECONDS ?? 2);
  const began = performance.now();
  let count = 0;
  while (performance.now() - began < seconds * 1000) {
    for (const due = (performance.now() - began) / 2; count < due; count++) eve.publish(`flood ${count}.`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
  await ada.sees(`flood ${count - 1}.`);
  const delays = await ada.page.evaluate(() => {
    clearInterval(window.probe);
    return window.delays.sort((a, b) => a - b);
  });
  const at = (share) => Math.round(delays[Math.floor((delays.length - 1) * share)]);
  context.diagnostic(`${count} messages; a click waits ${at(0.5)} ms (median), ${at(0.99)} ms (99 %), ${at(1)} ms at most`);
  // On a quiet machine the worst is under 100 ms; a busy one takes its time from the page as well.
  assert.ok(at(0.5) < 100, `median ${at(0.5)} ms`);
  await ada.say('Through the flood');
  await ada.message('Through the flood').waitFor();
  await eve.leave();
});

test('the policy of the page forbids what the page never does', async () => {
  const policy = (await ada.page.request.get(stack.url)).headers()['content-security-policy'];
  assert.match(policy, /default-src 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  await ada.page.evaluate(() => {
    const inline = document.createElement('script');
    inline.textContent = 'window.broken = 1';
    document.body.append(inline);
  });
  assert.equal(await ada.page.evaluate(() => window.broken), undefined);
  // It complains: the watch over the page works.
  await until(() => ada.complaints.some((text) => text.startsWith('CSP: script-src')));
  ada.complaints.length = 0;
});
