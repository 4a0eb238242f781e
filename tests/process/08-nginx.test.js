// SPDX-License-Identifier: MIT
// Goal: the nginx files that are shipped do what they say: a browser gets its token through them, what
// nginx refuses itself is one line of text, processes that die cost no request, and the page is served
// with its policy and nothing beside it.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { encode, send, sendRaw, urlencoded, visitor } from './support/http.js';
import { assertNoneFailed, startLoad } from './support/load.js';
import { startNginx } from './support/nginx.js';
import { openPlace } from './support/place.js';
import { freePort } from './support/port.js';
import { environment, roomkey, serveSpawned, serveUnix } from './support/roomkey.js';
import { clientID, secret, verify, verifyBuiltIn } from './support/tokens.js';
import { until } from './support/until.js';

let place;
let server;
let nginx;
before(async () => {
  place = await openPlace();
  server = await serveSpawned(place, { args: ['--threads', '1'] });
  const pages = place.path('pages');
  await mkdir(`${pages}/.git`, { recursive: true });
  await place.write('pages/index.html', '<!doctype html><title>page</title>');
  await place.write('pages/main.js', '// page');
  await place.write('pages/.git/config', 'hidden');
  await place.write('pages/.env', 'hidden');
  await place.write('outside', 'hidden');
  nginx = await startNginx(place, { upstreams: [server.address], pages, realtime: 'wss://realtime.example' });
});
after(() => place.close());

const form = urlencoded({ clientID });

describe('a token through nginx', () => {
  test("for the FormData of fetch, as the page sends it", async () => {
    const body = new FormData();
    body.set('clientID', clientID);
    const answer = await fetch(`${nginx.url}/auth`, { method: 'POST', body });
    assert.equal(answer.status, 200);
    await verifyBuiltIn(await answer.text());
  });

  test('for URLSearchParams, a JSON body and the query', async () => {
    const ways = [
      ['/auth', { body: new URLSearchParams({ clientID }) }],
      ['/auth', { body: JSON.stringify({ clientID }), headers: { 'content-type': 'application/json' } }],
      [`/auth?clientID=${encodeURIComponent(clientID)}`, {}],
    ];
    for (const [path, how] of ways) {
      const answer = await fetch(nginx.url + path, { method: 'POST', ...how });
      assert.equal(answer.status, 200);
      await verifyBuiltIn(await answer.text());
    }
  });

  test('for a chunked body, which nginx gives its length', async () => {
    const body = new FormData();
    body.set('clientID', clientID);
    const answer = await nginx.auth({ ...(await encode(body)), chunked: true });
    await verifyBuiltIn(answer.body);
  });

  test('with a header for each thing once, and none of the page', async () => {
    const { rawHeaders } = await nginx.auth(form);
    const names = rawHeaders.filter((_, i) => i % 2 === 0).map((name) => name.toLowerCase());
    assert.deepEqual([...new Set(names)], names, 'no header twice');
    assert.ok(!names.includes('content-security-policy'));
    assert.ok(names.includes('cache-control'));
  });

  test('as JSON when Accept says so', async () => {
    const answer = await nginx.auth({ ...form, headers: { ...form.headers, accept: 'application/json' } });
    await verifyBuiltIn(JSON.parse(answer.body).token);
  });
});

