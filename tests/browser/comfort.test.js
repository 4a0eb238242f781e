// SPDX-License-Identifier: MIT
// What people expect of a good small chat, in a channel with a history and three rooms, one of
// which is not open to them.

import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { after, afterEach, before, test } from 'node:test';

import { launch, Person, until } from './person.js';
import { startStack } from './stack.js';

const rooms = [
  { name: 'observable-room', title: 'Public room' },
  { name: 'observable-archive', title: 'Archive', history: 50 },
  { name: 'observable-secret', title: 'Secret' },
];

let browser;
let stack;
let present = [];

before(async () => {
  stack = await startStack({ policy: 'chat', rooms, history: true });
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
  const person = await (await Person.visit(browser, stack, options)).online();
  present.push(person);
  if (name) await person.rename(name);
  return person;
}

/** Makes the page believe that it cannot be seen, or that it can. */
function hide(person, hidden) {
  return person.page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}

test('a first visit loads less than 30 KB of ours and shows the room with less than a second of work', async (t) => {
  const folder = new URL('../../static/', import.meta.url);
  const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(new URL(name, folder))).size));
  assert.ok(sizes.reduce((sum, size) => sum + size) < 30 * 1024);
  // Processor time, as elapsed time tells of what else the machine does.
  let profiler;
  const ada = await visit('', {
    measured: true,
    prepare: async (page) => {
      profiler = await page.context().newCDPSession(page);
      await profiler.send('Performance.enable', { timeDomain: 'threadTicks' });
    },
  });
  await ada.page.waitForSelector('.message-form button:enabled');
  const { metrics } = await profiler.send('Performance.getMetrics');
  const { value: work } = metrics.find(({ name }) => name === 'TaskDuration');
  t.diagnostic(`${(1000 * work).toFixed(0)} ms of work`);
  assert.ok(work > 0 && work < 1, `${work} s`);
  const loaded = await ada.page.evaluate(() => ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type))
    .filter(({ name }) => !/scaledrone|auth$/.test(name)).map(({ name, decodedBodySize }) => [name, decodedBodySize]));
  assert.ok(loaded.reduce((sum, [, size]) => sum + size, 0) < 30 * 1024, loaded.join('\n'));
  const files = loaded.map(([name]) => name.slice(stack.url.length) || 'index.html');
  assert.ok(files.includes('view.js'), 'what was loaded is seen');
});

test('unread messages are counted for each room, in the title, and not where somebody looks', async () => {
  const [ada, bob] = [await visit('Ada'), await visit('Bob')];
  await bob.say('In public');
  await bob.open('Archive');
  await bob.say('For the archive');
  await bob.say('More for the archive');
  await ada.get('.rooms .badge').filter({ hasText: '2' }).waitFor();
  assert.equal(await ada.page.title(), '(2) Public room');
  await hide(ada, true);
  await bob.open('Public room');
  await bob.say('Behind the back');
  await until(async () => (await ada.page.title()) === '(3) Public room');
  await hide(ada, false);
  await until(async () => (await ada.page.title()) === '(2) Public room');
  await ada.open('Archive');
  await until(async () => (await ada.page.title()) === 'Archive');
});

test('a page that opens behind another tab counts what is said there', async () => {
  const ada = await visit('', {
    prepare: (page) => page.addInitScript(() => Object.defineProperty(document, 'hidden', { value: true, configurable: true })),
  });
  await stack.publish('observable-room', 'Said meanwhile');
  await until(async () => (await ada.page.title()) === '(1) Public room');
});

test('a badge says to a screen reader what it counts', async () => {
  const [ada, bob] = [await visit('Ada'), await visit('Bob')];
  await bob.open('Ada');
  await bob.say('Psst');
  await ada.page.getByRole('button', { name: 'Bob 1 unread', exact: true }).waitFor();
});

test('typing is shown while it lasts, and ends with the message', async () => {
  const [ada, bob] = [await visit('Ada'), await visit('Bob')];
  await bob.seesMembers('Ada');
  await ada.get('textarea').pressSequentially('He');
  await bob.get('.aside').filter({ hasText: 'Ada typing…' }).waitFor();
  await ada.get('textarea').press('Enter');
  await bob.sees('He');
  await bob.get('.aside').filter({ hasNotText: /./ }).waitFor({ state: 'attached' });
  await ada.get('textarea').pressSequentially('And');
  await bob.get('.aside').filter({ hasText: 'Ada typing…' }).waitFor();
  await bob.page.clock.fastForward(8000);
  await bob.get('.aside').filter({ hasNotText: /./ }).waitFor({ state: 'attached' });
});

