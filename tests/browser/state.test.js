// SPDX-License-Identifier: MIT
// The state of the page, and what it is made of, without a page.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Chat, checkConfig, cleanName, earlierLinks, pieces, readMessage } from './modules.js';

const lobby = 'observable-room';
const post = 'private-room-me:1';

function member(id, name, more = {}) {
  return { id, authData: { name, color: '#123456' }, ...more };
}

/** A chat that is connected as me:1, with Ada and Bob. */
function chatOf({ names = 'chosen', rooms = [{ name: lobby, title: 'Lobby' }] } = {}) {
  const chat = new Chat({ rooms, names }, {}, () => {});
  chat.look(true);
  chat.connected('me:1');
  chat.members(lobby, [member('me:1', 'me'), member('ada:1', 'Ada'), member('bob:1', 'Bob')]);
  return chat;
}

let count = 0;
const message = (clientId, data, more) => ({ id: `m${++count}`, timestamp: 1000 + count, clientId, data, ...more });
const texts = ({ messages }) => messages.map(({ text, note }) => text ?? `(${note})`);
const names = (chat) => chat.people.map(({ name }) => name);

// --- People ---

test('a leave of somebody unknown takes nobody away', () => {
  const chat = chatOf();
  chat.member_leave(lobby, { id: 'nobody:1' });
  assert.deepEqual(names(chat), ['me', 'Ada', 'Bob']);
});

test('a leave takes away the one who left, once and for all', () => {
  const chat = chatOf();
  chat.member_leave(lobby, { id: 'ada:1' });
  chat.member_leave(lobby, { id: 'ada:1' });
  assert.deepEqual(names(chat), ['me', 'Bob']);
});

test('a second join is no second person', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('ada:1', 'Ada'));
  assert.deepEqual(names(chat), ['me', 'Ada', 'Bob']);
});

test('a list of members replaces the one before, as after a new connection', () => {
  const chat = chatOf();
  chat.connected('me:2');
  chat.members(lobby, [member('me:2', 'me'), member('bob:1', 'Bob'), member('eve:1', 'Eve')]);
  assert.deepEqual(names(chat), ['Bob', 'me', 'Eve']);
  assert.equal(chat.me.key, 'me:2');
});

test('who leaves one room of two is still here', () => {
  const chat = chatOf({ rooms: [{ name: lobby, title: 'Lobby' }, { name: 'observable-2', title: 'Two' }] });
  chat.member_join('observable-2', member('ada:1', 'Ada'));
  chat.member_leave(lobby, { id: 'ada:1' });
  assert.ok(names(chat).includes('Ada'));
  chat.member_leave('observable-2', { id: 'ada:1' });
  assert.ok(!names(chat).includes('Ada'));
});

test('members without any data, or with nonsense in it, have a name all the same', () => {
  const chat = chatOf();
  const nonsense = [undefined, null, 'text', 7, [], { name: {} }, { name: '\u200b' }, { name: null, color: {} }];
  nonsense.forEach((data, at) => chat.member_join(lobby, { id: `x:${at}`, authData: data, clientData: data }));
  assert.ok(names(chat).slice(3).every((name) => name.startsWith('Someone')));
});

test('a list without oneself does no harm', () => {
  const chat = chatOf();
  chat.members(lobby, [member('bob:1', 'Bob')]);
  assert.deepEqual(chat.me, {});
  chat.message(lobby, message('bob:1', 'hello'));
  assert.deepEqual(texts(chat.current), ['hello']);
});

test('a chosen name is shown where the configuration says so, and only there', () => {
  const claims = { clientData: { name: 'Boss', color: '#ff0000' } };
  const chosen = chatOf();
  chosen.member_join(lobby, member('eve:1', 'frosty_river', claims));
  assert.equal(chosen.threads.get('eve:1').name, 'Boss');
  const signed = chatOf({ names: 'signed' });
  signed.member_join(lobby, member('eve:1', 'frosty_river', claims));
  assert.equal(signed.threads.get('eve:1').name, 'frosty_river');
  assert.equal(signed.threads.get('eve:1').color, '#123456');
  signed.message(lobby, message('gone:1', { text: 'hi', name: 'Boss', color: '#ff0000' }));
  assert.equal(signed.current.messages[0].from.name, 'Someone');
});

test('who comes with the name of somebody here is told apart, and not for ever', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('eve:1', 'frosty_river', { clientData: { name: 'Ada' } }));
  assert.equal(chat.threads.get('eve:1').name, 'Ada · ve:1');
  chat.member_join(lobby, member('eve:2', 'frosty_river', { clientData: { name: 'me' } }));
  assert.equal(chat.threads.get('eve:2').name, 'me · ve:2');
  assert.equal(chat.me.name, 'me');
  chat.member_leave(lobby, { id: 'ada:1' });
  chat.member_join(lobby, member('ada:2', 'Ada'));
  assert.equal(chat.threads.get('ada:2').name, 'Ada');
});

