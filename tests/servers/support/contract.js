// SPDX-License-Identifier: MIT
// What holds behind every web server: the same requests, and the same answers. Each server's test
// says only how the server is started, and what that server itself answers differently.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readFile } from 'node:fs/promises';
import { root } from '../../process/support/roomkey.js';
import { encode, send, sendRaw, urlencoded, visitor } from '../../process/support/http.js';
import { channel, clientID, verify, verifyBuiltIn } from '../../process/support/tokens.js';

export const good = urlencoded({ clientID });

/** A policy that gives tokens only to people whom the web server has logged in. */
export const members = JSON.stringify({
  claims: { client: '${form.clientID}', channel: '${env.SCALEDRONE_CHANNEL_ID}', exp: '${now+60}', user: '${server.ROOMKEY_USER}' },
  allowed_origins: ['https://elsewhere.example'],
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

/** One line of plain text that nobody keeps, without the version of the server. */
export function checkRefusal(answer, status, text, { marked = true } = {}) {
  assert.equal(answer.status, status, answer.body);
  assert.equal(answer.body, text);
  checkNoVersion(answer);
  assert.match(answer.headers['content-type'], /^text\/plain; ?charset=utf-8$/i);
  if (marked) assert.equal(answer.headers['cache-control'], 'no-store');
}

function checkNoVersion({ headers, body }) {
  for (const text of [headers.server ?? '', body]) assert.doesNotMatch(text, /(?:nginx|apache|lighttpd|caddy|haproxy|openssl|mod_\w+)\/?\s*v?\d/i);
}

/**
 * The tests of a server that gives tokens to everybody by the built-in policy. `server()` has a port.
 *
 * `tooLarge` is what it says to a body over the limit, with no-store if that is marked. `chunked` is the answer to a
 * chunked body where such bodies are refused. HAProxy has no files.
 */
export function answersTheContract(server, { tooLarge = 'The body is over 16384 bytes', tooLargeMarked = true, chunked = true, staticFiles = true } = {}) {
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
    checkRefusal(await auth(urlencoded({ a: '1' })), 422, 'No clientID defined');
    checkRefusal(await auth(urlencoded([['clientID', 'a'], ['clientID', 'b']])), 400, 'clientID is given more than once');
    const other = await auth({ headers: { 'content-type': 'text/plain' }, body: 'clientID=a' });
    assert.equal(other.status, 415);
    assert.match(other.body, /multipart\/form-data.*json/);
  });

  test('another method: 405, with what is allowed', async () => {
    const answer = await auth({ method: 'GET' });
    checkRefusal(answer, 405, 'Method not allowed: use POST');
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
      for (const how of chunked === true ? [false, true] : [false]) {
        const answer = await auth({ ...good, body: good.body.padEnd(size, '&'), chunked: how });
        checkRefusal(answer, 413, tooLarge, { marked: tooLargeMarked });
      }
    }
    await verifyBuiltIn((await auth(good)).body);
  });

  if (chunked === true) {
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
      for (const body of [good.body, '', good.body.padEnd(16384, '&')]) {
        checkRefusal(await auth({ ...good, body, chunked: true }), ...chunked);
      }
      const large = await auth({ ...good, body: good.body.padEnd(16385, '&'), chunked: true });
      assert.ok([chunked[0], 413].includes(large.status));
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

/** Who sends a body at a snail's pace; gives the status of the answer, or nothing where there was none. */
export function sendSlowly(port, { from = visitor(), each = 0 }) {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  let said = '';
  socket.on('data', (piece) => { said += piece; }).on('error', () => {});
  socket.write(`POST /auth HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 16000\r\n\r\nclientID=`);
  const timer = each && setInterval(() => socket.write('&'), each);
  // Some servers go on reading after they have answered.
  const answered = new Promise((resolve) => {
    socket.on('close', resolve).on('data', () => { if (said.includes('\r\n\r\n')) resolve(); });
  }).finally(() => { clearInterval(timer); socket.destroy(); });
  return answered.then(() => /^HTTP\/1\.1 (\d+)/.exec(said)?.[1]);
}

/**
 * A server gives up on bodies that do not come, and others get their tokens meanwhile. `statuses` are those
 * of its answers, `undefined` where it closes the connection instead; `trickle` says whether a byte now and
 * then keeps a request alive.
 */
export function givesUpSlowBodies(server, { statuses, count = 60, trickle = false, patience = 5000, within = 25_000 }) {
  test(`${count} stalled bodies are given up within seconds, and nobody waits for them`, async () => {
    const start = performance.now();
    const slow = Promise.all(Array.from({ length: count }, () => sendSlowly(server().port, {})));
    for (let i = 0; i < 10; i++) assert.equal((await send(server().port, '/auth', { ...good, within: patience })).status, 200);
    for (const status of new Set(await slow)) assert.ok(statuses.includes(status), `${status}`);
    assert.ok(performance.now() - start < within, `after ${Math.round(performance.now() - start)} ms`);
  });
  if (!trickle) {
    test('a byte now and then is not enough', async () => {
      const start = performance.now();
      const status = await sendSlowly(server().port, { each: 500 });
      assert.ok(statuses.includes(status), `${status}`);
      assert.ok(performance.now() - start < within, `after ${Math.round(performance.now() - start)} ms`);
    });
  }
}

/** The answers to as many requests at once over one connection of HTTP/2. */
export async function askOverHttp2({ port, tls, headers, body, path = '/auth', host = '127.0.0.1', from, times = 1 }) {
  const socket = connectTls({ ...tls, host, port, localAddress: from, ALPNProtocols: ['h2'] });
  const session = connectHttp2(`https://${tls.servername}`, { createConnection: () => socket });
  const ask = () => new Promise((resolve, reject) => {
    session.on('error', reject);
    // As browsers do; lighttpd wants it.
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-length': Buffer.byteLength(body), ...headers });
    let text = '';
    let status;
    stream.on('error', reject).on('response', (answer) => { status = answer[':status']; });
    stream.setEncoding('latin1').on('data', (piece) => { text += piece; }).on('end', () => resolve({ status, body: text }));
    stream.end(body);
  });
  session.setMaxListeners(times + 10);
  try {
    return await Promise.all(Array.from({ length: times }, ask));
  } finally {
    session.destroy();
  }
}

export const families = ['127.0.0.1', '::1'];

/**
 * A site that is set up for HTTPS: `server()` has a `port`, a `securePort`, and the `tls` of a client that trusts it.
 * `proof` makes what proves a certificate; `hsts` is what the operator has browsers hold on to.
 */
export function worksOverHttps(server, { page = true, from = families, proof, hsts } = {}) {
  const secure = (path, options) => send(server().securePort, path, { tls: server().tls, ...options });
  const named = (headers = {}) => ({ host: server().tls.servername, ...headers });

  for (const host of from) {
    test(`a token and the page over HTTPS, from ${host}`, async () => {
      const answer = await secure('/auth', { ...good, headers: named(good.headers), host });
      assert.equal(answer.status, 200, answer.body);
      await verifyBuiltIn(answer.body);
      checkNoVersion(answer);
      checkRefusal(await secure('/auth', { ...good, body: good.body.padEnd(16385, '&'), headers: named(good.headers), host }), 413,
        'The body is over 16384 bytes', { marked: false });
      if (!page) return;
      const main = await secure('/', { method: 'GET', headers: named(), host });
      assert.equal(main.body, await readFile(`${root}static/index.html`, 'latin1'));
      assert.match(main.headers['content-security-policy'], /connect-src 'self' wss:/);
      // Browsers hold on to it, so it is the operator's decision.
      assert.equal(main.headers['strict-transport-security'], hsts);
      if (!proof) return;
      await proof(['.well-known/acme-challenge/x']);
      assert.equal((await secure('/.well-known/acme-challenge/x', { method: 'GET', headers: named(), host })).status, 200);
    });

    test(`over HTTP/2, from ${host}`, async () => {
      const [answer] = await askOverHttp2({ ...good, port: server().securePort, tls: server().tls, host });
      assert.equal(answer.status, 200, answer.body);
      await verifyBuiltIn(answer.body);
    });

    test(`over HTTP nothing but the way to HTTPS, from ${host}`, async () => {
      for (const [path, options] of [['/auth?a=b', good], ['/auth', good], ['/', { method: 'GET' }], ['/main.js?x=%20y', { method: 'GET' }]]) {
        const answer = await send(server().port, path, { ...options, headers: named(options.headers), host });
        assert.ok([301, 308].includes(answer.status), `${path}: ${answer.status}`);
        assert.equal(answer.headers.location.replace(/:\d+(?=\/)/, ''), `https://${server().tls.servername}${path}`);
        checkNoVersion(answer);
      }
    });
  }
}

/** The policies of the test below; the last one is at no endpoint. */
export const offered = ['default', 'news', 'own', 'hidden'];

/**
 * A server whose operator offers `default` at /auth of each site, `news` at /auth/news of chat.example.com, and `own` at
 * /auth/own of other.example.
 */
export function offersItsEndpointsAlone(server) {
  const [chat, other] = ['chat.example.com', 'other.example'];
  const ask = (path, { host = chat, headers = {} } = {}) => send(server().port, path, { ...good, headers: { ...good.headers, host, ...headers } });
  const policyIn = (text) => {
    const [, claims] = /(?:^|\n)[\w-]+\.([\w-]+)\.[\w-]{43}\s*$/.exec(text) ?? [];
    return claims && JSON.parse(Buffer.from(claims, 'base64url').toString()).is;
  };

  test('each endpoint has its policy', async () => {
    for (const [host, path, name] of [
      [chat, '/auth', 'default'], [other, '/auth', 'default'], [chat, '/auth/news', 'news'], [other, '/auth/own', 'own'], [other, '/auth/own?x=y', 'own'],
    ]) {
      const answer = await ask(path, { host });
      assert.equal(policyIn(answer.body), name, `${host}${path}: ${answer.status} ${answer.body}`);
    }
  });

  test('a path that is no endpoint is 404, whatever it is like', async () => {
    for (const path of [
      '/auth/own', '/auth/hidden', '/auth/default', '/auth/', '/auth/x', '/auth/news/', '/auth/news/x', '/authx', '/AUTH', '/Auth', '/auth/NEWS',
      '/auth%0a', '/auth%20', '/auth.', '/auth;x', '/auth/news%0a', '/auth/news;x', '/auth%253fx', '/hidden', '/hidden.json', '/@roomkey', '/%40roomkey',
      '/auth/%4eews', '/auth/news%2fx', '/news', '/default', '/auth/..%2fhidden', '/roomkey',
    ]) {
      const answer = await ask(path);
      assert.equal(policyIn(answer.body), undefined, path);
      // Apache has one for an encoded slash and a folder, and others think some of these malformed.
      assert.ok([404, 400].includes(answer.status), `${path}: ${answer.status}`);
    }
    for (const path of ['/auth/news', '/auth/hidden']) assert.equal((await ask(path, { host: other })).status, 404, path);
  });

  test('another spelling of an endpoint is that one or none', async () => {
    for (const [path, name] of [
      ['/%61uth', 'default'], ['/auth/%6eews', 'news'], ['//auth', 'default'], ['/x/../auth', 'default'], ['/auth/../auth/news', 'news'], ['/auth/./news', 'news'],
      ['/auth//news', 'news'], ['/auth/news/../own', 'none'], ['/auth/own/../../auth', 'default'], ['/auth/news/%2e%2e/hidden', 'none'], ['/auth%2fnews', 'news'],
      ['/auth#/../hidden', 'default'], ['/auth/news%00', 'none'], ['/auth/news%00hidden', 'none'], ['/auth\\news', 'none'], ['/auth%5cnews', 'none'], ['/auth/news?/../own', 'news'],
    ]) {
      const answer = await sendRaw(server().port, `POST ${path} HTTP/1.1\r\nHost: ${chat}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${good.body.length}\r\n\r\n${good.body}`);
      assert.ok([undefined, name].includes(policyIn(answer)), `${path}: ${policyIn(answer)}`);
    }
  });

  test('nothing else that a visitor sends picks a policy', async () => {
    const names = ['roomkey_policy_name', 'roomkey-policy-name', 'x-roomkey-policy-name', 'http-roomkey-policy-name', 'redirect-roomkey-policy-name'];
    const paths = ['x-original-url', 'x-rewrite-url', 'x-original-uri', 'x-forwarded-path', 'x-forwarded-prefix', 'x-accel-redirect'];
    for (const headers of [
      ...names.flatMap((name) => ['news', 'own', 'hidden'].map((value) => ({ [name]: value }))), ...paths.map((name) => ({ [name]: '/auth/news' })),
      ...['x-forwarded-host', 'x-forwarded-server', 'forwarded'].map((name) => ({ [name]: name === 'forwarded' ? `host=${other}` : other })),
    ]) {
      const answer = await ask('/auth', { headers });
      assert.equal(policyIn(answer.body), 'default', JSON.stringify(headers));
    }
    for (const query of ['ROOMKEY_POLICY_NAME=hidden', 'policy=hidden', 'ROOMKEY_POLICY_NAME=news&x', '/auth/news', '/../auth/news']) {
      assert.equal(policyIn((await ask(`/auth?${query}`)).body), 'default', query);
    }
    // A site's name and a path that only together are an endpoint.
    for (const [host, path] of [[`${other}/auth`, '/own'], [`${chat}/auth`, '/news'], ['*/auth', ''], [`${other}/auth/own`, ''], [`${other}/auth/own#`, '/auth/x']]) {
      const answer = await sendRaw(server().port, `POST ${path || '*'} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${good.body.length}\r\n\r\n${good.body}`);
      assert.equal(policyIn(answer), undefined, `${host} ${path}`);
    }
  });
}

/** A complete site keeps hidden files and copies to itself. */
export function hidesFiles(server, addPages) {
  test('hidden files and what editors leave behind are not served, but for the proofs of certificates', async () => {
    const hidden = ['.secret', '.git/config', '.any', '.hidden/file', 'a/.any', 'main.js.bak', 'main.js.old', 'main.js~', 'main.js.swp'];
    await addPages([...hidden, '.well-known/acme-challenge/x']);
    for (const path of [...hidden.map((name) => `/${name}`), '/config.json.bak', '/config.json~']) {
      const answer = await send(server().port, path, { method: 'GET' });
      assert.ok([403, 404].includes(answer.status), `${path}: ${answer.status}`);
      checkNoVersion(answer);
    }
    assert.equal((await send(server().port, '/.well-known/acme-challenge/x', { method: 'GET' })).status, 200);
  });
}

/** A server behind which nobody answers, for whatever reason. */
export function admitsThatNoneAnswers(server, status = 503) {
  test(`${status} in one line, within the time-outs`, async () => {
    const start = performance.now();
    const answer = await send(server().port, '/auth', good);
    checkRefusal(answer, status, 'No token can be had at the moment, try again in a few seconds');
    assert.ok(performance.now() - start < 12_000, `after ${Math.round(performance.now() - start)} ms`);
  });
}

/** A server whose policy is `members`, without any login: nothing that a visitor sends is one. */
export function believesNoVisitor(server) {
  test('a visitor\'s headers are no login, nor are arguments of the query', async () => {
    for (const [name, value] of [['x', ''], ...Object.entries(forged)]) {
      const answer = await send(server().port, '/auth?ROOMKEY_USER=root&REMOTE_USER=root', { ...good, headers: { ...good.headers, [name]: value } });
      checkRefusal(answer, 401, 'Not logged in');
    }
    const all = await send(server().port, '/auth', { ...good, headers: { ...good.headers, ...forged } });
    assert.equal(all.status, 401);
  });
}

/** A server whose policy is `members`, with the shipped login by name and password for `person`. */
export function logsPeopleIn(server) {
  // A password's hash may take its time.
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
      checkRefusal(answer, 401, 'Not logged in');
      assert.match(answer.headers['www-authenticate'] ?? '', /^basic realm=/i);
    }
    const malformed = await auth({ authorization: 'Basic ???' });
    assert.ok([400, 401].includes(malformed.status));
  });

  test('a user name with a line break is refused, and none gets into the log', async () => {
    const answer = await auth({ authorization: basic('x\nevil: entry', 'y') });
    assert.ok([400, 401].includes(answer.status), `${answer.status}`);
    assert.doesNotMatch(await server().log(), /^evil: entry/m);
  });

  test('a preflight needs no login, and gets no token', async () => {
    const origin = 'https://elsewhere.example';
    for (const authorization of [undefined, basic(person.name, person.password), basic('root', 'root')]) {
      const headers = { origin, 'access-control-request-method': 'POST', ...forged, authorization };
      if (!authorization) delete headers.authorization;
      const answer = await send(server().port, '/auth', { method: 'OPTIONS', headers });
      assert.equal(answer.status, 204, answer.body);
      assert.equal(answer.headers['access-control-allow-origin'], origin);
      assert.equal(answer.body, '');
    }
    assert.equal((await send(server().port, '/auth', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })).status, 405);
    // A method that only looks like it is another one.
    const other = await send(server().port, '/auth', { ...good, method: 'PROPFIND' });
    assert.notEqual(other.status, 200);
  });
}
