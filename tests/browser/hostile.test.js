// SPDX-License-Identifier: MIT
// Nothing that another person sends can run, style, break or forge anything here.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { launch, Person, until } from './person.js';
import { startStack } from './stack.js';

const markup = '<img src=x onerror="window.broken=1"><script>window.broken=1</script><style>*{display:none}</style>';

let browser;
let stack;
let ada;

before(async () => {
  stack = await startStack();
  browser = await launch();
  ada = await (await Person.visit(browser, stack)).online();
});

afterEach(() => ada.hadNoComplaint());

after(async () => {
  await browser?.close();
  await stack?.stop();
});

/** Visits with any clientData instead of the page's own. */
async function intruder(claims) {
  const person = await Person.visit(browser, stack, {
    prepare: (page) => page.addInitScript((data) => {
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function (text) {
        const frame = JSON.parse(text);
        if (frame.type === 'handshake') frame.client_data = data;
        window.socket = this;
        return send.call(this, JSON.stringify(frame));
      };
    }, claims),
  });
  return person.online();
}

/** Sends any message, as a page of the intruder's own would. */
function publish(person, room, message) {
  return person.page.evaluate((frame) => window.socket.send(frame), JSON.stringify({ type: 'publish', room, message }));
}

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
    await person.say(`I am number ${at}`);
    await ada.sees(`I am number ${at}`);
  }
  const boxes = await ada.get('.message .head').evaluateAll((heads) => heads.map((head) => head.offsetHeight));
  assert.ok(boxes.every((height) => height < 40));
  await staysWhole();
  await Promise.all(people.map((person) => person.leave()));
});

test('claims that are no objects, and colours that are no colours, are passed over', async () => {
  const claims = ['text', 7, [1], { name: 7, color: 'red;display:none' }, { name: 'Nil', color: 'url(https://evil.example/x)' }, { name: 'Obj', color: {} }];
  const people = await Promise.all(claims.map(intruder));
  await until(async () => (await ada.members()).length === claims.length);
  const styles = await ada.get('.members-list button').evaluateAll((nodes) => nodes.map((node) => node.getAttribute('style') ?? ''));
  assert.ok(styles.every((style) => /^(color: oklch\(from (#[0-9a-f]{6}|rgb\([\d, ]+\)) var\(--names\) [^;]+;)?$/.test(style)), styles.join());
  await staysWhole();
  await Promise.all(people.map((person) => person.leave()));
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
  ]) await publish(eve, 'observable-room', message);
  await publish(eve, 'observable-room', 'the last one');
  await ada.sees('the last one');
  await ada.message('0.5').waitFor();
  const links = await ada.get('.messages a').evaluateAll((all) => all.map(({ href, rel, target }) => ({ href, rel, target })));
  assert.deepEqual(links, [{ href: 'https://example.org/%22onclick=%22window.broken=1', rel: 'noopener noreferrer', target: '_blank' }]);
  assert.equal(await ada.page.evaluate(() => ({}).broken), undefined);
  await staysWhole();
  await eve.leave();
});

test('no text turns the address of a link around, and no link poses as another', async () => {
  const eve = await intruder({ name: 'Eve' });
  await publish(eve, 'observable-room', '\u202eturned https://example.org/exe.gpj');
  await publish(eve, 'observable-room', 'to the bank: https://bank.example@evil.example/');
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
  await publish(eve, 'observable-room', `start ${'x'.repeat(50_000)} end`);
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
  await publish(eve, 'observable-room', { text: 'I am Ada, honestly', name, color: '#000000' });
  await publish(eve, `private-room-${ada.clientId}`, { text: 'I am the server', name: 'Server' });
  await ada.sees('I am Ada, honestly');
  assert.equal(await ada.message('I am Ada, honestly').evaluate((node) => node.matches('.mine, .server')), false);
  const [label] = await ada.members();
  assert.match(label, new RegExp(`^${name} · .+`), 'two of the same name are told apart');
  await ada.get('.members-list .badge').filter({ hasText: '1' }).waitFor();
  assert.equal(await ada.message('I am the server').count(), 0, 'it is in the thread with its author');
  await eve.leave();
});

test('a thread is not taken over by a copy of what its other side showed', async () => {
  const bob = await (await Person.visit(browser, stack)).online();
  await bob.rename('Bob');
  await ada.seesMembers('Bob');
  await bob.open(await ada.name());
  await bob.say('Between us');
  await ada.open('Bob');
  await ada.sees('Between us');
  const handshake = bob.sent.findLast((frame) => frame.includes('"handshake"'));
  const eve = await intruder(JSON.parse(handshake).client_data);
  await until(async () => (await ada.members()).length === 2);
  await bob.leave();
  await ada.get('.note').filter({ hasText: 'Bob has left.' }).waitFor();
  // Everything that could move the thread has happened when a later message is here.
  await eve.say('A later message');
  await until(async () => (await ada.get('.rooms .badge').textContent()) === '1');
  assert.equal(await ada.get('textarea').isDisabled(), true);
  assert.equal(await ada.get('.note').filter({ hasText: 'is back' }).count(), 0);
  await ada.open('Public room');
  await eve.leave();
});

test('a thousand messages in a burst leave the newest 500, in order, and a page that answers', async () => {
  const eve = await intruder({ name: 'Eve' });
  await eve.page.evaluate(() => {
    for (let n = 1; n <= 1000; n++) {
      window.socket.send(JSON.stringify({ type: 'publish', room: 'observable-room', message: `burst ${n}.` }));
    }
  });
  await ada.sees('burst 1000.');
  const texts = await ada.texts();
  assert.deepEqual(texts, Array.from({ length: 500 }, (_, at) => `burst ${at + 501}.`));
  assert.equal(await ada.get('.messages').evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight < 40), true);
  await staysWhole();
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
