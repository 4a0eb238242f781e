// SPDX-License-Identifier: MIT
// What others send becomes values of known types, whatever JSON it was.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readers, readName } from './modules.js';


const { members: [readAll], ...read } = { ...readers, members: [readers.members] };

test('names are made short, flat and visible', () => {
  assert.equal(readName('  Ada \n  Lovelace\u202e '), 'Ada Lovelace');
  for (const blank of ['', ' ', '\u200b\u2066\ufeff', '\u3164\uffa0', '\u2800', '\u200d\u200d', '\ufe0f', '\u00ad\u034f']) assert.equal(readName(blank), '');
  for (const joined of ['🏳️‍🌈', '👩‍🚀', '❤️', 'می‌خواهم']) assert.equal(readName(joined), joined);
  assert.equal(readName('x'.repeat(5000)), 'x'.repeat(40));
  assert.equal([...readName('👩‍🚀'.repeat(40))].length, 40);
  assert.equal(readName({ toString: () => 'Ada' }), '');
  for (const name of [`${'x'.repeat(39)} y`, '  a\u0301 b ']) assert.equal(readName(readName(name)), readName(name));
});

test('a member with an id is a person, one without is a connection', () => {
  const member = { id: 'bcI:GPhz6A2T', authData: { id: 'ada', name: 'Ada', color: '#2F6FD0' }, clientData: { id: 'eve', name: 'Eve' } };
  assert.deepEqual(read.member_join(member), { connection: 'bcI:GPhz6A2T', person: 'id ada', name: 'Ada', color: '#2F6FD0' });
  for (const authData of [undefined, null, {}, { id: '' }]) {
    const { person, name, color } = read.member_join({ id: 'bcI:GPhz6A2T', authData });
    assert.deepEqual([person, name, color], ['connection bcI:GPhz6A2T', 'Someone', '']);
  }
});

test('a message is a text with a look, a note of typing, or JSON', () => {
  const { at, ...rest } = read.message({ id: 'm1', clientId: 'a:b', timestamp: 1528814484, data: { text: 'hi', name: ' Ada ', color: '#000000' } });
  assert.equal(at, 1528814484000);
  assert.deepEqual(rest, { id: 'm1', connection: 'a:b', typing: false, text: 'hi', name: 'Ada', color: '#000000' });
  assert.equal(read.message({ data: { typing: true } }).typing, true);
  assert.equal(read.message({ data: { typing: 'yes' } }).typing, false);
  for (const [data, text] of [
    ['hello', 'hello'], [42, '42'], [false, 'false'], [null, 'null'], [[], '[]'], [{}, '{}'], ['', ''],
    [{ text: 7 }, '{\n  "text": 7\n}'], [{ text: null }, '{\n  "text": null\n}'], [[1, 2], '[\n  1,\n  2\n]'],
    [JSON.parse('{"__proto__": {"text": 1}}'), '{\n  "__proto__": {\n    "text": 1\n  }\n}'],
  ]) assert.equal(read.message({ data }).text, text);
});

/** Every type of JSON, small, large and with a mind to break things. */
const values = [
  null, true, false, 0, -1, 1e308, 5e-324, '', ' ', 'text', 'x'.repeat(200_000), '\ud800', '\u0000', 'red', '#12345', '#1234567', 'url(x)',
  [], [[]], [null], ['#123456'], Array(50_000).fill(0), {}, { toString: 0 }, { toString: 'x', valueOf: 1 }, { toJSON: 1 }, { length: -1 }, { then: 1 },
  { text: { text: {} } }, { constructor: { prototype: { broken: 1 } } }, JSON.parse('{"__proto__": {"broken": 1}}'),
  JSON.parse('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)), JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)),
  Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`key ${n}`, n])),
];

test('whatever the values are, what is read has the types that are promised', () => {
  const isLook = ({ name, color }) => name && [...name].length <= 40 && (color === '' || /^#[0-9a-f]{6}$/i.test(color));
  for (const value of values) {
    for (const authData of [value, { id: value }, { name: value }, { color: value }]) {
      const [member] = readAll([{ id: 'a:b', authData, clientData: value }]);
      assert.ok(isLook(member) && typeof member.person === 'string' && member.connection === 'a:b');
      assert.deepEqual(Object.keys(member), ['connection', 'person', 'name', 'color']);
    }
    for (const data of [value, { text: value }, { text: 'x', name: value }, { text: 'x', color: value }, { typing: value }]) {
      const message = read.message({ id: 'm1', clientId: 'a:b', timestamp: 1, data });
      assert.ok(isLook(message) && typeof message.text === 'string' && typeof message.typing === 'boolean');
      assert.ok(message.text.length <= (typeof (data?.text ?? data) === 'string' ? 65_536 : 2000));
      assert.deepEqual(Object.keys(message), ['id', 'connection', 'at', 'typing', 'text', 'name', 'color']);
    }
  }
  assert.equal({}.broken, undefined);
});

test('JSON that is shown is cut where it is long or deep, and says so', () => {
  const shown = (data) => read.message({ data }).text;
  assert.match(shown({ a: { b: { c: { d: { e: { f: 1 } } } } } }), /"e": "…"/);
  assert.equal(shown(['x'.repeat(5000)]).length, 2000);
  assert.equal(shown(['x'.repeat(5000)]).at(-1), '…');
  assert.equal(shown(Array(5000).fill(0)).at(-1), '…');
});
