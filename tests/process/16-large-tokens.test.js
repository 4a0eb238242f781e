// SPDX-License-Identifier: MIT
// Goal: a token is either whole or there is none, however much a policy makes of a request: one that
// is too long for its way is refused before it is signed, and any other arrives.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ask, parseAnswer, Peer, readRecords, request, type } from './support/fcgi.js';
import { urlencoded } from './support/http.js';
import { startNginx } from './support/nginx.js';
import { openPlace } from './support/place.js';
import { run, runCgi, serveTcp, serveUnix } from './support/roomkey.js';
import { clientID, verify } from './support/tokens.js';
import { until } from './support/until.js';

const limit = 65_536;
const form = urlencoded({ clientID });
const refusal = 'No token can be made at the moment';
const tooLong = /^roomkey: (?:<\d>)?(?:request [\w.-]+: )?the policy makes a token of \d+ bytes of this request; 65536 are allowed$/m;

let place;
let policy;
before(async () => {
  place = await openPlace();
  // A thousandfold of what is sent.
  policy = await place.write('thousandfold.json', JSON.stringify({
    claims: { client: '${form.clientID}', exp: '${now+60}', x: '${server.ROOMKEY_X}'.repeat(1000) },
  }));
});
after(() => place.close());

const lines = (child) => child.stderr.match(new RegExp(tooLong, 'gm')) ?? [];
/** 45 bytes make a token of 60 thousand, 50 one over the limit, and 1024 one of more than a megabyte. */
const [fits, over, farOver] = [45, 50, 1024].map((size) => 'x'.repeat(size));

async function checkWhole(token) {
  assert.ok(token.length > limit - 6000 && token.length <= limit, `${token.length} bytes`);
  const { x } = await verify(token);
  assert.equal(x, fits.repeat(1000));
}

const ways = { 'a UNIX socket': serveUnix, 'a TCP port': serveTcp };
for (const [name, serve] of Object.entries(ways)) {
  describe(`over ${name}`, () => {
    let server;
    before(async () => { server = await serve(place, { args: ['--policy', policy, '--threads', '1'] }); });

    test('a token over the limit: one fixed 500 and one line in the log, and the connection serves on', async () => {
      const peer = await Peer.connect(server.address);
      for (const [i, value] of [over, farOver].entries()) {
        const answer = await peer.ask({ params: { ROOMKEY_X: value, ROOMKEY_REQUEST_ID: 'abc.1' } });
        assert.deepEqual([answer.status, answer.body], [500, refusal]);
        assert.equal(answer.headers['cache-control'], 'no-store');
        await until('the line', () => lines(server.child).length === i + 1);
      }
      assert.match(server.child.stderr, /request abc\.1: the policy makes/);
      assert.doesNotMatch(server.child.stderr, /xxx/);
      await checkWhole((await peer.ask({ params: { ROOMKEY_X: fits } })).body);
      peer.close();
    });

    test('a token of the limit arrives whole, also where nobody reads until all of it is sent', async () => {
      const late = connect(server.address);
      await once(late, 'connect');
      late.write(request({ params: { ROOMKEY_X: fits }, keep: false }));
      // The one thread comes to the next request when it is done with the first.
      assert.equal((await ask(server.address, { params: { ROOMKEY_X: 'a' } })).status, 200);
      const pieces = [];
      for await (const piece of late) pieces.push(piece);
      const records = readRecords(Buffer.concat(pieces));
      assert.equal(records.at(-1).type, type.end);
      await checkWhole(parseAnswer(Buffer.concat(records.filter((one) => one.type === type.stdout).map((one) => one.content))).body);
    });

    test('through nginx it is the same', async () => {
      const nginx = await startNginx(place, {
        upstreams: [server.address], login: 'fastcgi_param ROOMKEY_X $http_x_test;',
      });
      const auth = (value) => nginx.auth({ body: form.body, headers: { ...form.headers, 'x-test': value } });
      for (let i = 0; i < 3; i++) {
        await checkWhole((await auth(fits)).body);
        const answer = await auth(farOver);
        assert.deepEqual([answer.status, answer.body], [500, refusal]);
      }
    });
  });
}

test('a CGI program answers 500, too', async () => {
  const { stdout, stderr } = await runCgi(place, {
    REQUEST_METHOD: 'POST', CONTENT_TYPE: 'application/json', CONTENT_LENGTH: '16', ROOMKEY_POLICY: policy, ROOMKEY_X: over,
  }, { input: '{"clientID":"a"}' });
  const answer = parseAnswer(Buffer.from(stdout, 'latin1'));
  assert.deepEqual([answer.status, answer.body], [500, refusal]);
  assert.match(stderr, tooLong);
});

test('mint and explain refuse it with 65, and check says so where the text alone is too long', async () => {
  for (const command of [['mint'], ['mint', '--decode'], ['explain', '--room', 'a']]) {
    const given = [...command, '--policy', policy, '--form', `clientID=${clientID}`, '--server', `ROOMKEY_X=${over}`];
    const { status, stdout, stderr } = await run(place, given);
    assert.deepEqual([status, stdout], [65, ''], command.join(' '));
    assert.match(stderr, tooLong);
  }
  const long = await place.write('long.json', JSON.stringify({ claims: { exp: '${now+60}', x: 'x'.repeat(49_152) } }));
  const { status, stderr } = await run(place, ['check', '--policy', long]);
  assert.equal(status, 78);
  assert.equal(stderr, `roomkey: ${long} /claims: expected tokens of 65536 bytes at most, found text that makes them 65637 or more\n`);
});
