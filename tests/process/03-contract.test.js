// SPDX-License-Identifier: MIT
// Goal: CGI and FastCGI are two ways to one and the same answer: for every row of the contract both give
// the same headers and the same text, to the byte; tokens differ in nothing but their guest. Asked over and
// over, a server grows by nothing.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { cases } from './support/cases.js';
import { ask, parameters, parseAnswer, Peer, request } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { runCgi, serveUnix } from './support/roomkey.js';
import { verify } from './support/tokens.js';
import { until } from './support/until.js';

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

test('thousands of good and bad requests leave no memory and no descriptor behind', async () => {
  const { pid } = server.child;
  const memory = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);
  const descriptors = () => readdirSync(`/proc/${pid}/fd`).length;
  const kept = await Promise.all(Array.from({ length: 8 }, () => Peer.connect(server.address)));
  const leave = async (bytes) => {
    const peer = await Peer.connect(server.address);
    await peer.write(bytes);
    peer.close();
  };
  const round = async () => {
    await Promise.all(cases.map((one) => ask(server.address, one)));
    await Promise.all([leave(request()), leave(request().subarray(0, -20)), ...kept.map(async (peer, i) => {
      const bodies = ['clientID=a', 'a=1', 'clientID=a&clientID=a', '%zz', `clientID=${'x'.repeat(129)}`];
      for (let k = 0; k < 50; k++) await peer.ask({ body: bodies[(i + k) % bodies.length] });
    })]);
  };
  for (let i = 0; i < 2; i++) await round();
  const [before, open] = [memory(), descriptors()];
  for (let i = 0; i < 8; i++) await round();
  assert.ok(memory() - before < 1024, `${memory() - before} KiB more`);
  await until('as many descriptors', () => descriptors() <= open);
  for (const peer of kept) peer.close();
});
