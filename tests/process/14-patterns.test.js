// SPDX-License-Identifier: MIT
// Goal: whatever a client id looks like, the rooms that its token opens are its own and no others,
// as JavaScript's regular expressions see it (the unit tests ask PCRE2 the same).

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Peer } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { serveUnix } from './support/roomkey.js';

const bits = ['a', 'Z', '9', ':', '-', '_', '.', '.*', '+', '?', '^', '$', '(', ')', '(?!', '[', ']', '{', '}', '{2}', '|', '/',
  '\\', '\\d', '\\Q', '"', "'", '${', '${form.x}', ' ', '<', 'é', '€', '😀', 'now', '%', '&', '='];

/** Pseudo-random and the same each time, so that a failure can be repeated. */
function chance(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const below = chance(20261124);
const randomId = () => Array.from({ length: 1 + below(10) }, () => bits[below(bits.length)]).join('');

/** As the service decides: all patterns that match must allow, and at least one must match. */
function may(permissions, right, room) {
  const rules = Object.entries(permissions).filter(([pattern]) => new RegExp(pattern).test(room));
  return rules.length > 0 && rules.every(([, rule]) => rule[right]);
}

let place;
let server;
before(async () => {
  place = await openPlace();
  server = await serveUnix(place);
});
after(() => place.close());

async function check(peer, id, other) {
  const body = JSON.stringify({ clientID: id });
  const answer = await peer.ask({ body, params: { CONTENT_TYPE: 'application/json' } });
  assert.equal(answer.status, 200, `${JSON.stringify(id)}: ${answer.body}`);
  const claims = JSON.parse(Buffer.from(answer.body.split('.')[1], 'base64url'));
  assert.equal(claims.client, id);
  const { permissions } = claims;
  assert.equal(Object.keys(permissions).length, 3);
  const own = `private-room-${id}`;
  assert.deepEqual([may(permissions, 'subscribe', own), may(permissions, 'publish', own)], [true, false], own);
  for (const stranger of [other, `${id}x`, `x${id}`, id + id, id.slice(1), '']) {
    if (stranger === id) continue;
    const room = `private-room-${stranger}`;
    assert.equal(may(permissions, 'subscribe', room), false, `${id} reads ${room}`);
    assert.equal(may(permissions, 'publish', room), stranger !== '', `${id} writes ${room}`);
  }
}

test('5,000 client ids each open their own private room for reading, and every other one for writing only', async () => {
  await Promise.all(Array.from({ length: 20 }, async () => {
    const peer = await Peer.connect(server.address);
    for (let i = 0, other = 'bcI:GPhz6A2T'; i < 250; i++) {
      const id = randomId();
      await check(peer, id, other);
      other = id;
    }
    peer.close();
  }));
});

test('100,000 client ids each make a pattern that matches this id and no other', async () => {
  const fields = Array.from({ length: 16 }, (_, i) => `f${i}`);
  const file = await place.write('patterns.json', JSON.stringify({
    claims: {
      exp: '${now+60}',
      permissions: Object.fromEntries(fields.map((name) => [`^${name}-\${form.${name}|regex}$`, { publish: true }])),
    },
  }));
  const { address } = await serveUnix(place, { args: ['--policy', file] });
  let checked = 0;
  await Promise.all(Array.from({ length: 10 }, async () => {
    const peer = await Peer.connect(address);
    for (let other = 'bcI:GPhz6A2T'; checked < 100_000;) {
      const ids = fields.map(randomId);
      checked += ids.length;
      const body = JSON.stringify(Object.fromEntries(ids.map((id, i) => [fields[i], id])));
      const answer = await peer.ask({ body, params: { CONTENT_TYPE: 'application/json' } });
      assert.equal(answer.status, 200, answer.body);
      const { permissions } = JSON.parse(Buffer.from(answer.body.split('.')[1], 'base64url'));
      const patterns = Object.keys(permissions);
      assert.equal(patterns.length, fields.length);
      for (const [i, id] of ids.entries()) {
        const own = `${fields[i]}-`;
        const pattern = patterns.find((one) => one.startsWith(`^${own}`));
        const expression = new RegExp(pattern);
        assert.ok(expression.test(own + id), `${pattern} is for ${id}`);
        for (const stranger of [other, `${id}x`, `x${id}`, id + id, id.slice(1), id.slice(0, -1), `${id}\n`, '']) {
          if (stranger !== id) assert.ok(!expression.test(own + stranger), `${pattern} lets ${stranger} in`);
        }
        other = id;
      }
    }
    peer.close();
  }));
  assert.ok(checked >= 100_000);
});
