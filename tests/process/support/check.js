// SPDX-License-Identifier: MIT
// Whether an answer is what a row of the table of cases says.

import assert from 'node:assert/strict';
import { verifyBuiltIn } from './tokens.js';

/** `answer` has a status, headers with names in lower case, and a body. */
export async function checkAnswer(answer, { status, text, allow, client, body }) {
  assert.ok([status].flat().includes(answer.status), `status ${answer.status}, not ${status}: ${answer.body}`);
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
  assert.equal(answer.headers.allow, allow);
  if (status === 200) {
    await verifyBuiltIn(answer.body, { client });
    return;
  }
  assert.doesNotMatch(answer.body, /[\r\n]/, 'one line');
  assert.doesNotMatch(answer.body, /^[\w-]+\.[\w-]+\.[\w-]+$/, 'no token');
  if (typeof text === 'string') assert.equal(answer.body, text);
  if (text instanceof RegExp) assert.match(answer.body, text);
  const value = /clientID=([^&]{3,})/.exec(body)?.[1];
  if (value) assert.ok(!answer.body.includes(decodeURIComponentOr(value)), 'the value is not echoed');
}

function decodeURIComponentOr(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
