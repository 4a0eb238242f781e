// SPDX-License-Identifier: MIT
// What holds behind every web server: the same requests, and the same answers. Each server's test
// says only how the server is started, and what that server itself answers differently.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { root } from '../../process/support/roomkey.js';
import { encode, send, urlencoded } from '../../process/support/http.js';
import { channel, clientID, verify, verifyBuiltIn } from '../../process/support/tokens.js';

export const good = urlencoded({ clientID });

/** A policy that gives tokens only to people whom the web server has logged in. */
export const members = JSON.stringify({
  claims: { client: '${form.clientID}', channel: '${env.SCALEDRONE_CHANNEL_ID}', exp: '${now+60}', user: '${server.ROOMKEY_USER}' },
});

/** Users for the password files: who, password, and its hash as `htpasswd -B` and `mkpasswd` make them. */
export const person = { name: 'ann', password: 'correct horse' };

export const basic = (name, password) => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;

/** What a visitor may send in the hope that somebody takes it for the web server's own word. */
export const forged = {
  'remote-user': 'root',
  'remote_user': 'root',
  roomkey_user: 'root',
  'roomkey-user': 'root',
  'x-remote-user': 'root',
  'http-roomkey-user': 'root',
  proxy: 'http://127.0.0.1:1/',
  authorization: basic('root', 'root'),
};

async function checkRefusal(answer, status, text) {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.body, text);
  assert.match(answer.headers['content-type'], /^text\/plain; ?charset=utf-8$/i);
  assert.equal(answer.headers['cache-control'], 'no-store');
}

/**
 * The tests of a server that gives tokens to everybody by the built-in policy. `server()` has a port.
 *
 * `tooLarge` is a pattern for what it says to a body over the limit, if it says that itself. `chunked` is
 * false where it announces a chunked body by CONTENT_LENGTH=-1, which is refused. HAProxy has no files.
 */
export function answersTheContract(server, { tooLarge = /^The body is over 16384 bytes/, chunked = true, staticFiles = true } = {}) {
  const auth = (options) => send(server().port, '/auth', options);

  test('a token', async () => {
    const answer = await auth(good);
    assert.equal(answer.status, 200, answer.body);
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.match(answer.headers['content-type'], /^text\/plain; ?charset=utf-8$/i);
    await verifyBuiltIn(answer.body);
  });

  test('a token for what a browser\'s FormData sends', async () => {
    const form = new FormData();
    form.set('clientID', clientID);
    await verifyBuiltIn((await auth(await encode(form))).body);
  });

  test('a token for a client id in the query, which no server decodes on the way', async () => {
    const answer = await send(server().port, '/auth?clientID=bcI%3AGPhz6A2T', {});
    assert.equal(answer.status, 200, answer.body);
    await verifyBuiltIn(answer.body);
  });

  test('JSON for who accepts JSON', async () => {
    const answer = await auth({ ...good, headers: { ...good.headers, accept: 'application/json' } });
    assert.match(answer.headers['content-type'], /^application\/json/);
    await verifyBuiltIn(JSON.parse(answer.body).token);
  });

  test('refusals arrive with their status and text', async () => {
    await checkRefusal(await auth(urlencoded({ a: '1' })), 422, 'No clientID defined');
    await checkRefusal(await auth(urlencoded([['clientID', 'a'], ['clientID', 'b']])), 400, 'clientID is given more than once');
    const other = await auth({ headers: { 'content-type': 'text/plain' }, body: 'clientID=a' });
    assert.equal(other.status, 415);
    assert.match(other.body, /multipart\/form-data.*json/);
  });

  test('another method: 405, with what is allowed', async () => {
    const answer = await auth({ method: 'GET' });
    await checkRefusal(answer, 405, 'Method not allowed: use POST');
    assert.equal(answer.headers.allow, 'POST');
    const put = await auth({ ...good, method: 'PUT' });
    assert.equal(put.status, 405);
  });

  test('HEAD: the same, without a body', async () => {
    const answer = await auth({ method: 'HEAD' });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.allow, 'POST');
    assert.equal(answer.body, '');
  });

  test('a body of 16384 bytes is let through', async () => {
    const body = `clientID=${encodeURIComponent(clientID)}`.padEnd(16384, '&');
    await verifyBuiltIn((await auth({ ...good, body })).body);
  });

  test('a body over the limit: 413, whether its length is told or not', async () => {
    for (const size of [16385, 300_000]) {
      for (const how of chunked ? [false, true] : [false]) {
        const answer = await auth({ ...good, body: good.body.padEnd(size, '&'), chunked: how });
        assert.equal(answer.status, 413, `${size} bytes${how ? ', chunked' : ''}: ${answer.body}`);
        assert.match(answer.body, tooLarge);
      }
    }
    await verifyBuiltIn((await auth(good)).body);
  });

  if (chunked) {
    test('a chunked body', async () => {
      const answer = await auth({ ...good, chunked: true });
      assert.equal(answer.status, 200, answer.body);
      await verifyBuiltIn(answer.body);
    });

    test('a chunked body of many fields', async () => {
      const form = new FormData();
      for (let i = 0; i < 15; i++) form.set(`f${i}`, 'x'.repeat(100));
      form.set('clientID', clientID);
      await verifyBuiltIn((await auth({ ...await encode(form), chunked: true })).body);
    });
  } else {
    test('a chunked body is refused', async () => {
      await checkRefusal(await auth({ ...good, chunked: true }), 400, 'CONTENT_LENGTH is not a plain decimal number');
      const large = await auth({ ...good, body: good.body.padEnd(16385, '&'), chunked: true });
      assert.ok([400, 413].includes(large.status));
    });
  }

  test('many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => auth(good)));
    assert.deepEqual(answers.map(({ status }) => status), Array(20).fill(200));
  });

  test('a neighbour of /auth is no /auth', async () => {
    for (const path of ['/authx', '/auth/x', '/xauth']) {
      const answer = await send(server().port, path, good);
      assert.notEqual(answer.status, 200, path);
    }
  });

  if (staticFiles) {
    test('the chat page comes from the same server', async () => {
      const page = await send(server().port, '/', { method: 'GET' });
      assert.equal(page.status, 200);
      assert.match(page.headers['content-type'], /^text\/html/);
      assert.equal(page.body, await readFile(`${root}static/index.html`, 'latin1'));
      const script = await send(server().port, '/main.js', { method: 'GET' });
      assert.equal(script.status, 200);
      assert.match(script.headers['content-type'], /javascript/);
    });
  }
}

