// SPDX-License-Identifier: MIT
// Goal: LiveKit's own library, with which its servers' tokens are checked, takes the token of
// deploy/policies/livekit.json and finds in it what the policy says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { TokenVerifier } from 'livekit-server-sdk';
import { secret } from '../process/support/tokens.js';
import { fromComment, mint, mintExpired, openEnginePlace, wrongKey } from './support/policies.js';

let place;
before(async () => { place = await openEnginePlace(); });
after(() => place.close());

const apiKey = 'APIabc123';
const given = { user: 'alice', env: { LIVEKIT_API_KEY: apiKey } };
// No tolerance for clocks that differ, which would let an expired token live for ten seconds more.
const verify = (token, key = apiKey) => new TokenVerifier(key, secret).verify(token, 0);

test('the policy was tried with this version', () => {
  const { devDependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
  const [version] = /^\d+\.\d+/.exec(devDependencies['livekit-server-sdk']);
  assert.match(fromComment('livekit', /^Tried with/), new RegExp(`livekit-server-sdk ${version},`));
});

test('the token is taken, and says who may do what', async () => {
  const { sub, name, video, metadata } = await verify(await mint(place, 'livekit', given));
  assert.deepEqual([sub, name], ['alice', 'alice']);
  assert.deepEqual(video, { room: 'lobby', roomJoin: true, canPublish: true, canSubscribe: true });
  assert.deepEqual(JSON.parse(metadata), { name: 'alice' });
});

test('a wrong key, an expired token and another API key are refused', async () => {
  await assert.rejects(verify(await mint(place, 'livekit', { ...given, key: wrongKey })), /signature verification failed/);
  await assert.rejects(verify(await mintExpired(place, 'livekit', given)), /"exp" claim timestamp check failed/);
  await assert.rejects(verify(await mint(place, 'livekit', given), 'APIanother'), /unexpected "iss" claim value/);
});
