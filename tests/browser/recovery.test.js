// SPDX-License-Identifier: MIT
// Whatever breaks, the page says so in words, and comes back by itself or at the press of a button.

import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { sign } from './guest.js';
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
  await stack.control('reset');
  const leaving = present;
  present = [];
  await Promise.all(leaving.map((person) => person.leave()));
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

async function visit(options) {
  const person = await Person.visit(browser, stack, { breaks: true, ...options });
  present.push(person);
  return person;
}

const visitOnline = async (options) => (await visit(options)).online();

const reply = (status, body, contentType = 'text/plain; charset=utf-8', headers = {}) => ({ status, body, contentType, headers });

const token = (clientId, claims = {}, key = undefined) => sign(clientId, claims, key);

const ids = async () => (await stack.connections()).map(({ client_id: id }) => id);

/** Waits for connections that were not there before, with good tokens. */
function newConnections(count, before) {
  return until(async () => {
    const all = await stack.connections();
    return all.filter(({ client_id: id, authenticated }) => authenticated && !before.includes(id)).length === count;
  });
}

/** Answers with tokens that `make(clientId)` gives. Returns how often it was asked, as `count`. */
async function answerTokens(page, make) {
  const asked = { count: 0 };
  await page.route('**/auth', async (route) => {
    asked.count++;
    const [, clientId] = /name="clientID"\r\n\r\n(\S+)/.exec(route.request().postData());
    await route.fulfill(reply(200, await make(clientId)));
  });
  return asked;
}

// --- The service goes away ---

for (const [how, order] of [
  ['is cut', ['drop']],
  ['is closed politely', ['close', { code: 1001 }]],
  ['is closed for a restart', ['close', { code: 1012, reason: 'restart' }]],
  ['is closed by a rule', ['close', { code: 1008, reason: 'quota exceeded' }]],
]) {
  test(`a connection that ${how} is replaced, with a new client id and a new token`, async () => {
    const [ada, bob] = [await visitOnline(), await visitOnline()];
    const [name, other] = [await ada.name(), await bob.name()];
    const before = await ids();
    await stack.control(...order);
    await newConnections(2, before);
    await ada.seesMembers(other);
    await bob.seesMembers(name);
    assert.equal(await ada.name(), name);
    await ada.online();
    await ada.say('Here again');
    await bob.sees('Here again');
    assert.deepEqual(await ada.texts(), ['Here again']);
  });
}

test('the page outlives the service, says so after two seconds, and recovers when it is back', async () => {
  const ada = await visitOnline();
  await ada.say('Before');
  await stack.killScaledrone();
  await ada.banner('No connection to the chat service.');
  assert.equal(await ada.get('.message-form button').isDisabled(), true);
  await ada.get('textarea').fill('Written meanwhile');
  await ada.get('textarea').press('Enter');
  assert.equal(await ada.get('textarea').inputValue(), 'Written meanwhile');
  await stack.restartScaledrone();
  await ada.banner('Connected.');
  await ada.get('textarea').press('Enter');
  await ada.sees('Written meanwhile');
  assert.deepEqual(await ada.texts(), ['Before', 'Written meanwhile']);
  await ada.banner('');
});

test('a blip is not worth a word', async () => {
  const ada = await visitOnline();
  await ada.recordBanner();
  const before = await ids();
  // The page's time stands still but for the pause before it tries again, so that a slow machine
  // does not make two seconds of it.
  await ada.page.clock.pauseAt(await ada.page.evaluate(() => Date.now() + 500));
  await stack.control('drop');
  await until(async () => !(await ids()).includes(before[0]));
  await until(async () => {
    await ada.page.clock.runFor(20);
    return (await ids()).length === 1;
  });
  await newConnections(1, before);
  await ada.page.clock.runFor(100);
  await ada.say('Nothing happened');
  await until(async () => {
    await ada.page.clock.runFor(20);
    return (await ada.message('Nothing happened').count()) === 1;
  });
  assert.deepEqual(await ada.bannerTexts(), []);
});

test('a service that hangs is noticed by what it does not echo', async () => {
  const ada = await visitOnline();
  await stack.control('freeze');
  await ada.say('Is anybody there?');
  await ada.page.clock.fastForward(12_000);
  await ada.message('Is anybody there?').getByText('Perhaps not sent').waitFor();
  await stack.control('unfreeze');
  await ada.online();
  await ada.get('.message button').click();
  await ada.get('.message[data-state=failed]').waitFor({ state: 'detached' });
  assert.deepEqual(await ada.texts(), ['Is anybody there?']);
});

test('a service that accepts and never answers is given up and tried again', async () => {
  await stack.control('freeze');
  const ada = await visit();
  await until(async () => (await stack.connections()).length === 1);
  await ada.page.clock.fastForward(10_000);
  await ada.banner('The chat service does not answer.');
  await stack.control('unfreeze');
  await ada.online();
});

