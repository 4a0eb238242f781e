// SPDX-License-Identifier: MIT
// Checks a token by two implementations that share nothing with roomkey's own: the jose library, and
// a bare HMAC; then its header and claims to the last member.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { jwtVerify } from 'jose';

export const channel = 'pXK3yq7Zb0aLmN4d';
export const secret = 'k3Jq8vZ1mX5tB7nR2wY9cL4hD6fS0gPa';
export const clientID = 'bcI:GPhz6A2T';

const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());

/** The claims of a token that both implementations find signed with `key`. */
export async function verify(token, key = secret) {
  assert.match(token, /^[\w-]+\.[\w-]+\.[\w-]{43}$/, 'a token and nothing else');
  const [header, claims, signature] = token.split('.');
  assert.equal(createHmac('sha256', key).update(`${header}.${claims}`).digest('base64url'), signature);
  const { payload } = await jwtVerify(token, new TextEncoder().encode(key), { algorithms: ['HS256'] });
  assert.deepEqual(payload, decode(claims));
  assert.deepEqual(decode(header), { alg: 'HS256', typ: 'JWT' });
  return payload;
}

/** What the built-in policy gives to this client, apart from its time and its guest name. */
function permissionsOf(client) {
  const quoted = client.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return {
    '^observable-room$': { publish: true, subscribe: true },
    [`^private-room-${quoted}$`]: { publish: false, subscribe: true },
    [`^private-room-(?!${quoted}$).+$`]: { publish: true, subscribe: false },
  };
}

/** Asserts that it is a token of the built-in policy for `client`, made just now; gives its claims. */
export async function verifyBuiltIn(token, { client = clientID, key = secret } = {}) {
  const claims = await verify(token, key);
  const { exp, data, ...rest } = claims;
  assert.deepEqual(rest, { client, channel, permissions: permissionsOf(client) });
  const age = Date.now() / 1000 + 180 - exp;
  assert.ok(Number.isInteger(exp) && age > -1 && age < 30, `exp in 180 seconds, found ${exp}`);
  assert.deepEqual(Object.keys(data).sort(), ['color', 'name']);
  assert.match(data.name, /^[a-z]+_[a-z]+$/);
  assert.match(data.color, /^#[0-9a-f]{6}$/);
  return claims;
}