/** A server behind which nobody answers, for whatever reason. */
export function admitsThatNoneAnswers(server, status = 503) {
  test(`${status} in one line, within the time-outs`, async () => {
    const start = performance.now();
    const answer = await send(server().port, '/auth', { ...good, within: 30_000 });
    assert.equal(answer.status, status);
    assert.equal(answer.body, 'No token can be had at the moment, try again in a few seconds');
    assert.ok(performance.now() - start < 12_000, `after ${Math.round(performance.now() - start)} ms`);
  });
}

/** A server whose policy is `members`, without any login: nothing that a visitor sends is one. */
export function believesNoVisitor(server) {
  test('a visitor\'s headers are no login, nor are arguments of the query', async () => {
    for (const [name, value] of [['x', ''], ...Object.entries(forged)]) {
      const answer = await send(server().port, '/auth?ROOMKEY_USER=root&REMOTE_USER=root', { ...good, headers: { ...good.headers, [name]: value } });
      await checkRefusal(answer, 401, 'Not logged in');
    }
    const all = await send(server().port, '/auth', { ...good, headers: { ...good.headers, ...forged } });
    assert.equal(all.status, 401);
  });
}

/** A server whose policy is `members`, with the shipped login by name and password for `person`. */
export function logsPeopleIn(server) {
  const auth = (headers) => send(server().port, '/auth', { ...good, headers: { ...good.headers, ...headers } });

  test('the right password gives a token with the user', async () => {
    for (let i = 0; i < 3; i++) {
      const answer = await auth({ ...forged, authorization: basic(person.name, person.password) });
      assert.equal(answer.status, 200, answer.body);
      const { exp, ...claims } = await verify(answer.body);
      assert.deepEqual(claims, { client: clientID, channel, user: person.name });
    }
  });

  test('a wrong password, another user, and none at all: 401', async () => {
    const attempts = [
      { authorization: basic(person.name, 'wrong') },
      { authorization: basic('root', person.password) },
      { authorization: basic('', '') },
      { authorization: `Bearer ${person.name}` },
      {},
      forged,
    ];
    for (const headers of attempts) {
      const answer = await auth(headers);
      assert.equal(answer.status, 401, JSON.stringify(headers));
      assert.doesNotMatch(answer.body, /^[\w-]+\.[\w-]+\.[\w-]+$/);
      assert.match(answer.headers['www-authenticate'] ?? '', /^basic realm=/i);
    }
    const malformed = await auth({ authorization: 'Basic ???' });
    assert.ok([400, 401].includes(malformed.status));
  });
}
