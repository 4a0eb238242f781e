// SPDX-License-Identifier: MIT
// Goal: CGI and FastCGI are two ways to one and the same answer: for every row of the contract both give
// the same headers and the same text, to the byte; tokens differ in nothing but their guest.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cases } from './support/cases.js';
import { ask, parameters, parseAnswer } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { runCgi, serveUnix } from './support/roomkey.js';
import { verify } from './support/tokens.js';

let place;
let server;
before(async () => {
  place = await openPlace();
  server = await serveUnix(place);
});
after(() => place.close());

async function asCgi(one) {
  const params = parameters(one.params, one.body);
  const ended = await runCgi(place, params, { input: one.body });
  assert.equal(ended.status, 0, ended.stderr);
  return parseAnswer(Buffer.from(ended.stdout, 'latin1'));
}

/** The answer with its token taken apart, and without what may differ: names are of any length. */
async function comparable({ status, headers: { 'content-length': length, ...headers }, body }, isHead) {
  // To HEAD the length of the body is told, and no body is sent.
  if (isHead) assert.ok(body === '' && Number(length) > 0);
  else if (length !== undefined) assert.equal(length, String(body.length));
  if (status !== 200) return { headers, body };
  const { exp: _, data: __, ...claims } = await verify(body);
  return { headers, claims };
}

for (const one of cases) {
  test(`${one.name}: the same answer both ways`, async () => {
    const [cgi, fastcgi] = await Promise.all([asCgi(one), ask(server.address, one)]);
    assert.equal(cgi.status, fastcgi.status);
    const isHead = one.params?.REQUEST_METHOD === 'HEAD';
    assert.deepEqual(await comparable(cgi, isHead), await comparable(fastcgi, isHead));
  });
}