describe('what is refused', () => {
  for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    test(`${method} /auth is 405 and allows POST`, async () => {
      const answer = await nginx.auth({ method });
      assert.equal(answer.status, 405);
      assert.equal(answer.headers.allow, 'POST');
      assert.equal(answer.headers['cache-control'], 'no-store');
    });
  }

  const oneLine = (answer, status, text) => {
    assert.equal(answer.status, status);
    assert.match(answer.headers['content-type'], /^text\/plain/);
    assert.match(answer.body, text);
    assert.doesNotMatch(answer.body, /[\r\n<]/);
    assert.equal(answer.headers['cache-control'], 'no-store');
  };

  test('a body over the limit is 413 in one line, by its announced length and in chunks', async () => {
    const body = `clientID=a${'&'.repeat(20_000)}`;
    oneLine(await nginx.auth({ ...form, body }), 413, /16384/);
    oneLine(await nginx.auth({ ...form, body, chunked: true }), 413, /16384/);
  });

  test('415 and 422 come as roomkey says them', async () => {
    oneLine(await nginx.auth({ body: 'x', headers: { 'content-type': 'text/plain' } }), 415, /^Content type/);
    oneLine(await nginx.auth({ ...form, body: 'a=b' }), 422, /^No clientID defined$/);
  });

  test('a flood from one address is 429 with Retry-After, and others are not affected', async () => {
    const from = visitor();
    const answers = await Promise.all(Array.from({ length: 40 }, () => nginx.auth({ ...form, from })));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(answers.filter(({ status }) => status === 200).length >= 20);
    assert.ok(refused.length >= 10, `${refused.length} refused`);
    oneLine(refused[0], 429, /^Too many requests/);
    assert.match(refused[0].headers['retry-after'], /^\d+$/);
    assert.equal((await nginx.auth(form)).status, 200);
  });

  test('without a roomkey it is 503 in one line, with Retry-After', async () => {
    const lonely = await startNginx(place, { upstreams: [{ path: place.path('nobody.sock') }] });
    const answer = await lonely.auth(form);
    oneLine(answer, 503, /^No token/);
    assert.match(answer.headers['retry-after'], /^\d+$/);
  });

  test('a roomkey that hangs is 503 within the time-outs that are shipped', async () => {
    const stuck = await serveUnix(place, { args: ['--threads', '1'] });
    const waiting = await startNginx(place, { upstreams: [stuck.address] });
    await stuck.child.freeze();
    const start = performance.now();
    const answer = await waiting.auth(form);
    stuck.child.kill('SIGCONT');
    oneLine(answer, 503, /^No token/);
    assert.ok(performance.now() - start < 12_000);
  });
});

