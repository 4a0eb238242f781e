// SPDX-License-Identifier: MIT
// What the rules of a token allow in a room.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Permissions } from '../lib/permissions.js';

const allow = { publish: true, subscribe: true };
const deny = { publish: false, subscribe: false };

/** One letter for each thing allowed, as in "ps10": publish, subscribe, 10 messages of history. */
function summarize(permissions, room) {
  return (permissions.canPublish(room) ? 'p' : '-') + (permissions.canSubscribe(room) ? 's' : '-') +
    permissions.historyLimit(room);
}

for (const [name, rules, expectations] of [
  ['no rule at all', {}, { main: '--0' }],
  ['a rule that matches', { '^main$': allow }, { main: 'ps0' }],
  ['no rule that matches', { '^main$': allow }, { other: '--0', 'main ': '--0' }],
  ['a pattern without anchors', { main: allow }, { 'domain-2': 'ps0', mai: '--0' }],
  ['an empty pattern', { '': allow }, { anything: 'ps0' }],
  ['a rule that says nothing', { main: {} }, { main: '--0' }],
  ['values that are nearly true', { main: { publish: 1, subscribe: 'true' } }, { main: '--0' }],
  ['rules that are no objects', { a: null, b: true, c: [true] }, { a: '--0', b: '--0', c: '--0' }],
  ['publish alone', { main: { publish: true } }, { main: 'p-0' }],
  ['subscribe alone', { main: { subscribe: true } }, { main: '-s0' }],
  ['history', { main: { ...allow, history: 10 } }, { main: 'ps10' }],
  ['history that is no count', { a: { history: '9' }, b: { history: -1 }, c: { history: 2.9 } },
    { a: '--0', b: '--0', c: '--2' }],
  ['a lookahead', { '^private-(?!ann$).+$': { publish: true } },
    { 'private-ann': '--0', 'private-anna': 'p-0', 'private-bob': 'p-0', 'private-': '--0' }],
  ['a client id', { '^private-bcI:GPhz6A2T$': allow },
    { 'private-bcI:GPhz6A2T': 'ps0', 'private-bcI:GPhz6A2U': '--0' }],
  ['a client id with signs that are escaped', { '^private-a\\.b:c\\+d$': allow },
    { 'private-a.b:c+d': 'ps0', 'private-axb:c+d': '--0', 'private-a.b:ccd': '--0' }],
  ['a client id with signs that are not escaped', { '^private-a.b:c+d$': allow },
    { 'private-a.b:c+d': '--0', 'private-axb:ccd': 'ps0' }],
  ['escapes that are not needed', { '^a\\:b\\-c$': allow }, { 'a:b-c': 'ps0' }],
  ['an allowing and a denying rule', { '.*': allow, '^main$': deny },
    { main: '--0', other: 'ps0' }],
  ['a denying and an allowing rule', { '^main$': deny, '.*': allow },
    { main: '--0', other: 'ps0' }],
  ['two rules with different parts', { a: { publish: true }, b: { subscribe: true } },
    { ab: '--0', a: 'p-0', b: '-s0' }],
  ['the smaller history', { a: { ...allow, history: 10 }, b: { ...allow, history: 3 } },
    { ab: 'ps3' }],
  ['a bad pattern beside a good one', { '^*.$': deny, main: allow }, { main: 'ps0', x: '--0' }],
  ['a room that is called like a method', { '^constructor$': allow },
    { constructor: 'ps0', toString: '--0' }],
]) {
  test(`decides by ${name}`, () => {
    const permissions = new Permissions(rules);
    for (const [room, expected] of Object.entries(expectations)) {
      assert.equal(summarize(permissions, room), expected, room);
    }
  });
}

test('a pattern may be called __proto__', () => {
  const permissions = new Permissions(JSON.parse('{"__proto__": {"publish": true}}'));
  assert.equal(summarize(permissions, '__proto__'), 'p-0');
  assert.equal(summarize(permissions, 'main'), '--0');
});

test('with the order "last" the last rule that matches decides alone', () => {
  const options = { order: 'last' };
  const history = { ...allow, history: 5 };
  assert.equal(summarize(new Permissions({ '.*': deny, main: history }, options), 'main'), 'ps5');
  assert.equal(summarize(new Permissions({ main: history, '.*': deny }, options), 'main'), '--0');
  assert.equal(summarize(new Permissions({ main: allow, other: deny }, options), 'main'), 'ps0');
});

test('warns once of rules that disagree, and names the room without client ids', () => {
  const warnings = [];
  const warn = (line) => warnings.push(line);
  const permissions = new Permissions({ '.*': allow, '^private': deny }, { warn });
  permissions.canPublish('other');
  assert.deepEqual(warnings, []);
  for (let n = 0; n < 3; n++) permissions.canPublish(`private-bcI:GPhz6A2${n}`);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /disagree about the room private-bcI…;/);
});

test('does not warn of rules that agree', () => {
  const warn = assert.fail;
  assert.equal(summarize(new Permissions({ a: allow, b: allow }, { warn }), 'ab'), 'ps0');
});

test('warns once of a pattern that does not compile, when it is first needed', () => {
  const warnings = [];
  const warn = (line) => warnings.push(line);
  const permissions = new Permissions({ '(private-bcI:GPhz6A2T': allow }, { warn });
  assert.deepEqual(warnings, []);
  for (let n = 0; n < 3; n++) permissions.canSubscribe('main');
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /"\(private-bcI…"/);
});