test('those one talks with are before those one does not', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('zoe:1', 'Zoe'));
  const others = () => chat.others.map(({ name }) => name);
  assert.deepEqual(others(), ['Ada', 'Bob', 'Zoe']);
  chat.message(post, message('zoe:1', 'psst'));
  chat.message(post, message('bob:1', 'psst'));
  assert.deepEqual(others(), ['Bob', 'Zoe', 'Ada']);
});

// --- Messages ---

test('an own message is there at once, and its echo is not a second one', () => {
  const chat = chatOf();
  const sent = chat.send(chat.current, 'hello');
  assert.equal(sent.state, 'pending');
  chat.message(lobby, message('me:1', { text: 'hello' }));
  assert.deepEqual(texts(chat.current), ['hello']);
  assert.equal(sent.state, '');
});

test('the same words said twice are two messages, each with its echo', () => {
  const chat = chatOf();
  chat.send(chat.current, 'hello');
  chat.send(chat.current, 'hello');
  chat.message(lobby, message('me:1', 'hello'));
  assert.deepEqual(chat.current.messages.map(({ state }) => state), ['', 'pending']);
  chat.message(lobby, message('me:1', 'hello'));
  assert.deepEqual(chat.current.messages.map(({ state }) => state), ['', '']);
});

test('everybody has the order of the service: what it has not confirmed is last', () => {
  const chat = chatOf();
  chat.send(chat.current, 'mine');
  chat.message(lobby, message('ada:1', 'before mine'));
  assert.deepEqual(texts(chat.current), ['before mine', 'mine']);
  chat.message(lobby, message('me:1', 'mine'));
  chat.message(lobby, message('ada:1', 'after mine'));
  assert.deepEqual(texts(chat.current), ['before mine', 'mine', 'after mine']);
});

test('a private message has no echo to wait for: what comes later is below it', () => {
  const chat = chatOf();
  const ada = chat.threads.get('ada:1');
  const sent = chat.send(ada, 'mine');
  assert.equal(sent.state, '');
  chat.message(post, message('ada:1', 'after mine'));
  chat.member_leave(lobby, { id: 'ada:1' });
  assert.deepEqual(texts(ada), ['mine', 'after mine', '(Ada has left.)']);
});

test('a private message that is neither confirmed nor refused for long is said', () => {
  const chat = chatOf();
  const sent = chat.send(chat.threads.get('ada:1'), 'mine');
  assert.equal(chat.isOverdue(sent.at + 20_000), false);
  chat.refused('too late to mean this');
  assert.equal(sent.state, '');
  const open = chat.send(chat.current, 'echo?');
  assert.equal(chat.isOverdue(open.at + 5000), false);
  assert.equal(chat.isOverdue(open.at + 11_000), true);
});

test('a refusal marks the oldest message that is not confirmed, and says why', () => {
  const chat = chatOf();
  const first = chat.send(chat.current, 'first');
  const second = chat.send(chat.threads.get('ada:1'), 'second');
  chat.refused('Unauthorized');
  assert.equal(first.state, 'failed');
  assert.match(first.why, /Unauthorized/);
  assert.equal(second.state, '');
  chat.refused('again');
  chat.refused('nothing is left to refuse');
  assert.equal(second.state, 'failed');
});

test('a lost connection leaves its unconfirmed messages in doubt, and an echo ends the doubt', () => {
  const chat = chatOf();
  const sent = chat.send(chat.current, 'hello');
  chat.lost();
  assert.equal(sent.state, 'failed');
  chat.connected('me:2');
  chat.history_message(lobby, message('me:1', 'hello'));
  assert.deepEqual(texts(chat.current), ['hello']);
  assert.equal(sent.state, '');
});

test('a message that is sent again moves to the end', () => {
  const chat = chatOf();
  const sent = chat.send(chat.current, 'hello');
  chat.refused('no');
  chat.message(lobby, message('ada:1', 'meanwhile'));
  assert.equal(chat.send(chat.current, 'hello', sent), sent);
  assert.deepEqual(texts(chat.current), ['meanwhile', 'hello']);
  assert.equal(sent.state, 'pending');
});

test('history comes before what is newer, without doubles', () => {
  const chat = chatOf();
  const known = message('ada:1', 'known', { timestamp: 500 });
  chat.message(lobby, known);
  chat.history_message(lobby, message('bob:1', 'older', { timestamp: 400 }));
  chat.history_message(lobby, known);
  chat.history_message(lobby, message('bob:1', 'missed', { timestamp: 600 }));
  assert.deepEqual(texts(chat.current), ['older', 'known', 'missed']);
});

