// SPDX-License-Identifier: MIT
// The state of the page, and what it is made of, without a page.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Chat } from './modules.js';

const lobby = 'observable-room';
const post = 'private-room-me:1';

function member(connection, name, more = {}) {
  return { connection, person: `connection ${connection}`, name, color: '#123456', ...more };
}

/** A chat that is connected as me:1, with Ada and Bob. */
function chatOf({ names = 'chosen', rooms = [{ name: lobby, title: 'Lobby' }], published = [] } = {}) {
  const chat = new Chat({ rooms, names }, (...sent) => published.push(sent));
  chat.look(true);
  chat.connected('me:1');
  chat.members(lobby, [member('me:1', 'me'), member('ada:1', 'Ada'), member('bob:1', 'Bob')]);
  return chat;
}

let count = 0;
const message = (connection, text, more) => ({ id: `m${++count}`, at: 1_000_000 + 1000 * count, connection, text, name: 'Someone', color: '', typing: false, ...more });
const typing = (connection) => message(connection, '', { typing: true });
const texts = ({ messages }) => messages.map(({ text, note }) => text ?? `(${note})`);
const here = (chat) => chat.all.filter(({ online }) => online.size);
const names = (chat) => here(chat).map(({ name }) => name);
const person = (chat, key) => chat.threads.get(key) ?? chat.threads.get(`connection ${key}`);

function sendTo(chat, thread, text) {
  const { current } = chat;
  chat.select(thread);
  const sent = chat.send(text);
  chat.select(current);
  return sent;
}

const id = (name) => ({ person: `id ${name}` });

// --- People ---

test('a leave of somebody unknown takes nobody away', () => {
  const chat = chatOf();
  chat.member_leave(lobby, { connection: 'nobody:1' });
  assert.deepEqual(names(chat), ['me', 'Ada', 'Bob']);
});

test('a leave takes away the one who left, once and for all', () => {
  const chat = chatOf();
  chat.member_leave(lobby, { connection: 'ada:1' });
  chat.member_leave(lobby, { connection: 'ada:1' });
  assert.deepEqual(names(chat), ['me', 'Bob']);
});

test('who is new in a list has the name of who is not in it any more', () => {
  const chat = chatOf();
  chat.members(lobby, [member('me:1', 'me'), member('ada:1', 'Ada'), member('bob:2', 'Bob')]);
  assert.deepEqual(names(chat), ['me', 'Ada', 'Bob']);
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
  assert.equal(chat.me.key, 'connection me:2');
});

test('who leaves one room of two is still here', () => {
  const chat = chatOf({ rooms: [{ name: lobby, title: 'Lobby' }, { name: 'observable-2', title: 'Two' }] });
  chat.member_join('observable-2', member('ada:1', 'Ada'));
  chat.member_leave(lobby, { connection: 'ada:1' });
  assert.ok(names(chat).includes('Ada'));
  chat.member_leave('observable-2', { connection: 'ada:1' });
  assert.ok(!names(chat).includes('Ada'));
});

test('a list without oneself does no harm', () => {
  const chat = chatOf();
  chat.members(lobby, [member('bob:1', 'Bob')]);
  assert.equal(chat.me.name, 'me', 'what is known of oneself stays');
  chat.message(lobby, message('bob:1', 'hello'));
  assert.deepEqual(texts(chat.current), ['hello']);
});

test('the name in a message of somebody unknown is shown as not signed, or not at all', () => {
  const claim = message('gone:1', 'hi', { name: 'Boss', color: '#ff0000' });
  const chosen = chatOf();
  chosen.message(lobby, claim);
  assert.deepEqual(chosen.current.messages[0].from, { key: 'gone:1', name: 'Boss', color: '#ff0000', claimed: true });
  const signed = chatOf({ names: 'signed' });
  signed.message(lobby, claim);
  assert.equal(signed.current.messages[0].from.name, 'Someone');
});