test('nobody is told of typing where a history would keep it', async () => {
  const ada = await visit('Ada');
  await ada.open('Archive');
  await ada.get('textarea').pressSequentially('Quiet');
  await ada.get('textarea').press('Enter');
  await ada.sees('Quiet');
  assert.ok(!ada.sent.some((frame) => frame.includes('typing')));
});

test('Enter sends, Shift+Enter makes a new line, and Enter of an input method does neither', async () => {
  const ada = await visit();
  const input = ada.get('textarea');
  await input.fill('one');
  await input.press('Shift+Enter');
  await input.pressSequentially('two');
  for (const composing of [{ isComposing: true }, { keyCode: 229 }]) {
    await input.evaluate((node, init) => {
      node.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...init }));
    }, composing);
  }
  assert.equal(await input.inputValue(), 'one\ntwo');
  assert.ok(await input.evaluate((node) => node.offsetHeight > 55), 'it grows with the text');
  await input.press('Enter');
  await ada.sees('one');
  assert.deepEqual((await ada.texts()).filter((text) => text.startsWith('one')), ['one\ntwo']);
  await input.fill('   \n ');
  await input.press('Enter');
  await ada.say('The last');
  await ada.sees('The last');
  assert.ok(!(await ada.texts()).some((text) => !text.trim()));
});

test('Enter in a real composition chooses a word and sends nothing', async () => {
  const ada = await visit();
  await ada.get('textarea').focus();
  const devtools = await ada.context.newCDPSession(ada.page);
  await devtools.send('Input.imeSetComposition', { text: 'にほん', selectionStart: 3, selectionEnd: 3 });
  assert.equal(await ada.get('textarea').inputValue(), 'にほん');
  await ada.page.evaluate(() => addEventListener('keydown', ({ key, isComposing }) => (window.pressed = { key, isComposing })));
  await ada.page.keyboard.press('Enter');
  assert.deepEqual(await ada.page.evaluate(() => window.pressed), { key: 'Enter', isComposing: true });
  await devtools.send('Input.insertText', { text: '日本' });
  assert.equal((await ada.get('textarea').inputValue()).trim(), '日本');
  await ada.page.keyboard.press('Enter');
  await ada.sees('日本');
  assert.ok(!ada.sent.some((frame) => frame.includes('にほん')));
});

test('the log stays at the end, and where one reads; a button leads to what is new', async () => {
  const ada = await visit();
  const log = ada.get('.messages');
  const fromEnd = () => log.evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight);
  for (let n = 1; n <= 40; n++) await stack.publish('observable-room', `line ${n}.`);
  await ada.sees('line 40.');
  await until(async () => (await fromEnd()) < 2);
  await log.evaluate((node) => node.scrollTo(0, 0));
  await stack.publish('observable-room', 'unseen');
  const button = ada.get('.to-end');
  await button.waitFor();
  assert.equal(await log.evaluate((node) => node.scrollTop), 0);
  await button.click();
  await until(async () => (await fromEnd()) < 2);
  await button.waitFor({ state: 'hidden' });

  // In another room, nothing of this is left; and who speaks sees what was said.
  await log.evaluate((node) => node.scrollTo(0, 0));
  await stack.publish('observable-room', 'unseen again');
  await button.waitFor();
  await ada.open('Secret');
  await button.waitFor({ state: 'hidden' });
  await ada.open('Public room');
  await log.evaluate((node) => node.scrollTo(0, 0));
  await stack.publish('observable-room', 'unseen once more');
  await button.waitFor();
  await ada.say('I speak');
  await ada.sees('I speak');
  await until(async () => (await fromEnd()) < 2);
  await button.waitFor({ state: 'hidden' });
});

test('Escape leads from anywhere to the newest message and the input, and leaves the name as it is', async () => {
  const ada = await visit('Ada');
  for (let n = 1; n <= 40; n++) await stack.publish('observable-room', `row ${n}.`);
  await ada.sees('row 40.');
  const log = ada.get('.messages');
  await log.evaluate((node) => node.scrollTo(0, 0));
  await stack.publish('observable-room', 'the newest');
  await ada.get('.to-end').waitFor();
  await ada.get('.me .name').fill('Half a na');
  await ada.page.keyboard.press('Escape');
  await ada.get('.to-end').waitFor({ state: 'hidden' });
  assert.ok(await log.evaluate((node) => node.scrollHeight - node.scrollTop - node.clientHeight < 2));
  assert.equal(await ada.page.evaluate(() => document.activeElement.tagName), 'TEXTAREA');
  assert.equal(await ada.name(), 'Ada');
  await ada.say('Still the same');
  await ada.sees('Still the same');
  assert.equal(await ada.message('Still the same').locator('.member').textContent(), 'Ada');
});