test('history is news only to those who were here before', () => {
  const chat = chatOf();
  chat.look(false);
  chat.history_message(lobby, message('ada:1', 'from before'));
  assert.equal(chat.unread, 0);
  chat.connected('me:2');
  chat.history_message(lobby, message('ada:1', 'missed'));
  assert.equal(chat.unread, 1);
});

test('the author of a message from the history may be long gone: the name comes with it', () => {
  const chat = chatOf();
  chat.history_message(lobby, message('gone:1', { text: 'hi', name: 'Grace', color: '#00ff00' }));
  assert.equal(chat.current.messages[0].from.name, 'Grace');
  assert.ok(!names(chat).includes('Grace'));
});

test('a message without an author is the server\'s', () => {
  const chat = chatOf();
  chat.message(lobby, message(undefined, 'Tea is ready'));
  chat.message(post, message(undefined, 'Tea for you'));
  assert.deepEqual(chat.current.messages.map(({ from }) => from), [undefined, undefined]);
  assert.deepEqual(texts(chat.current), ['Tea is ready', 'Tea for you']);
});

test('only the newest 500 messages of a room are kept', () => {
  const chat = chatOf();
  for (let n = 1; n <= 600; n++) chat.message(lobby, message('ada:1', n));
  assert.equal(chat.current.messages.length, 500);
  assert.equal(chat.current.messages[0].text, '101');
  assert.equal(chat.current.messages.at(-1).text, '600');
});

test('messages are unread where nobody looks', () => {
  const chat = chatOf();
  chat.message(lobby, message('ada:1', 'seen'));
  chat.message(post, message('ada:1', 'psst'));
  assert.equal(chat.unread, 1);
  chat.look(false);
  chat.message(lobby, message('ada:1', 'behind another tab'));
  assert.equal(chat.unread, 2);
  chat.look(true);
  assert.equal(chat.unread, 1);
  chat.select(chat.threads.get('ada:1'));
  assert.equal(chat.unread, 0);
});

test('typing shows for a while, ends with the message, and is no message', () => {
  const chat = chatOf();
  chat.message(lobby, message('ada:1', { typing: true }), false, 1000);
  assert.deepEqual(chat.typists(chat.current, 2000), ['Ada']);
  assert.deepEqual(chat.typists(chat.current, 9000), []);
  chat.message(lobby, message('ada:1', { typing: true }), false, 9000);
  chat.message(lobby, message('ada:1', 'there'));
  assert.deepEqual(chat.typists(chat.current, 9001), []);
  assert.deepEqual(texts(chat.current), ['there']);
});

test('typing ends with a leave, and is not heard from oneself, from strangers and from the past', () => {
  const chat = chatOf();
  for (const id of ['ada:1', 'me:1', 'nobody:1', undefined]) chat.message(lobby, message(id, { typing: true }));
  chat.history_message(lobby, message('bob:1', { typing: true }));
  assert.deepEqual(chat.typists(chat.current), ['Ada']);
  chat.member_leave(lobby, { id: 'ada:1' });
  assert.deepEqual(chat.typists(chat.current), []);
});

// --- Private threads ---

test('a private message is in the thread with its author, and nowhere else', () => {
  const chat = chatOf();
  chat.message(post, message('ada:1', 'psst'));
  assert.deepEqual(texts(chat.threads.get('ada:1')), ['psst']);
  assert.deepEqual(texts(chat.current), []);
});

test('a private message may come before the news of its author', () => {
  const chat = chatOf();
  chat.message(post, message('eve:1', 'first!'));
  chat.member_join(lobby, member('eve:1', 'Eve'));
  assert.deepEqual(texts(chat.threads.get('eve:1')), ['first!']);
  assert.equal(chat.threads.get('eve:1').messages[0].from.name, 'Eve');
  assert.equal(chat.closed(chat.threads.get('eve:1')), '');
});

test('a thread says when the other has left, and takes no more messages', () => {
  const chat = chatOf();
  chat.message(post, message('ada:1', 'psst'));
  chat.member_leave(lobby, { id: 'ada:1' });
  assert.deepEqual(texts(chat.threads.get('ada:1')), ['psst', '(Ada has left.)']);
  assert.equal(chat.closed(chat.threads.get('ada:1')), 'Ada has left.');
});

test('nothing is kept of people who left without a word', () => {
  const chat = chatOf();
  chat.member_leave(lobby, { id: 'ada:1' });
  assert.equal(chat.threads.has('ada:1'), false);
});