test('who comes with the name of somebody here is told apart, and not for ever', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('eve:1', 'Ada'));
  assert.equal(person(chat, 'eve:1').name, 'Ada · ve:1');
  chat.member_join(lobby, member('eve:2', 'me'));
  assert.equal(person(chat, 'eve:2').name, 'me · ve:2');
  assert.equal(chat.me.name, 'me');
  chat.member_leave(lobby, { connection: 'ada:1' });
  chat.member_join(lobby, member('ada:2', 'Ada'));
  assert.equal(person(chat, 'ada:2').name, 'Ada');
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
  const sent = chat.send('hello');
  assert.equal(sent.state, 'pending');
  chat.message(lobby, message('me:1', 'hello'));
  assert.deepEqual(texts(chat.current), ['hello']);
  assert.equal(sent.state, '');
});

test('the same words said twice are two messages, each with its echo', () => {
  const chat = chatOf();
  chat.send('hello');
  chat.send('hello');
  chat.message(lobby, message('me:1', 'hello'));
  assert.deepEqual(chat.current.messages.map(({ state }) => state), ['', 'pending']);
  chat.message(lobby, message('me:1', 'hello'));
  assert.deepEqual(chat.current.messages.map(({ state }) => state), ['', '']);
});

test('everybody has the order of the service: what it has not confirmed is last', () => {
  const chat = chatOf();
  chat.send('mine');
  chat.message(lobby, message('ada:1', 'before mine'));
  assert.deepEqual(texts(chat.current), ['before mine', 'mine']);
  chat.message(lobby, message('me:1', 'mine'));
  chat.message(lobby, message('ada:1', 'after mine'));
  assert.deepEqual(texts(chat.current), ['before mine', 'mine', 'after mine']);
});

test('a private message has no echo to wait for: what comes later is below it', () => {
  const chat = chatOf();
  const ada = person(chat, 'ada:1');
  const sent = sendTo(chat, ada, 'mine');
  assert.equal(sent.state, '');
  chat.message(post, message('ada:1', 'after mine'));
  chat.member_leave(lobby, { connection: 'ada:1' });
  assert.deepEqual(texts(ada), ['mine', 'after mine', '(Ada has left.)']);
});

test('a private message that is neither confirmed nor refused for long is said', () => {
  const chat = chatOf();
  const sent = sendTo(chat, person(chat, 'ada:1'), 'mine');
  assert.equal(chat.isOverdue(sent.at + 20_000), false);
  chat.refused('too late to mean this');
  assert.equal(sent.state, '');
  const open = chat.send('echo?');
  assert.equal(chat.isOverdue(open.at + 5000), false);
  assert.equal(chat.isOverdue(open.at + 11_000), true);
});

test('a refusal marks the oldest message that is not confirmed, and says why', () => {
  const chat = chatOf();
  const first = chat.send('first');
  const second = sendTo(chat, person(chat, 'ada:1'), 'second');
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
  const sent = chat.send('hello');
  chat.lost();
  assert.equal(sent.state, 'failed');
  chat.connected('me:2');
  chat.history_message(lobby, message('me:1', 'hello'));
  assert.deepEqual(texts(chat.current), ['hello']);
  assert.equal(sent.state, '');
});

test('a message that is sent again moves to the end', () => {
  const chat = chatOf();
  const sent = chat.send('hello');
  chat.refused('no');
  chat.message(lobby, message('ada:1', 'meanwhile'));
  assert.equal(chat.send('hello', sent), sent);
  assert.deepEqual(texts(chat.current), ['meanwhile', 'hello']);
  assert.equal(sent.state, 'pending');
});

test('history comes before what is newer, without doubles', () => {
  const chat = chatOf();
  const known = message('ada:1', 'known', { at: 500_000 });
  chat.message(lobby, known);
  chat.history_message(lobby, message('bob:1', 'older', { at: 400_000 }));
  chat.history_message(lobby, known);
  chat.history_message(lobby, message('bob:1', 'missed', { at: 9_000_000 }));
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
  chat.history_message(lobby, message('gone:1', 'hi', { name: 'Grace', color: '#00ff00' }));
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
  for (let n = 1; n <= 600; n++) chat.message(lobby, message('ada:1', String(n)));
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
  chat.select(person(chat, 'ada:1'));
  assert.equal(chat.unread, 0);
});