test('messages that the service did not confirm are marked when the connection is lost', async () => {
  const ada = await visitOnline();
  await stack.control('freeze');
  await ada.say('Into the void');
  await stack.control('drop');
  await ada.message('Into the void').getByText('Perhaps not sent').waitFor();
});

test('a message that the service refuses is marked with its words', async () => {
  const ada = await visit({
    prepare: (page) => answerTokens(page, (id) => token(id, { permissions: { '.*': { subscribe: true, publish: false } } })),
  });
  await ada.online();
  await ada.say('May I?');
  await ada.message('May I?').getByText('Not sent: Unauthorized').waitFor();
  // The button stays the same one, and keeps the focus.
  await ada.message('May I?').getByRole('button').focus();
  await stack.publish('observable-room', 'Something else');
  await ada.sees('Something else');
  assert.equal(await ada.page.evaluate(() => document.activeElement.textContent), 'Send again');
});

test('a private message that is refused is marked too, though nothing would have confirmed it', async () => {
  const permissions = { '^observable-': { publish: true, subscribe: true }, '^private-': { subscribe: true, publish: false } };
  const ada = await visit({ prepare: (page) => answerTokens(page, (id) => token(id, { permissions, data: { name: 'Ada' } })) });
  await ada.online();
  const bob = await visitOnline();
  await ada.open(await bob.name());
  await ada.say('Psst');
  await ada.message('Psst').getByText('Not sent: Unauthorized').waitFor();
  assert.equal(await bob.get('.badge').filter({ hasText: /./ }).count(), 0);
});

// --- The token endpoint fails ---

for (const [what, answer, words] of [
  ['422', reply(422, 'No clientID defined\n'), 'The server says: No clientID defined'],
  ['429', reply(429, 'Too many requests, try again in a few seconds'), 'The server says: Too many requests'],
  ['500', reply(500, 'The token could not be signed'), 'The server says: The token could not be signed'],
  ['an HTML page', reply(502, '<h1>502 Bad Gateway</h1>', 'text/html'), 'The server says: status 502, no token'],
  ['a long text', reply(503, 'word '.repeat(100)), 'The server says: status 503, no token'],
  ['a login page', reply(200, '<form>Please log in</form>', 'text/html'), 'The server says: status 200, no token'],
]) {
  test(`a token endpoint that answers ${what} is quoted, and asked again`, async () => {
    const ada = await visit({ prepare: (page) => page.route('**/auth', (route) => route.fulfill(answer)) });
    await ada.banner(words);
    await ada.page.unroute('**/auth');
    // The page may be faster than a hand at the mouse: then the button is gone.
    await ada.get('.banner button').dispatchEvent('click');
    await ada.online();
    assert.ok(!ada.sent.some((frame) => frame.includes('authenticate') && !/"token":"[\w-]+\.[\w-]+\.[\w-]+"/.test(frame)));
  });
}

test('a token endpoint that names a time is not asked before', async () => {
  let asked = 0;
  const ada = await visit({
    prepare: (page) => page.route('**/auth', (route) => {
      asked++;
      return route.fulfill(reply(429, 'Too many requests', undefined, { 'Retry-After': '290' }));
    }),
  });
  await ada.banner('The server says: Too many requests');
  await ada.page.clock.fastForward(200_000);
  await ada.page.unroute('**/auth');
  assert.equal(asked, 1);
  await ada.page.clock.fastForward(90_000);
  await ada.online();
});

/** A visit that has asked for `what`, which never comes. */
async function visitWithout(what) {
  let note;
  const asked = new Promise((resolve) => { note = resolve; });
  const visitor = await visit({ prepare: (page) => page.route(what, () => note()) });
  await asked;
  return visitor;
}

test('a token endpoint that hangs is given up after ten seconds', async () => {
  const ada = await visitWithout('**/auth');
  await ada.page.clock.fastForward(10_000);
  await ada.banner('The token server does not answer.');
  await ada.page.unroute('**/auth');
  await ada.online();
});

test('a token endpoint that is unreachable is a sentence, and asked again', async () => {
  const ada = await visit({ prepare: (page) => page.route('**/auth', (route) => route.abort()) });
  await ada.banner('The token server does not answer.');
  await ada.page.unroute('**/auth');
  await ada.online();
});

for (const [what, make, words] of [
  ['an expired', (id) => token(id, { exp: 1_000_000_000 }), /JWT has expired/],
  ['a foreign', () => token('some:body'), /JWT client does not match/],
  ['a forged', (id) => token(id, {}, 'x'.repeat(32)), /JWT signature is invalid/],
]) {
  test(`${what} token is refused with the service's words, and no longer tried after three times`, async () => {
    let asked;
    const ada = await visit({ prepare: async (page) => (asked = await answerTokens(page, make)) });
    await ada.banner(words);
    await until(() => asked.count === 3);
    await until(async () => (await stack.connections()).length === 0);
    await ada.page.clock.fastForward(80_000);
    assert.equal(asked.count, 3);
    await ada.page.unroute('**/auth');
    await ada.get('.banner button').click();
    await ada.online();
  });
}