/** Lets the service say of each message that it is so many days old. */
const agedBy = (days) => (page) => page.routeWebSocket('**/v3/websocket', (socket) => {
  socket.connectToServer().onMessage((text) => {
    const frame = JSON.parse(text);
    if (frame.type === 'publish') frame.timestamp -= 86_400 * days(frame);
    socket.send(JSON.stringify(frame));
  });
});

test('every message has a time, and every day a heading', async () => {
  let day = 3;
  const ada = await visit('Ada', {
    locale: 'en-GB',
    prepare: agedBy(() => day--),
  });
  for (const text of ['three days ago', 'two days ago', 'yesterday', 'today']) {
    await stack.publish('observable-room', text);
    await ada.sees(text);
  }
  const headings = await ada.get('.note').allTextContents();
  assert.equal(headings.length, 4);
  for (const heading of headings) assert.match(heading, /^\w+day,? \d+ \w+ \d{4}$/);
  for (const time of await ada.get('time').all()) {
    assert.match(await time.textContent(), /^\d\d:\d\d$/);
    assert.match(await time.getAttribute('datetime'), /^\d{4}-\d\d-\d\dT\d\d:\d\d/);
  }
});

test('where clocks differ, a day is not begun twice', async () => {
  const ada = await visit('Ada', {
    locale: 'en-GB',
    prepare: agedBy(({message}) => (message.includes?.('back') ? 1 : 0)),
  });
  for (const text of ['today', 'a day back', 'today again', 'another day back']) {
    await stack.publish('observable-room', text);
    await ada.sees(text);
  }
  assert.deepEqual(await ada.texts(), ['today', 'a day back', 'today again', 'another day back']);
  assert.equal(await ada.get('.note').count(), 1);
});

test('a newcomer reads the history, with the names of those who have left', async () => {
  const ada = await visit('Ada');
  await ada.open('Archive');
  await ada.say('Said before');
  await ada.sees('Said before');
  present = [];
  await ada.leave();
  const bob = await visit('Bob');
  await bob.open('Archive');
  await bob.sees('Said before');
  assert.equal(await bob.message('Said before').last().locator('.member').textContent(), 'Ada');
  assert.equal(await bob.page.title(), 'Archive');
});

test('after an interruption, the history fills the gap, without doubles', async () => {
  const [ada, bob] = [await visit('Ada'), await visit('Bob', { breaks: true })];
  await ada.open('Archive');
  await bob.open('Archive');
  await ada.say('Before the gap');
  await bob.sees('Before the gap');
  await bob.context.setOffline(true);
  await until(() => bob.get('form button').isDisabled());
  await ada.say('In the gap');
  await ada.sees('In the gap');
  await bob.context.setOffline(false);
  await bob.sees('In the gap');
  await bob.online();
  await bob.say('After the gap');
  await bob.sees('After the gap');
  assert.deepEqual((await bob.texts()).slice(-3), ['Before the gap', 'In the gap', 'After the gap']);
  await ada.reconnect(stack);
  await ada.say('And once more');
  await ada.sees('And once more');
  assert.deepEqual((await ada.texts()).slice(-4), ['Before the gap', 'In the gap', 'After the gap', 'And once more']);
});

test('a room that is not open says so, and the others work', async () => {
  const ada = await visit();
  await ada.open('Secret');
  assert.equal(await ada.get('.aside').textContent(), 'You are not let in. The chat service says: Unauthorized');
  assert.equal(await ada.get('textarea').isDisabled(), true);
  await ada.open('Archive');
  assert.equal(await ada.get('textarea').isDisabled(), false);
});

test('what one has begun to write waits in its room', async () => {
  const ada = await visit();
  await ada.get('textarea').fill('Half a thou');
  await ada.open('Archive');
  assert.equal(await ada.get('textarea').inputValue(), '');
  await ada.open('Public room');
  assert.equal(await ada.get('textarea').inputValue(), 'Half a thou');
});