describe('headers of a visitor', () => {
  const policy = { claims: { user: '${server.ROOMKEY_USER ?? form.nobody ?? env.FALLBACK}', exp: '${now+60}' } };

  test('can not set what roomkey trusts', async () => {
    const file = await place.write('user.json', JSON.stringify(policy));
    const env = { SCALEDRONE_CHANNEL_SECRET: secret, FALLBACK: 'nobody' };
    const { address } = await serveUnix(place, { args: ['--policy', file], env });
    const forged = await startNginx(place, { upstreams: [address] });
    const headers = {
      ...form.headers, 'ROOMKEY_USER': 'root', 'roomkey-user': 'root', 'X-ROOMKEY_USER': 'root', Proxy: 'http://evil.example',
      'REMOTE_USER': 'root', authorization: `Basic ${Buffer.from('root:x').toString('base64')}`,
    };
    const answer = await forged.auth({ ...form, headers });
    assert.equal(answer.status, 200, answer.body);
    assert.equal((await verify(answer.body)).user, 'nobody');
  });

  test("can not choose the request's id: a message names the connection as nginx numbers it", async () => {
    const path = place.path('failing.sock');
    const child = place.start('strace', ['-D', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=getrandom:error=EIO', roomkey, '--socket', `unix:${path}`], { env: environment });
    await until('the socket', () => existsSync(path));
    const failing = await startNginx(place, { upstreams: [{ path }] });
    const answer = await failing.auth({ ...form, headers: { ...form.headers, 'ROOMKEY_REQUEST_ID': 'x', 'x-request-id': 'x' } });
    assert.equal(answer.status, 500, answer.body);
    await until('the message', () => /getrandom/.test(child.stderr));
    assert.match(child.stderr, /request [1-9]\d*-1: /);
  });
});

describe('the page', () => {
  const get = (path, options) => send(nginx.port, path, { method: 'GET', ...options });

  test('comes with its policy, which names the realtime service and allows nothing inline', async () => {
    for (const path of ['/', '/index.html', '/main.js']) {
      const answer = await get(path);
      assert.equal(answer.status, 200);
      const policy = answer.headers['content-security-policy'];
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /connect-src 'self' wss:\/\/realtime\.example/);
      assert.doesNotMatch(policy, /unsafe/);
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.equal(answer.headers['cache-control'], 'no-cache');
      assert.equal(answer.headers.server, 'nginx');
    }
  });

  test('is asked for, and not posted to', async () => {
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const answer = await send(nginx.port, '/index.html', { method, body: 'x' });
      assert.ok([403, 405].includes(answer.status), `${method}: ${answer.status}`);
    }
  });

  for (const path of ['/../outside', '/%2e%2e/outside', '/..%2foutside', '/main.js/../../outside', '/%2e%2e%2foutside']) {
    test(`is all there is: ${path}`, async () => {
      const answer = await sendRaw(nginx.port, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      assert.match(answer, /^HTTP\/1\.1 40[04] /);
      assert.doesNotMatch(answer, /hidden/);
    });
  }

  for (const path of ['/.git/config', '/.env']) {
    test(`does not show a hidden file: ${path}`, async () => {
      const answer = await get(path);
      assert.ok([403, 404].includes(answer.status), `${answer.status}: ${answer.body}`);
    });
  }

  test('/auth is that path alone', async () => {
    for (const path of ['/auth/', '/auth/x', '/authx', '/AUTH']) {
      assert.notEqual((await send(nginx.port, path, form)).status, 200, path);
    }
  });
});

describe('kept connections and one thread', () => {
  const good = (where) => async () => {
    const answer = await where.auth(form);
    return answer.status === 200 ? undefined : `${answer.status} ${answer.body}`;
  };

  test('many requests one after the other are answered', async () => {
    for (let i = 0; i < 200; i++) assert.equal(await good(nginx)(), undefined);
  });

  // A program that keeps a thread for each connection would leave some of them waiting for ever.
  for (const [name, how] of [['kept', { keepalive: 64 }], ['kept, but for too few', { keepalive: 4 }], ['not kept', { keep: false }]]) {
    test(`128 clients over 2 workers, connections are ${name}: none fails, and none is left waiting`, async (t) => {
      const busy = await startNginx(place, { upstreams: [server.address], workers: 2, ...how });
      const load = startLoad(t, 128, good(busy));
      await load.more(20 * 128);
      assertNoneFailed(t, await load.stop());
      assert.equal(await good(busy)(), undefined);
    });
  }
});

describe('two processes', () => {
  test('one is killed and replaced, again and again: no request fails', async (t) => {
    const steady = await serveUnix(place);
    const path = place.path('mortal.sock');
    let mortal = await serveUnix(place, { path });
    const pair = await startNginx(place, { upstreams: [steady.address, { path }] });
    const load = startLoad(t, 16, async () => {
      const answer = await pair.auth(form);
      return answer.status === 200 ? undefined : `${answer.status} ${answer.body}`;
    });
    for (let i = 0; i < 6; i++) {
      await load.more(100);
      await mortal.child.stop('SIGKILL');
      mortal = await serveUnix(place, { path });
    }
    assertNoneFailed(t, await load.stop());
  });

  test('one is not there at all: every request is answered by the other', async () => {
    const steady = await serveUnix(place);
    const pair = await startNginx(place, { upstreams: [{ host: '127.0.0.1', port: await freePort() }, steady.address] });
    for (let i = 0; i < 20; i++) assert.equal((await pair.auth(form)).status, 200);
  });

  test('both take part', async () => {
    const file = (name) => place.write(`${name}.json`, JSON.stringify({ claims: { who: name, client: '${form.clientID}', exp: '${now+60}' } }));
    const both = await Promise.all(['one', 'two'].map(async (name) => serveUnix(place, { args: ['--policy', await file(name)] })));
    const pair = await startNginx(place, { upstreams: both.map(({ address }) => address) });
    const seen = new Set();
    await until('answers of both', async () => {
      seen.add((await verify((await pair.auth(form)).body)).who);
      return seen.size === 2;
    });
  });
});

test('nothing that nginx logs holds a token or a client id', async () => {
  const logs = (await nginx.accessLog()) + (await nginx.errorLog());
  assert.match(logs, /POST \/auth HTTP/, 'there is a log');
  assert.doesNotMatch(logs.replaceAll('clientID=bcI%3AGPhz6A2T HTTP', ''), /eyJ|bcI:GPhz6A2T/);
});