test('a service that refuses once is asked again with a fresh token', async () => {
  await stack.control('refuse-authenticate', { count: 1, text: 'Try later' });
  const ada = await visitOnline();
  await ada.say('In at last');
  await ada.sees('In at last');
});

// --- The browser goes offline, the script is blocked ---

test('a page that was offline is back as soon as the network is', async () => {
  const ada = await visitOnline();
  await ada.context.setOffline(true);
  await ada.banner(/^You are offline\./);
  await ada.context.setOffline(false);
  await ada.online();
  await ada.say('Back from the tunnel');
  await ada.sees('Back from the tunnel');
});

test('a wait ends when the person returns to the tab', async () => {
  let asked = 0;
  const ada = await visit({
    prepare: (page) => page.route('**/auth', (route) => {
      asked++;
      return route.fulfill(reply(500, 'Broken'));
    }),
  });
  // What has been asked and has closed its connection waits.
  const waits = (times) => until(() => asked === times && ada.sockets === 0);
  for (let failures = 1; failures < 7; failures++) {
    await waits(failures);
    await ada.page.clock.fastForward(30_000);
  }
  await waits(7);
  await ada.page.unroute('**/auth');
  const began = Date.now();
  await until(async () => {
    await ada.returnToTab();
    return ada.get('form button').isEnabled();
  });
  assert.ok(Date.now() - began < 5000, 'by itself it would have waited for eight seconds and more');
});

test('a machine that slept makes a new connection when it wakes', async () => {
  const ada = await visitOnline();
  const before = await ids();
  await ada.page.clock.fastForward(3_600_000);
  await newConnections(1, before);
  await ada.online();
});

test('without the script of the service there is a sentence instead of a blank page, and a new try', async () => {
  const ada = await visit({ prepare: (page) => page.route('**/scaledrone.js', (route) => route.abort()) });
  await ada.banner(/^The script of the chat service does not load\./);
  await ada.page.unroute('**/scaledrone.js');
  await ada.online();
});

test('a script of the service that never comes is given up, and asked for again', async () => {
  const ada = await visitWithout('**/scaledrone.js');
  await ada.page.clock.fastForward(10_000);
  await ada.banner('The chat service does not answer.');
  await ada.page.unroute('**/scaledrone.js');
  await ada.online();
});

test('an error page in place of the script does no harm', async () => {
  const ada = await visit({
    prepare: (page) => page.route('**/scaledrone.js', (route) => route.fulfill(reply(404, 'no', 'text/plain'))),
  });
  await ada.banner(/^The script of the chat service does not load\./);
});

test('a page without storage is a chat all the same, for as long as it is open', async () => {
  const ada = await visitOnline({
    prepare: (page) => page.addInitScript(() => {
      Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('denied', 'SecurityError'); } });
    }),
  });
  await ada.rename('Ada');
  assert.equal(await ada.name(), 'Ada');
  await ada.reconnect(stack);
  assert.equal(await ada.name(), 'Ada');
});

// --- Configuration ---

for (const [what, answer, sentence] of [
  ['missing', reply(404, 'not found'), /answers 404\. The file belongs beside index\.html/],
  ['no JSON', reply(200, '{"channel": }', 'application/json'), /not valid JSON/],
  ['the one that is shipped', null, /"channel" must be the id of your Scaledrone channel/],
]) {
  test(`a config.json that is ${what} gives a sentence that says what to do`, async () => {
    const shipped = { path: new URL('../../static/config.json', import.meta.url).pathname };
    const ada = await visit({ prepare: (page) => page.route('**/config.json', (route) => route.fulfill(answer ?? shipped)) });
    await ada.banner(/^config\.json is missing or wrong\./);
    assert.match(await ada.get('.banner p').textContent(), sentence);
    assert.equal(await ada.get('textarea:enabled, input:enabled, form button:enabled').count(), 0);
    await ada.page.unroute('**/config.json');
    await ada.get('.banner button').click();
    await ada.online();
  });
}

test('a config.json that does not come is a sentence, and the page can be started anew', async () => {
  const ada = await visit({ prepare: (page) => page.route('**/config.json', (route) => route.abort()) });
  await ada.banner(/^config\.json is missing or wrong\./);
  await ada.page.unroute('**/config.json');
  await ada.get('.banner button').click();
  await ada.online();
});

test('a web server that hangs is given up after ten seconds', async () => {
  const ada = await visit({
    prepare: async (page) => {
      await page.addInitScript(() => {
        const { timeout } = AbortSignal;
        AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === 10_000 ? 100 : 1e6);
      });
      await page.route('**/config.json', () => {});
    },
  });
  await ada.banner(/^config\.json is missing or wrong\./);
});