test('a thread goes on with the one who proves to be the same person, and says so', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('ada:1', 'Ada', { clientData: { link: 'old' } }));
  chat.message(post, message('ada:1', 'psst'));
  chat.select(chat.threads.get('ada:1'));
  chat.member_leave(lobby, { id: 'ada:1' });
  chat.member_join(lobby, member('ada:2', 'Countess', { clientData: { link: 'new' } }));
  chat.message(post, message('ada:2', 'here I am'));
  chat.threads.get('ada:2').earlier = ['old', 'older'];
  chat.reunite();
  assert.equal(chat.current.key, 'ada:2');
  assert.deepEqual(texts(chat.current), ['psst', '(Ada has left.)', '(Ada is back as Countess.)', 'here I am']);
  assert.equal(chat.threads.has('ada:1'), false);
});

test('who comes back before the old connection is gone keeps the name', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('ada:1', 'Ada', { clientData: { link: 'old' } }));
  chat.message(post, message('ada:1', 'psst'));
  chat.member_join(lobby, member('ada:2', 'Ada', { clientData: { link: 'new' } }));
  assert.equal(chat.threads.get('ada:2').name, 'Ada · da:2');
  chat.threads.get('ada:2').earlier = ['old'];
  chat.reunite();
  assert.equal(chat.threads.get('ada:2').name, 'Ada');
  chat.member_leave(lobby, { id: 'ada:1' });
  chat.reunite();
  assert.deepEqual(texts(chat.threads.get('ada:2')), ['psst', '(Ada has left.)', '(Ada is back.)']);
});

test('nobody takes over a thread whose other side is still here', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('ada:1', 'Ada', { clientData: { link: 'old' } }));
  chat.message(post, message('ada:1', 'psst'));
  chat.member_join(lobby, member('eve:1', 'Ada'));
  chat.threads.get('eve:1').earlier = ['old'];
  chat.reunite();
  assert.deepEqual(texts(chat.threads.get('ada:1')), ['psst']);
});

test('a copied link earns nothing, and spoils nothing', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('ada:1', 'Ada', { clientData: { link: 'old' } }));
  chat.member_join(lobby, member('eve:1', 'Eve', { clientData: { link: 'old' } }));
  assert.equal(chat.threads.get('ada:1').link, 'old');
  assert.equal(chat.threads.get('eve:1').link, undefined);
});

test('a link that somebody here has shown earlier is a copy, too', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('ada:2', 'Ada', { clientData: { link: 'new' } }));
  chat.threads.get('ada:2').earlier = ['old'];
  chat.member_join(lobby, member('eve:1', 'Eve', { clientData: { link: 'old' } }));
  assert.equal(chat.threads.get('eve:1').link, undefined);
});

test('a link of the chain leads to those before it, and to no other', async () => {
  const [first] = await earlierLinks('A'.repeat(44));
  const [second] = await earlierLinks(first);
  assert.ok((await earlierLinks('A'.repeat(44))).includes(second));
  assert.ok(!(await earlierLinks(second)).includes(first));
  for (const nonsense of [undefined, null, '']) assert.deepEqual(await earlierLinks(nonsense), []);
});

test('a room that one is not let into says so', () => {
  const chat = chatOf();
  chat.denied(lobby, 'Unauthorized');
  assert.match(chat.closed(chat.current), /Unauthorized/);
  chat.denied(lobby, '');
  assert.equal(chat.closed(chat.current), '');
  chat.denied(post, 'Unauthorized');
});

// --- Text ---

test('names are made short, flat and visible', () => {
  assert.equal(cleanName('  Ada \n  Lovelace\u202e '), 'Ada Lovelace');
  for (const blank of ['\u200b\u2066\ufeff', '\u3164\uffa0', '\u2800', '\u200d\u200d', '\ufe0f', '\u00ad\u034f']) assert.equal(cleanName(blank), '');
  for (const joined of ['🏳️‍🌈', '👩‍🚀', '❤️', 'می‌خواهم']) assert.equal(cleanName(joined), joined);
  assert.equal(cleanName('x'.repeat(5000)), 'x'.repeat(40));
  assert.equal([...cleanName('👩‍🚀'.repeat(40))].length, 40);
  assert.equal(cleanName({ toString: () => 'Ada' }), '');
});

test('any JSON is a message that can be read', () => {
  assert.deepEqual(readMessage('hello'), { text: 'hello' });
  assert.deepEqual(readMessage(42), { text: '42' });
  assert.deepEqual(readMessage(false), { text: 'false' });
  assert.deepEqual(readMessage(null), { text: 'null' });
  assert.deepEqual(readMessage(undefined), { text: 'undefined' });
  assert.deepEqual(readMessage({ text: 'hi', name: ' Ada ' }), { text: 'hi', name: 'Ada', color: undefined });
  assert.deepEqual(readMessage({ text: 7 }), { text: '{\n  "text": 7\n}' });
  assert.deepEqual(readMessage([1, 2]), { text: '[\n  1,\n  2\n]' });
  assert.deepEqual(readMessage({ typing: true }), { typing: true });
});

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

// --- Configuration ---

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
  assert.equal(shown, 'chosen');
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
