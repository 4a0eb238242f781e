// SPDX-License-Identifier: MIT
// Goal: forty ways in which input, peers or the machine are at fault, each a row of its own, over raw
// FastCGI and, where nginx lets such a request through, behind nginx with the shipped configuration.
// After each of them the process lives, answers the next good request, and has told the log nothing.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { checkAnswer } from './support/check.js';
import { ask, begin, pairs, parameters, Peer, protocolStatus, record, request, role, stream, type } from './support/fcgi.js';
import { send, sendRaw, urlencoded } from './support/http.js';
import { startNginx } from './support/nginx.js';
import { openPlace } from './support/place.js';
import { environment, roomkey, run, runCgi, serveUnix } from './support/roomkey.js';
import { channel, clientID, secret, verify, verifyBuiltIn } from './support/tokens.js';
import { until } from './support/until.js';

let place;
let server;
let nginx;
before(async () => {
  place = await openPlace();
  server = await serveUnix(place, { args: ['--threads', '1'] });
  nginx = await startNginx(place, { upstreams: [server.address] });
});
after(() => place.close());
afterEach(async () => {
  assert.equal((await ask(server.address)).status, 200, 'the next good request gets its token');
  assert.doesNotMatch(server.child.stderr, new RegExp(`${secret}|${clientID}|eyJ`), 'the log is silent about it');
});

const formType = 'application/x-www-form-urlencoded';
const multipartType = 'multipart/form-data; boundary=B';
const good = `clientID=${clientID}`;
const part = (disposition, value, more = '') => `--B\r\nContent-Disposition: form-data${disposition}\r\n${more}\r\n${value}\r\n`;
const named = (value, more) => part('; name="clientID"', value, more);

const form = (body, expected, params = {}) => ({ body, params, ...expected });
const multipart = (body, expected, contentType = multipartType) => ({ body, params: { CONTENT_TYPE: contentType }, ...expected });
const method = (name, expected) => ({ body: '', params: { REQUEST_METHOD: name, CONTENT_LENGTH: undefined }, ...expected });
/** What only a gateway is asked, as nginx judges it itself. */
const raw = (one) => ({ ...one, http: false });

const token = (client = clientID) => ({ status: 200, client });
const missing = { status: 422, text: 'No clientID defined' };
const notAllowed = { status: 405, allow: 'POST' };
const refused = (status, text) => ({ status, text });

/** One question over FastCGI, and the same through nginx. */
async function checkOne({ http = true, body, params, ...expected }) {
  const one = { body, params };
  await checkAnswer(await ask(server.address, one), { body, ...expected });
  if (!http) return;
  const { REQUEST_METHOD: method = 'POST', QUERY_STRING: query, CONTENT_TYPE: contentType = formType } = params;
  const withoutType = 'CONTENT_TYPE' in params && params.CONTENT_TYPE === undefined;
  await checkAnswer(await send(nginx.port, `/auth${query ? `?${query}` : ''}`, {
    method, body: method === 'POST' ? body : undefined, headers: withoutType ? {} : { 'content-type': contentType },
  }), { body, ...expected });
}