test('what a click chose is in force before anything else can happen', async () => {
  const [ada, bob, eve] = [await visit('Ada'), await visit('Bob'), await visit('Eve')];
  await ada.seesMembers('Bob', 'Eve');
  await ada.get('textarea').fill('Half a thou');
  // A click and what follows it, in one task: no timer, no frame between them.
  const [title, draft, back] = await ada.page.evaluate(() => {
    const entry = (name) => [...document.querySelectorAll('nav button')].find((node) => node.textContent.startsWith(name));
    const input = document.querySelector('textarea');
    const say = (text) => {
      input.value = text;
      input.dispatchEvent(new InputEvent('input', { bubbles: true }));
      input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    };
    entry('Bob').click();
    const then = [document.querySelector('.chat-title').textContent, input.value];
    say('For Bob alone');
    entry('Eve').click();
    say('For Eve alone');
    entry('Public room').click();
    return [...then, input.value];
  });
  assert.deepEqual([title, draft, back], ['Bob', '', 'Half a thou']);
  await bob.open('Ada');
  await bob.sees('For Bob alone');
  await eve.open('Ada');
  await eve.sees('For Eve alone');
  const publics = ada.sent.filter((frame) => frame.includes('"room":"observable-room"') && frame.includes('alone'));
  assert.deepEqual(publics, []);
  assert.ok(!eve.frames.some((frame) => frame.includes('For Bob')) && !bob.frames.some((frame) => frame.includes('For Eve')));
});

test('nobody can ask for a name where names are given', async () => {
  const ada = await visit('', { prepare: (page) => page.route('**/config.json', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ json: { ...(await response.json()), names: 'signed' } });
  }) });
  assert.equal(await ada.get('.me .name').isDisabled(), true);
});

test('everything can be done with the keyboard alone', async () => {
  const [ada, bob] = [await visit('Ada'), await visit('Bob')];
  await ada.seesMembers('Bob');
  const { keyboard } = ada.page;
  const focused = () => ada.page.evaluate(() => document.activeElement.textContent || document.activeElement.tagName);
  for (let n = 0; n < 20 && (await focused()) !== 'Bob'; n++) {
    await keyboard.press('Tab');
    assert.ok(await ada.page.evaluate(() => document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== 'none'), 'the focus can be seen');
  }
  await keyboard.press('Enter');
  await ada.get('.chat-title').filter({ hasText: 'Bob' }).waitFor();
  await keyboard.type('Typed without a mouse');
  await keyboard.press('Enter');
  await bob.get('.members-list .badge').filter({ hasText: '1' }).waitFor();
  for (const [key, title] of [['ArrowUp', 'Secret'], ['ArrowUp', 'Archive'], ['ArrowDown', 'Secret'], ['ArrowDown', 'Bob'], ['ArrowDown', 'Public room'], ['ArrowUp', 'Bob']]) {
    await keyboard.press(`Alt+${key}`);
    await ada.get('.chat-title').filter({ hasText: title }).waitFor();
  }
});

test('the page fits a phone: nothing to the side, targets for fingers, no zoom on focus', async () => {
  const phone = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };
  const [ada, bob] = [await visit('Ada', phone), await visit('Bob')];
  await ada.seesMembers('Bob');
  await bob.say('w'.repeat(200));
  await ada.message('www').waitFor();
  const narrow = await ada.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  assert.ok(narrow);
  // Many people are a row to swipe; who is chosen is in view.
  for (let n = 0; n < 5; n++) await visit(`Person number ${n} with quite a long name`);
  await ada.seesMembers('Bob', ...[0, 1, 2, 3, 4].map((n) => `Person number ${n} with quite a long name`));
  await ada.open('Person number 4');
  const entry = ada.get('[aria-current=true]');
  assert.ok(await entry.evaluate((node) => node.getBoundingClientRect().right <= innerWidth && node.offsetWidth < 200));
  await ada.open('Public room');
  assert.ok(await entry.evaluate((node) => node.getBoundingClientRect().left >= 0));
  const small = await ada.get('button:visible, input, textarea').evaluateAll((all) => all
    .filter((node) => node.offsetHeight < 44 || parseFloat(getComputedStyle(node).fontSize) < 16)
    .map((node) => node.outerHTML));
  assert.deepEqual(small, []);
  await ada.get('.members-list button').first().tap();
  await ada.get('.chat-title').filter({ hasText: 'Bob' }).waitFor();
  assert.notEqual(await ada.page.evaluate(() => document.activeElement.tagName), 'TEXTAREA', 'no keyboard pops up');
  await ada.get('textarea').tap();
  await ada.say('From the phone');
  await bob.get('.members-list .badge').filter({ hasText: '1' }).waitFor();
});