test('typing shows for a while, ends with the message, and is no message', () => {
  const chat = chatOf();
  chat.message(lobby, typing('ada:1'), false, 1000);
  assert.deepEqual(chat.typists(chat.current, 2000), ['Ada']);
  assert.deepEqual(chat.typists(chat.current, 9000), []);
  chat.message(lobby, typing('ada:1'), false, 9000);
  chat.message(lobby, message('ada:1', 'there'));
  assert.deepEqual(chat.typists(chat.current, 9001), []);
  assert.deepEqual(texts(chat.current), ['there']);
});

test('typing ends with a leave, and is not heard from oneself, from strangers and from the past', () => {
  const chat = chatOf();
  for (const id of ['ada:1', 'me:1', 'nobody:1', undefined]) chat.message(lobby, typing(id));
  chat.history_message(lobby, typing('bob:1'));
  assert.deepEqual(chat.typists(chat.current), ['Ada']);
  chat.member_leave(lobby, { connection: 'ada:1' });
  assert.deepEqual(chat.typists(chat.current), []);
});

// --- Private threads ---

test('a private message is in the thread with its author, and nowhere else', () => {
  const chat = chatOf();
  chat.message(post, message('ada:1', 'psst'));
  assert.deepEqual(texts(person(chat, 'ada:1')), ['psst']);
  assert.deepEqual(texts(chat.current), []);
});

test('a private message may come before the news of its author', () => {
  const chat = chatOf();
  chat.message(post, message('eve:1', 'first!'));
  chat.member_join(lobby, member('eve:1', 'Eve'));
  assert.deepEqual(texts(person(chat, 'eve:1')), ['first!']);
  assert.equal(person(chat, 'eve:1').messages[0].from.name, 'Eve');
  assert.equal(chat.closed(person(chat, 'eve:1')), '');
});

test('a thread says when the other has left, and takes no more messages', () => {
  const chat = chatOf();
  chat.message(post, message('ada:1', 'psst'));
  chat.member_leave(lobby, { connection: 'ada:1' });
  assert.deepEqual(texts(person(chat, 'ada:1')), ['psst', '(Ada has left.)']);
  assert.equal(chat.closed(person(chat, 'ada:1')), 'Ada has left.');
});

test('nothing is kept of people who left without a word', () => {
  const chat = chatOf();
  chat.member_leave(lobby, { connection: 'ada:1' });
  assert.equal(person(chat, 'ada:1'), undefined);
  assert.equal(chat.connections.has('ada:1'), false);
});

// --- Who has an id stays the same person ---

test('a thread goes on with the same id over any number of connections', () => {
  const published = [];
  const chat = chatOf({ published });
  chat.member_join(lobby, member('ada:2', 'Countess', id('ada')));
  chat.message(post, message('ada:2', 'one'));
  chat.select(person(chat, 'id ada'));
  for (let n = 3; n < 6; n++) {
    chat.member_leave(lobby, { connection: `ada:${n - 1}` });
    assert.equal(chat.closed(chat.current), 'Countess has left.');
    chat.member_join(lobby, member(`ada:${n}`, 'Countess', id('ada')));
    assert.equal(chat.closed(chat.current), '');
  }
  chat.message(post, message('ada:5', 'two'));
  const [first, ...rest] = texts(chat.current);
  assert.deepEqual([first, rest.slice(0, 2), rest.at(-1)], ['one', ['(Countess has left.)', '(Countess is back.)'], 'two']);
  chat.send('three');
  assert.deepEqual(published.at(-1), ['private-room-ada:5', { text: 'three', name: 'me', color: '#123456' }]);
});