/** The processor's time that the server has used so far, in milliseconds, whatever else the machine does. */
const cpu = () => readdirSync(`/proc/${server.child.pid}/task`)
  .map((task) => Number(readFileSync(`/proc/${server.child.pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]) / 1e6)
  .reduce((sum, one) => sum + one);

const rssOf = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))[1]);
const descriptorsOf = (pid) => readdirSync(`/proc/${pid}/fd`).length;

async function withPolicy(policy, params = {}) {
  const file = await place.write(`policy-${Math.random()}.json`, JSON.stringify(policy));
  const { address } = await serveUnix(place, { args: ['--policy', file] });
  return (more, body = good) => ask(address, { body, params: { ...params, ...more } });
}

/** The exit status of a start with this policy, or this secret. */
async function check(args, env = environment) {
  const { status, stderr } = await run(place, ['check', ...args], { env });
  assert.ok(status === 0 || stderr.length > 0, 'a refusal says why');
  return status;
}

/** Ends `peer` without an answer that has a token in it. */
async function endsWithoutToken(peer, within = 7000) {
  await peer.untilEnded(within);
  assert.doesNotMatch(peer.received.toString('latin1'), /eyJ/);
  peer.close();
}

// The row's number, what is at fault, and either what is asked with its answer, or a test of its own.
const rows = [
  [1, 'a method that is not POST', ['GET', 'PUT'].map((name) => method(name, notAllowed)), [raw(method('', notAllowed)), raw(method(undefined, notAllowed))]],
  [2, 'no client id', ['', 'clientID=', 'a=1', 'clientid=x'].map((body) => form(body, missing))],
  [3, 'a client id beyond its limits, and the oddest within them', [
    form(`clientID=${'x'.repeat(129)}`, refused(422, /128/)), ...['%00', '%0A', '%7F', '%C2%85'].map((c) => form(`clientID=abc${c}`, refused(422, /control/))),
    ...['a b', 'a/b', '(?', '.*'].map((id) => form(`clientID=${encodeURIComponent(id)}`, token(id))),
  ]],
  [4, 'a client id that is a pattern', async () => {
    const id = 'x$|^.*';
    const { permissions } = await verifyBuiltIn((await ask(server.address, { body: `clientID=${encodeURIComponent(id)}` })).body, { client: id });
    const read = Object.entries(permissions).filter(([, { subscribe }]) => subscribe).map(([pattern]) => pattern);
    for (const room of ['private-room-x', 'private-room-', 'private-room-bcI:GPhz6A2T', 'lobby', '']) {
      assert.ok(!read.some((pattern) => new RegExp(pattern).test(room)), room);
      // The service's own engine is not known, so PCRE is asked, too.
      for (const pattern of read) assert.throws(() => execFileSync('grep', ['-qP', pattern], { input: `${room}\n` }), { status: 1 });
    }
    assert.ok(read.some((pattern) => new RegExp(pattern).test(`private-room-${id}`)));
  }],
  [5, 'bad percent escapes', ['%zz', '%4', '%', 'a%4g'].map((id) => form(`clientID=${id}`, refused(400, /percent/)))],
  [6, 'bytes that are not UTF-8', ['%ff%fe', '%c0%af', '%ed%a0%80', '%f4%90%80%80'].map((id) => form(`clientID=${id}`, refused(422, /UTF-8/)))],
  [7, 'a client id that is given twice', [
    form(`${good}&${good}`, refused(400, /clientID/)), form(`${good}&clientID=other`, refused(400, /clientID/)), form(`${good}&clientI%44=other`, refused(400, /clientID/)),
    multipart(`${named('a1')}${named('b1')}--B--`, refused(400, /clientID/)),
    form('{"clientID":"a1","clientID":"a1"}', refused(400, /clientID/), { CONTENT_TYPE: 'application/json' }),
  ]],
  [8, 'thousands of pairs', async () => {
    const body = '&a='.repeat(5461);
    await checkOne(form(body, refused(413, /16/)));
    await checkOne(form('&clientID='.repeat(1638), refused(400, /more than once/)));
    const before = cpu();
    for (let i = 0; i < 10; i++) await ask(server.address, { body });
    assert.ok((cpu() - before) / 10 < 5, `${(cpu() - before) / 10} ms of the processor`);
  }],
  [9, 'a content type that is missing or another', [undefined, 'text/plain', 'application/xml', 'application/x-www-form-urlencoded-x'].map((contentType) => form(good, refused(415, /multipart\/form-data/), { CONTENT_TYPE: contentType }))],
  [10, 'another charset', ['UTF-16', '"utf-16"', 'latin1'].map((charset) => form(good, refused(415, /UTF-8/), { CONTENT_TYPE: `${formType}; charset=${charset}` }))],
  [11, 'a boundary that is none', [
    ...['', '; boundary=', '; boundary=""', `; boundary=${'B'.repeat(71)}`, '; boundary=B*', '; boundary="B "'].map((given) => multipart(`${named('x1')}--B--`, refused(400, /boundary/), `multipart/form-data${given}`)),
    multipart(`${named('x1')}--B--`, refused(400, /boundary/), `${multipartType}; boundary=C`),
  ]],
  [12, 'a multipart body without its end', [named('x1'), '--B\r\nContent-Dispo', `--B\r\nContent-Disposition: form-data; name="clientID"\r\n\r\nx1`, `${named('x1')}--B`, `${named('x1')}--B-`].map((body) => multipart(body, refused(400, /multipart/)))],
  [13, 'text that looks like a boundary, cut anywhere', async () => {
    for (const [value, expected] of [['--BB', token('--BB')], ['a--B', token('a--B')], ['a --B--', token('a --B--')], ['--B', refused(400, /multipart/)], ['\r\n--Bx', refused(422, /control/)]]) {
      const body = `${named(value)}--B--`;
      await checkOne(multipart(body, expected));
      for (let piece = 1; piece <= body.length; piece += 1 + Math.floor(piece / 20)) {
        await checkAnswer(await ask(server.address, { body, params: { CONTENT_TYPE: multipartType }, piece }), { body, ...expected });
      }
    }
  }],
  [14, 'preamble, epilogue, and space behind a boundary', [
    `before\r\n${named(clientID)}--B--\r\nafter`, `\r\n${named(clientID)}--B--  \r\n--B`, `--B \t\r\n${named(clientID).slice(5)}--B--`,
  ].map((body) => multipart(body, token()))],
  [15, 'parts that are no plain field', [
    ...['; name="clientID"; filename="a"', '; name="clientID"; filename*=UTF-8\'\'a', '; name*=UTF-8\'\'clientID', ''].map((disposition) => multipart(`${part(disposition, 'x1')}--B--`, missing)),
    multipart(`${part('; name="clientID"; name="clientID"', 'x1')}--B--`, refused(400, /Content-Disposition/)),
    ...['; name=clientID', '; NAME="clientID"', '; name="client\\ID"'].map((disposition) => multipart(`${part(disposition, clientID)}--B--`, token())),
  ]],
  [16, 'encodings within a part', [
    multipart(`${named('--C\r\n\r\nx\r\n--C--', 'Content-Type: multipart/mixed; boundary=C\r\n')}--B--`, refused(422, /control/)),
    multipart(`${named('YmNJ', 'Content-Transfer-Encoding: base64\r\n')}--B--`, token('YmNJ')),
  ]],
  [17, 'part headers and parts without end', [
    multipart(`--B\r\na: ${'b'.repeat(65_536)}\r\n\r\n\r\n--B--`, refused(413, /16384/)),
    multipart(`--B\r\n${'a:b\r\n'.repeat(10_000)}\r\n\r\n--B--`, refused(413, /16384/)),
    multipart(`${part('; name="a"', '')}${'--B\r\n\r\n\r\n'.repeat(1000)}--B--`, refused(413, /16/)),
    multipart(`--B\r\n${':'.repeat(16_000)}`, refused(400, /multipart/)),
  ]],
  [18, 'a body over the limit', [16_385, 40_000].flatMap((size) => {
    const body = `${good}${'&'.repeat(size - good.length)}`;
    return [form(body, refused(413, /16384/)), raw(form(body, refused(413, /16384/), { CONTENT_LENGTH: undefined }))];
  })],
  [19, 'a CONTENT_LENGTH that is no length', async () => {
    for (const length of ['-1', '1e3', '+5', '0x5', '9223372036854775808', '18446744073709551617', ' 5', '5 ']) {
      await checkOne(raw(form(good, refused(400, /CONTENT_LENGTH/), { CONTENT_LENGTH: length })));
    }
    await checkOne(raw(form(good, refused(400, /shorter/), { CONTENT_LENGTH: String(2 * good.length) })));
    await checkOne(raw(form(good, token(), { CONTENT_LENGTH: '' })));
    for (const length of ['-1', '1e3', '18446744073709551617']) {
      assert.match(await sendRaw(nginx.port, `POST /auth HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${good}`), /^HTTP\/1.1 4\d\d /);
    }
  }],
  [20, 'a body that is cut off', async () => {
    const whole = request();
    for (const cut of [9, 30, 60]) {
      const peer = await Peer.connect(server.address);
      await peer.write(whole.subarray(0, whole.length - cut));
      peer.socket.end();
      await endsWithoutToken(peer);
    }
    const aborted = await Peer.connect(server.address);
    await aborted.write(Buffer.concat([whole.subarray(0, -8), record(type.abort)]));
    assert.equal((await aborted.answer()).stdout.length, 0);
    aborted.close();
    await checkOne(raw(form(good.slice(0, 12), refused(400, /shorter/), { CONTENT_LENGTH: String(good.length) })));
  }],
  [21, 'a body longer than CONTENT_LENGTH', [raw(form(good, refused(400, /longer/), { CONTENT_LENGTH: '12' }))]],
  [22, 'a body that stalls', async () => {
    const stalled = await Peer.connect(server.address);
    await stalled.write(request().subarray(0, -20));
    const start = performance.now();
    assert.equal((await ask(server.address)).status, 200);
    await endsWithoutToken(stalled);
    assert.ok(performance.now() - start < 7000);
  }],
  [23, 'peers that say nothing, half a header, or nothing more', async () => {
    const [silent, half, idle] = await Promise.all([1, 2, 3].map(() => Peer.connect(server.address)));
    await half.write(request().subarray(0, 4));
    assert.equal((await idle.ask()).status, 200);
    const start = performance.now();
    for (let i = 0; i < 10; i++) assert.equal((await ask(server.address)).status, 200);
    assert.ok(performance.now() - start < 3000);
    for (const peer of [silent, half, idle]) peer.close();
  }],
  [24, 'a peer that has gone before its answer', async () => {
    const before = server.child.stderr;
    for (let i = 0; i < 20; i++) {
      const peer = await Peer.connect(server.address);
      await peer.write(request());
      peer.close();
    }
    assert.equal((await ask(server.address)).status, 200);
    assert.equal(server.child.stderr, before, 'no line for each');
  }],
  [25, 'roles and records that are not served', async () => {
    for (const as of [role.authorizer, role.filter, 9]) {
      const peer = await Peer.connect(server.address);
      await peer.write(Buffer.concat([begin({ as }), request().subarray(16)]));
      const answer = await peer.answer();
      assert.equal(answer.protocolStatus, protocolStatus.unknownRole);
      assert.equal(answer.stdout.length, 0);
      peer.close();
    }
    const twice = await Peer.connect(server.address);
    await twice.write(Buffer.concat([begin({ id: 1 }), begin({ id: 2 })]));
    assert.equal((await twice.answer()).protocolStatus, protocolStatus.cantMultiplex);
    twice.close();
  }],
  [26, 'parameters that lie, repeat, hold NUL, or come by the hundred', async () => {
    for (const lie of [[0x7f, 0xff, 0xff, 0xff, 0xff, 0x41], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [0x80, 0, 0], [5, 5, 0x41]]) {
      const peer = await Peer.connect(server.address);
      await peer.write(Buffer.concat([begin({ keep: false }), record(type.params, pairs(parameters({}, good))), stream(type.params, Buffer.from(lie)), stream(type.stdin, good)]));
      peer.socket.end();
      await endsWithoutToken(peer);
    }
    const base = Object.entries(parameters({}, good));
    const many = Array.from({ length: 500 }, (_, i) => [`X_${i}`, 'x'.repeat(20)]);
    for (const [extra, status] of [[many, 200], [[['N\0UL', 'a\0b'], ['', '']], 200], [[['REQUEST_METHOD', 'GET']], 405]]) {
      assert.equal((await ask(server.address, { params: [...extra, ...base], body: good })).status, status);
    }
    // Of two that are the same, the first counts.
    assert.equal((await ask(server.address, { params: [...base, ['REQUEST_METHOD', 'GET']], body: good })).status, 200);
  }],
  [27, 'SIGTERM when idle, and in the middle of a request', async () => {
    const idle = await serveUnix(place);
    const kept = await Peer.connect(idle.address);
    assert.equal((await kept.ask()).status, 200);
    const first = await idle.child.stop();
    assert.ok(first.status === 0 && first.took < 3000, `${first.status} after ${first.took} ms`);
    const busy = await serveUnix(place);
    const peer = await Peer.connect(busy.address);
    await peer.write(request().subarray(0, -30));
    const stopping = busy.child.stop();
    await peer.write(request().subarray(-30));
    assert.equal((await peer.answer()).status, 200);
    assert.equal((await stopping).status, 0);
  }],
  [28, 'a reload with a good policy, and with a broken one', async () => {
    const policy = (who) => JSON.stringify({ claims: { who, client: '${form.clientID}', exp: '${now+60}' } });
    const file = await place.write('reload.json', policy('one'));
    const { address, child } = await serveUnix(place, { args: ['--policy', file] });
    const who = async () => (await verify((await ask(address)).body)).who;
    await place.write('reload.json', policy('two'));
    child.kill('SIGHUP');
    await until('the new policy', async () => await who() === 'two');
    await place.write('reload.json', '{"claims": {"exp": 1}}');
    child.kill('SIGHUP');
    await until('the complaint', () => child.stderr.includes('/claims/exp'));
    assert.equal(await who(), 'two');
    assert.equal(await check(['--policy', file]), 78);
  }],
  [29, 'a secret file that is missing, empty, open to all, short, or odd', async () => {
    assert.equal(await check(['--secret-file', place.path('none')]), 66);
    for (const [content, mode, status] of [['', 0o600, 78], ['\n', 0o600, 78], [secret, 0o644, 77], [secret.slice(1), 0o600, 0], [`${secret}\0x`, 0o600, 0], [`${secret}\r\n`, 0o600, 0], ['YOUR_SECRET', 0o600, 78]]) {
      const file = await place.write('odd.secret', content);
      chmodSync(file, mode);
      assert.equal(await check(['--secret-file', file]), status, JSON.stringify(content));
    }
  }],
  [30, 'a secret that is replaced', async () => {
    const file = await place.write('rotated.secret', secret);
    const { address, child } = await serveUnix(place, { args: ['--secret-file', file], env: { SCALEDRONE_CHANNEL_ID: channel } });
    const old = (await ask(address)).body;
    const other = 'aN0ther5ecretOfThirtyTwoBytes!!!';
    await place.write('rotated.secret', other);
    child.kill('SIGHUP');
    const renewed = await until('a token of the new one', async () => {
      const { body } = await ask(address);
      return await verify(body, other).then(() => body, () => undefined);
    });
    // Whoever checks with both keys for a while accepts both.
    await verify(old, secret);
    await assert.rejects(verify(renewed, secret));
  }],
  [31, 'a clock that is at 0, before it, at 2038 or 2106, or goes back', async () => {
    const source = await place.write('clock.c', `
      #include <stdlib.h>
      #include <time.h>
      int clock_gettime(clockid_t id, struct timespec* time) {
        static long long last;
        time->tv_nsec = 0;
        time->tv_sec = id == CLOCK_REALTIME ? atoll(getenv("CLOCK")) : ++last;
        return 0;
      }`);
    execFileSync('cc', ['-shared', '-fPIC', '-o', place.path('clock.so'), source]);
    for (const now of [0, -100_000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 1_700_000_000]) {
      const { stdout, stderr, status } = await runCgi(place, parameters({ HTTP_ACCEPT: 'application/json' }, good), { input: good, env: { ...environment, CLOCK: String(now), LD_PRELOAD: place.path('clock.so') } });
      assert.equal(status, 0, stderr);
      const { token: made, expires_at: end } = JSON.parse(stdout.slice(stdout.indexOf('{')));
      assert.equal(end, now + 180);
      assert.equal(JSON.parse(Buffer.from(made.split('.')[1], 'base64url')).exp, now + 180);
    }
  }],
  [32, 'a kernel without randomness', async () => {
    const traced = ['-D', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=getrandom:error=EIO', roomkey];
    const path = place.path('no-random.sock');
    const child = place.start('strace', [...traced, '--socket', `unix:${path}`], { env: environment });
    const peer = await until('the socket', () => Peer.connect({ path }), { within: 10_000 });
    await checkAnswer(await peer.ask({ within: 10_000 }), { status: 500, text: 'No token can be made at the moment' });
    peer.close();
    assert.match(child.stderr, /getrandom/);
  }],
  [33, 'nobody who reads the log, and no descriptor left', async () => {
    const path = place.path('quiet.sock');
    const child = place.start('prlimit', ['--nofile=64', roomkey, '--socket', `unix:${path}`], { env: environment });
    await until('it serves', () => child.stderr.includes('serving'));
    child.process.stderr.destroy();
    const held = await Promise.all(Array.from({ length: 100 }, () => Peer.connect({ path })));
    child.kill('SIGHUP');  // it has something to say now
    for (let i = 0; i < 5; i++) assert.equal((await ask({ path })).status, 200);
    for (const peer of held) peer.close();
    assert.equal((await child.stop()).status, 0);
  }],
  [34, 'a foreign origin', async () => {
    const from = await withPolicy({ claims: { client: '${form.clientID}', exp: '${now+60}' }, allowed_origins: ['https://a.example'] });
    for (const origin of ['https://b.example', 'null', undefined, 'https://a.example.b', `https://${'a'.repeat(4096)}`, 'https://a.example\r\nX: y']) {
      const { status, headers } = await from({ HTTP_ORIGIN: origin });
      // It is the browser that keeps the answer from the other page.
      assert.deepEqual([status, headers['access-control-allow-origin'], headers.vary], [200, undefined, 'Origin']);
    }
    const listed = await from({ HTTP_ORIGIN: 'https://a.example' });
    assert.deepEqual([listed.status, listed.headers['access-control-allow-origin'], listed.headers.vary], [200, 'https://a.example', 'Origin']);
  }],
  [35, 'a preflight', async () => {
    const from = await withPolicy({ claims: { client: '${form.clientID}', exp: '${now+60}' }, allowed_origins: ['https://a.example'] }, { REQUEST_METHOD: 'OPTIONS' });
    const { status, body, headers } = await from({ HTTP_ORIGIN: 'https://a.example' }, '');
    assert.deepEqual([status, body, headers['access-control-allow-methods'], headers['access-control-allow-headers']], [204, '', 'POST', 'Content-Type']);
    const other = await from({ HTTP_ORIGIN: 'https://b.example' }, '');
    assert.deepEqual([other.status, other.headers['access-control-allow-origin']], [405, undefined]);
    await checkOne(method('OPTIONS', notAllowed));
  }],
  [36, 'an identity that is missing, or is a hostile text', async () => {
    const as = await withPolicy({ claims: { sub: '${server.ROOMKEY_USER}', exp: '${now+60}', permissions: { '^room-${server.ROOMKEY_USER|regex}$': { subscribe: true } } } });
    for (const params of [{}, { ROOMKEY_USER: '' }, { HTTP_ROOMKEY_USER: 'root', REMOTE_USER: 'root' }]) assert.equal((await as(params)).status, 401);
    for (const user of ['a"b', 'ünï', '.*', '${now}', 'x'.repeat(1024)]) {
      const { sub, permissions } = await verify((await as({ ROOMKEY_USER: user })).body);
      assert.equal(sub, user);
      const [pattern] = Object.keys(permissions);
      assert.ok(new RegExp(pattern).test(`room-${user}`) && !new RegExp(pattern).test('room-other'));
    }
    for (const user of ['a\nb', 'x'.repeat(1025), Buffer.from([0xff])]) assert.equal((await as({ ROOMKEY_USER: user })).status, 422);
  }],
  [37, 'a policy with names, keys or patterns that are none', async () => {
    const exp = '${now+60}';
    const bad = [{ claims: { exp, a: '${nobody}' } }, { claims: { exp }, clams: 1 }, { claims: { exp, permissions: { '^(': { publish: true } } } }, { claims: { exp, permissions: { '^${form.a}': {} } } }, { claims: { exp, a: '${env.NOT_THERE}' } }];
    for (const policy of bad) assert.equal(await check(['--policy', await place.write('bad.json', JSON.stringify(policy))]), 78, JSON.stringify(policy));
  }],
  [38, 'a CGI program without CONTENT_LENGTH, with stdin left open, with stdout closed', async () => {
    const open = place.start(roomkey, [], {
      env: { ...environment, GATEWAY_INTERFACE: 'CGI/1.1', ...parameters({ CONTENT_LENGTH: undefined }) }, stdio: ['pipe', 'pipe', 'pipe'],
    });
    await until('its answer', () => open.stdout.includes('No clientID defined'));
    assert.equal((await open.closed).status, 0);
    const closed = await place.run('sh', ['-c', '"$0" >&-', roomkey], { env: { ...environment, GATEWAY_INTERFACE: 'CGI/1.1', ...parameters({}, good) }, input: good });
    assert.ok(closed.status < 128, `it ends by itself: ${closed.status}`);
  }],
  [39, 'a process that is killed, with another one beside it', async () => {
    const [one, two] = await Promise.all([serveUnix(place), serveUnix(place)]);
    const pair = await startNginx(place, { upstreams: [one.address, two.address] });
    await one.child.stop('SIGKILL');
    for (let i = 0; i < 10; i++) await verifyBuiltIn((await pair.auth(urlencoded({ clientID }))).body);
  }],
  [40, 'thousands of good and bad requests', async () => {
    const { child, address } = await serveUnix(place);
    const peers = await Promise.all(Array.from({ length: 8 }, () => Peer.connect(address)));
    const rude = async () => {
      const peer = await Peer.connect(address);
      await peer.write(request().subarray(0, -20));
      peer.close();
    };
    const bodies = [good, 'a=1', `${good}&${good}`, '%zz', `clientID=${'x'.repeat(129)}`];
    const round = () => Promise.all([rude(), ...peers.map(async (peer, i) => {
      for (let k = 0; k < 100; k++) await peer.ask({ body: bodies[(i + k) % bodies.length] });
    })]);
    await round();
    const [memory, descriptors] = [rssOf(child.pid), descriptorsOf(child.pid)];
    for (let i = 0; i < 4; i++) await round();
    assert.ok(rssOf(child.pid) - memory < 1024, `${rssOf(child.pid) - memory} KiB more`);
    await until('as many descriptors', () => descriptorsOf(child.pid) <= descriptors);
    for (const peer of peers) peer.close();
  }],
];

for (const [number, title, ...what] of rows) {
  test(`${number}. ${title}`, async () => {
    for (const each of what.flat()) await (typeof each === 'function' ? each() : checkOne(each));
  });
}

test('each of the forty is there once', () => {
  assert.deepEqual(rows.map(([number]) => number), Array.from({ length: 40 }, (_, i) => i + 1));
});