test('a thread goes on with who came back while one was away oneself', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('eve:1', 'Eve', id('eve')));
  chat.message(post, message('eve:1', 'psst'));
  chat.lost();
  chat.connected('me:2');
  chat.members(lobby, [member('me:2', 'me'), member('eve:2', 'Eve', id('eve'))]);
  assert.deepEqual(texts(person(chat, 'id eve')), ['psst'], 'nobody has left');
  assert.equal(person(chat, 'id eve').name, 'Eve');
  chat.message('private-room-me:2', message('eve:2', 'again'));
  assert.deepEqual(texts(person(chat, 'id eve')), ['psst', 'again']);
});

test('a new name is said in the thread, and is no other person', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('eve:1', 'Eve', id('eve')));
  chat.message(post, message('eve:1', 'psst'));
  chat.member_leave(lobby, { connection: 'eve:1' });
  chat.member_join(lobby, member('eve:2', 'Eva', id('eve')));
  assert.deepEqual(texts(person(chat, 'id eve')), ['psst', '(Eve has left.)', '(Eve is now Eva.)']);
});

test('who is here twice hears over both connections, and has left when both have', () => {
  const published = [];
  const chat = chatOf({ published });
  for (const connection of ['eve:1', 'eve:2']) chat.member_join(lobby, member(connection, 'Eve', id('eve')));
  assert.deepEqual(names(chat), ['me', 'Ada', 'Bob', 'Eve']);
  const sent = sendTo(chat, person(chat, 'id eve'), 'psst');
  assert.deepEqual(published.map(([room]) => room), ['private-room-eve:1', 'private-room-eve:2']);
  sendTo(chat, person(chat, 'ada:1'), 'another');
  chat.refused('Unauthorized');
  chat.refused('Unauthorized');
  assert.equal(sent.state, 'failed');
  assert.equal(chat.sent.length, 1, 'two refusals are about one message');
  chat.member_leave(lobby, { connection: 'eve:1' });
  assert.equal(chat.closed(person(chat, 'id eve')), '');
  chat.member_leave(lobby, { connection: 'eve:2' });
  assert.equal(chat.closed(person(chat, 'id eve')), 'Eve has left.');
});

test('an own other tab is oneself, and not one of the others', () => {
  const chat = chatOf();
  chat.connected('me:2');
  chat.members(lobby, [member('me:2', 'me', id('me')), member('me:3', 'me', id('me')), member('ada:1', 'Ada')]);
  assert.deepEqual(chat.others.map(({ name }) => name), ['Ada']);
});

test('no id is taken for a room, a connection or a property', () => {
  const chat = chatOf();
  for (const name of [lobby, 'ada:1', '__proto__', 'constructor']) {
    chat.member_join(lobby, member(`${name}!`, name, id(name)));
    chat.message(post, message(`${name}!`, `I am ${name}`));
    assert.deepEqual(texts(person(chat, `id ${name}`)), [`I am ${name}`]);
  }
  assert.deepEqual(texts(chat.current), []);
  assert.deepEqual(texts(person(chat, 'connection ada:1')), []);
});

test('what is written for somebody who has left waits for their return', () => {
  const chat = chatOf();
  chat.member_join(lobby, member('eve:1', 'Eve', id('eve')));
  person(chat, 'id eve').draft = 'Half a thou';
  chat.member_leave(lobby, { connection: 'eve:1' });
  chat.member_join(lobby, member('eve:2', 'Eve', id('eve')));
  assert.equal(person(chat, 'id eve').draft, 'Half a thou');
});

test('private words of people who never come are not kept without end', () => {
  const chat = chatOf();
  for (let n = 0; n < 2000; n++) chat.message(post, message('nobody:1', 'psst'));
  assert.ok(chat.early.length <= 50);
});

test('a room that one is not let into says so', () => {
  const chat = chatOf();
  chat.denied(lobby, 'Unauthorized');
  assert.match(chat.closed(chat.current), /Unauthorized/);
  chat.denied(lobby, '');
  assert.equal(chat.closed(chat.current), '');
  chat.denied(post, 'Unauthorized');
});
