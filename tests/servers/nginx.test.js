// SPDX-License-Identifier: MIT
// Goal: nginx works with the shipped files in each of the ways that they are meant for: the snippet in
// a server block of one's own, the complete site, several processes behind one upstream, a login by
// password, a login by another program, and plain CGI through fcgiwrap.

import assert from 'node:assert/strict';
import { cp, mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { send, sendRaw, visitor } from '../process/support/http.js';
import { channel, clientID, verify, verifyBuiltIn } from '../process/support/tokens.js';
import { root } from '../process/support/roomkey.js';
import { until } from '../process/support/until.js';
import { admitsThatNoneAnswers, answersTheContract, askOverHttp2, basic, believesNoVisitor, checkRefusal, forged, givesUpSlowBodies, good, families, hidesFiles, logsPeopleIn, members, offered, offersItsEndpointsAlone, person, worksOverHttps } from './support/contract.js';
import { ownSite, shippedLocal, startNginx } from './support/nginx.js';
import { addPages, edited, makeCertificate, notAnswering, openWebPlace, otherSite, policies, pretend, serveForWeb, serveWithPolicy, siteName, startForWeb } from './support/server.js';

let place;
before(async () => { place = await openWebPlace(); });
after(() => place.close());

const upstreamOf = (...sockets) => `${sockets.map((path) => `server unix:${path};`).join('\n')}\nkeepalive 64;\n`;

/** Runs `tests` against an nginx of its own, which is gone afterwards. */
function withNginx(name, how, tests) {
  describe(name, () => {
    let nginx;
    before(async () => {
      const { tls, ...settings } = await how();
      nginx = { ...await startNginx(place, settings), tls };
    });
    after(() => nginx?.child.end());
    tests(() => nginx);
  });
}

const snippet = (port) => ownSite(place)(port);
/** The same with a copy of a login in the place of roomkey.conf. */
const withLogin = (port) => ownSite(place, { tokens: 'include roomkey/mine.conf;' })(port);

describe('the snippet (roomkey.conf)', () => {
  withNginx('for everybody', async () => ({ site: snippet, upstream: upstreamOf(await serveForWeb(place)) }), (server) => {
    answersTheContract(server);
  });

  withNginx('without a login', async () => ({
    site: snippet, upstream: upstreamOf(await serveWithPolicy(place, members)),
  }), believesNoVisitor);

  withNginx('with examples/login-basic.conf', async () => ({
    site: withLogin, files: { 'mine.conf': await edited('nginx/examples/login-basic.conf') }, upstream: upstreamOf(await serveWithPolicy(place, members)),
  }), logsPeopleIn);

  withNginx('when no roomkey runs', () => ({ site: snippet, upstream: upstreamOf(place.path('nobody.sock')) }), admitsThatNoneAnswers);
  for (const how of notAnswering) {
    withNginx(`when what runs ${how}`, async () => ({ site: snippet, upstream: upstreamOf(await pretend(place, how)) }), admitsThatNoneAnswers);
  }
});

describe('abuse (roomkey.conf)', () => {
  const flood = (port, count, options) => Promise.all(Array.from({ length: count }, () => send(port, '/auth', { ...good, ...options })));
  const count = (answers, status) => answers.filter((answer) => answer.status === status).length;

  withNginx('of one address', async () => ({ site: snippet, upstream: upstreamOf(await serveForWeb(place)) }), (server) => {
    test('a flood gets 429 with Retry-After, and the others their tokens meanwhile', async () => {
      const from = visitor();
      let flooding = true;
      const answers = [];
      const flooded = (async () => {
        for (let round = 0; round < 10; round++) answers.push(...await flood(server().port, 40, { from }));
        flooding = false;
      })();
      let others = 0;
      while (flooding) {
        const start = performance.now();
        assert.equal((await send(server().port, '/auth', good)).status, 200);
        assert.ok(performance.now() - start < 2000);
        others++;
      }
      await flooded;
      assert.ok(others > 5, `${others} others`);
      const refused = answers.find(({ status }) => status === 429);
      assert.equal(refused.headers['retry-after'], '5');
      assert.equal(refused.headers['cache-control'], 'no-store');
      assert.equal(refused.body, 'Too many requests, try again in a few seconds');
      // 21 at once, and two more for each second that this took.
      assert.equal(count(answers, 200) + count(answers, 429), 400);
      assert.ok(count(answers, 200) >= 21 && count(answers, 200) < 100, `${count(answers, 200)} tokens`);
    });

    test('forged forwarding headers make no other address of it', async () => {
      const from = visitor();
      const claims = (i) => ({
        'x-forwarded-for': `10.0.0.${i}`, 'x-real-ip': `10.0.0.${i}`, forwarded: `for=10.0.0.${i}`, 'true-client-ip': `10.0.0.${i}`,
        'x-client-ip': `10.0.0.${i}`, remote_addr: `10.0.0.${i}`, 'remote-addr': `10.0.0.${i}`, 'cf-connecting-ip': `10.0.0.${i}`,
      });
      const answers = await Promise.all(Array.from({ length: 60 }, (_, i) =>
        send(server().port, '/auth', { ...good, from, headers: { ...good.headers, ...claims(i) } })));
      assert.ok(count(answers, 429) >= 30, `${count(answers, 429)} of 60 refused`);
    });
  });

  withNginx('by slow bodies', async () => ({ site: snippet, upstream: upstreamOf(await serveForWeb(place)) }), (server) => {
    const head = (length) => `POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${length}\r\n\r\n`;
    const open = (from) => {
      const socket = connect({ host: '127.0.0.1', port: server().port, localAddress: from });
      let said = '';
      socket.on('data', (piece) => { said += piece; }).on('error', () => {});
      socket.write(`${head(16000)}clientID=`);
      // Not once(), which an error of the connection would reject.
      const closed = new Promise((resolve) => { socket.on('close', resolve); });
      return { socket, closed, status: () => /^HTTP\/1\.1 (\d+)/.exec(said)?.[1] };
    };

    test('who sends nothing more is given up within seconds, and nobody waits for it', async () => {
      const start = performance.now();
      const silent = Array.from({ length: 200 }, () => open(visitor()));
      for (let i = 0; i < 20; i++) {
        const asked = performance.now();
        assert.equal((await send(server().port, '/auth', good)).status, 200);
        assert.ok(performance.now() - asked < 2500);
      }
      await Promise.all(silent.map(({ closed }) => closed));
      assert.ok(performance.now() - start < 15_000, `${performance.now() - start} ms`);
    });

    test('who sends a byte now and then has few connections, and the others their tokens', async () => {
      const from = visitor();
      const slow = [];
      const trickle = setInterval(() => { for (const { socket } of slow) if (socket.writable) socket.write('&'); }, 500);
      try {
        // The limit of requests alone would let in two more a second, and each of them could stay for hours.
        const waiting = () => slow.filter(({ status, socket }) => !status() && !socket.closed).length;
        await until('32 open requests, and the others refused', async () => {
          slow.push(open(from));
          await sleep(100);
          return waiting() >= 32;
        });
        await sleep(2500);  // it would let five more in by now
        for (let i = 0; i < 10; i++) slow.push(open(from));
        await until('an answer to the last ones', () => slow.slice(-10).some(({ status }) => status() === '429'));
        await until('no more than 32', () => waiting() === 32);
        assert.equal((await send(server().port, '/auth', good)).status, 200);
      } finally {
        clearInterval(trickle);
        for (const { socket } of slow) socket.destroy();
      }
    });
  });

  withNginx('by large headers', async () => ({ site: snippet, upstream: upstreamOf(await serveForWeb(place)) }), (server) => {
    test('what nginx takes, roomkey bears', async () => {
      for (const name of ['cookie', 'accept', 'origin', 'authorization', 'user-agent', 'x-anything']) {
        const answer = await send(server().port, '/auth', { ...good, headers: { ...good.headers, [name]: 'a'.repeat(7000) } });
        assert.equal(answer.status, 200, `${name}: ${answer.body}`);
      }
      const all = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'a'.repeat(100)]));
      assert.equal((await send(server().port, '/auth', { ...good, headers: { ...good.headers, ...all } })).status, 200);
      const type = await send(server().port, '/auth', { ...good, headers: { 'content-type': `${good.headers['content-type']}; a=${'b'.repeat(7000)}` } });
      assert.ok([200, 415].includes(type.status), `${type.status}`);
      assert.equal((await send(server().port, `/auth?x=${'a'.repeat(7000)}`, good)).status, 200);
    });

    test('more than that is refused by nginx', async () => {
      const answer = await send(server().port, '/auth', { ...good, headers: { ...good.headers, cookie: 'a'.repeat(9000) } });
      assert.equal(answer.status, 400);
      assert.equal((await send(server().port, `/auth?x=${'a'.repeat(9000)}`, good)).status, 414);
      assert.equal((await send(server().port, '/auth', good)).status, 200);
    });
  });

  withNginx('by requests within requests', async () => ({ site: snippet, upstream: upstreamOf(await serveForWeb(place)) }), (server) => {
    const type = 'Content-Type: application/x-www-form-urlencoded';
    const inner = `POST /auth HTTP/1.1\r\nHost: x\r\n${type}\r\nContent-Length: 15\r\n\r\nclientID=inside`;
    const token = 'clientID=bcI%3AGPhz6A2T';
    const post = (headers, body, end = '\r\n') => ['POST /auth HTTP/1.1', 'Host: x', type, ...headers, '', ''].join(end) + body;
    // Nothing that is said after a refusal is heard, and what is taken is one request: then comes the
    // answer to the last one, which ends the connection.
    const last = 'GET /end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const statuses = async (bytes) => [...(await sendRaw(server().port, bytes + last)).matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => status);
    const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;

    for (const [name, bytes] of Object.entries({
      'Content-Length and Transfer-Encoding': post([`Content-Length: ${5 + inner.length}`, 'Transfer-Encoding: chunked'], `0\r\n\r\n${inner}`),
      'Transfer-Encoding and Content-Length': post(['Transfer-Encoding: chunked', 'Content-Length: 4'], chunk(inner) + '0\r\n\r\n'),
      'two lengths': post([`Content-Length: ${token.length}`, `Content-Length: ${token.length + inner.length}`], token + inner),
      'the same length twice': post([`Content-Length: ${token.length}`, `Content-Length: ${token.length}`], token),
      'two lengths in one header': post([`Content-Length: ${token.length}, ${token.length + inner.length}`], token + inner),
      'a length with a sign': post([`Content-Length: +${token.length}`], token),
      'a negative length': post(['Content-Length: -1'], token + inner),
      'a length in hexadecimal': post([`Content-Length: 0x${token.length.toString(16)}`], token),
      'a length with an exponent': post(['Content-Length: 1e3'], token),
      'a length of more than 64 bits': post(['Content-Length: 18446744073709551617'], token),
      'two transfer encodings': post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${inner}`),
      'a transfer encoding of no standard': post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${inner}`),
      'identity, chunked': post(['Transfer-Encoding: identity, chunked'], `0\r\n\r\n${inner}`),
      'a folded header': post([`Content-Length:\r\n ${token.length}`], token),
      'a folded transfer encoding': post([`Content-Length: ${token.length}`, 'X: y\r\n Transfer-Encoding: chunked'], token),
      'a space in front of the colon': post([`Content-Length: ${token.length}`, 'Transfer-Encoding : chunked'], token),
      'a bad chunk length': post(['Transfer-Encoding: chunked'], `zz\r\n${token}\r\n0\r\n\r\n`),
      'an endless chunk length': post(['Transfer-Encoding: chunked'], `${'f'.repeat(40)}\r\n${token}\r\n0\r\n\r\n`),
      'HTTP/1.0 in chunks': post(['Transfer-Encoding: chunked'], chunk(token) + '0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'),
    })) {
      test(`${name}: refused, and the connection with it`, async () => {
        const [status, ...more] = await statuses(bytes);
        assert.ok(['400', '501'].includes(status), status);
        assert.deepEqual(more, []);
      });
    }

    for (const [name, bytes, status] of [
      ['lines that end in LF alone', post([`Content-Length: ${token.length}`], token, '\n'), '200'],
      ['chunks whose extensions look like headers', post(['Transfer-Encoding: chunked'], `${token.length.toString(16)};a=b\r\n${token}\r\n0\r\n\r\n`), '200'],
      ['a trailer that is no header', post(['Transfer-Encoding: chunked'], `${chunk(token)}0\r\nContent-Length: 99\r\n\r\n`), '200'],
      ['a body that is a request', post([`Content-Length: ${inner.length}`], inner), '422'],
      ['a body of FastCGI records', post(['Content-Length: 32'], '\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01\x04\x00\x01\x00\x00\x00\x00\x01\x05\x00\x01\x00\x00\x00\x00'), '422'],
    ]) {
      test(`${name}: one request`, async () => {
        assert.deepEqual(await statuses(bytes), [status, '404']);
      });
    }

    test('and everybody else is answered as before', async () => {
      const answer = await send(server().port, '/auth', good);
      assert.equal((await verify(answer.body)).client, clientID);
    });
  });
});

describe('several sites and policies (endpoints.conf)', () => {
  const serverBlock = (port, name, tokens = 'include roomkey/roomkey.conf;') => `server {
      listen 127.0.0.1:${port};
      server_name ${name};
      root ${place.path('www')};
      ${tokens}
    }`;
  const sites = (port) => `include roomkey/http.conf; ${serverBlock(port, siteName)} ${serverBlock(port, otherSite)}`;
  const endpoints = async (...lines) => `${await edited('nginx/endpoints.conf')}\n${lines.join('\n')}\n`;
  const several = async (...names) => upstreamOf(await serveForWeb(place, { args: ['--policy', await policies(place, ...names)] }));

  withNginx('a line for each endpoint', async () => ({
    site: sites, upstream: await several(...offered),
    files: { 'endpoints.conf': await endpoints(`${siteName}/auth/news news;`, `${otherSite}/auth/own own;`) },
  }), offersItsEndpointsAlone);

  const claimsOf = async (answer) => {
    assert.equal(answer.status, 200, answer.body);
    return verify(answer.body);
  };
  const ask = (server, host, user, { path = '/auth', port = server().port, password = person.password } = {}) => send(port, path, {
    ...good, headers: { ...good.headers, host, ...user && { authorization: basic(user, password) } },
  });
  const users = (...names) => names.map((name) => `${name}:{PLAIN}${person.password}\n`).join('');
  const login = (file) => edited('nginx/examples/login-basic.conf', { 'auth_basic_user_file roomkey/users': `auth_basic_user_file roomkey/${file}` });

  withNginx('a login for each site, and none for the third', async () => ({
    site: (port) => `include roomkey/http.conf;
      ${serverBlock(port, siteName, 'include roomkey/mine.conf;')}
      ${serverBlock(port, otherSite, 'include roomkey/theirs.conf;')}
      ${serverBlock(port, 'open.example')}
      include roomkey/alone.conf;`,
    upstream: await several('default', 'staff', 'alone'),
    files: {
      'endpoints.conf': await endpoints(`${siteName}/auth staff;`, `${otherSite}/auth staff;`, 'alone.example/auth/alone alone;'),
      'mine.conf': await login('users'), 'theirs.conf': await login('their-users'),
      users: users('ann'), 'their-users': users('bob'),
      // On a port of its own.
      'alone.conf': ({ securePort }) => serverBlock(securePort, 'alone.example'),
    },
  }), (server) => {
    test('people log in at their own site, and at no other', async () => {
      for (const [host, user, stranger] of [[siteName, 'ann', 'bob'], [otherSite, 'bob', 'ann']]) {
        assert.equal((await claimsOf(await ask(server, host, user))).user, user);
        for (const name of [stranger, undefined]) checkRefusal(await ask(server, host, name), 401, 'Not logged in');
      }
    });

    test('a site without a login has none, and believes in nobody', async () => {
      for (const user of [undefined, 'ann', 'bob']) assert.equal((await claimsOf(await ask(server, 'open.example', user))).is, 'default');
    });

    test('the endpoints of a site are had at its own address, whatever a visitor calls the site', async () => {
      const path = '/auth/alone';
      assert.equal((await claimsOf(await ask(server, 'alone.example', undefined, { path, port: server().securePort }))).is, 'alone');
      assert.equal((await ask(server, 'alone.example', 'ann', { path })).status, 404);
      checkRefusal(await ask(server, 'alone.example', 'bob'), 401, 'Not logged in');
    });
  });

  withNginx('a policy by user (examples/roles.conf)', async () => {
    const folder = place.path('roles');
    await mkdir(folder);
    for (const name of ['announcements', 'moderators']) await cp(`${root}deploy/policies/${name}.json`, `${folder}/${name}.json`);
    return {
      site: (port) => `include roomkey/roles.conf; include roomkey/http.conf;
        ${serverBlock(port, siteName, 'include roomkey/mine.conf;')} ${serverBlock(port, otherSite)}`,
      upstream: upstreamOf(await serveForWeb(place, { args: ['--policy', folder] })),
      files: {
        'endpoints.conf': await endpoints(`${siteName}/auth $roomkey_role;`, `${otherSite}/auth $roomkey_role;`),
        'roles.conf': await edited('nginx/examples/roles.conf'), 'mine.conf': await login('users'), users: users('ann', 'bob', 'Ann'),
      },
    };
  }, (server) => {
    const writes = async (user) => (await claimsOf(await ask(server, siteName, user))).permissions['^announcements$'].publish;
    test('moderators write, and the others read', async () => {
      assert.equal(await writes('ann'), true);
      for (const user of ['bob', 'Ann']) assert.equal(await writes(user), false, user);
      for (const user of [undefined, 'ben']) checkRefusal(await ask(server, siteName, user), 401, 'Not logged in');
      checkRefusal(await ask(server, siteName, 'ann', { password: 'wrong' }), 401, 'Not logged in');
    });

    test('where nobody logs in, nobody is a moderator', async () => {
      checkRefusal(await ask(server, otherSite, 'ann'), 401, 'Not logged in');
      assert.equal((await claimsOf(await ask(server, otherSite))).permissions['^announcements$'].publish, false);
    });
  });

  withNginx('tokens for rooms (:rooms)', async () => {
    const { certificate, key, tls } = await makeCertificate(place);
    return {
      site: (port) => `include roomkey/http.conf; ${serverBlock(port, siteName, 'include roomkey/secure.conf; include roomkey/roomkey.conf;')}`, tls,
      upstream: await several('default', 'news'),
      files: {
        'endpoints.conf': await endpoints('*/auth/rooms news:rooms;'),
        'secure.conf': ({ securePort }) => `listen 127.0.0.1:${securePort} ssl http2; ssl_certificate ${certificate}; ssl_certificate_key ${key};`,
      },
    };
  }, (server) => {
    const count = (answers, status) => answers.filter((answer) => answer.status === status).length;
    const flood = (path, from, times) => Promise.all(Array.from({ length: times }, () => send(server().port, path, { ...good, from })));

    test('a page gets 40 at once, three times over, and one for itself', async () => {
      const from = visitor();
      assert.equal(count(await flood('/auth/rooms', from, 120), 200), 120);
      assert.equal(count(await flood('/auth', from, 1), 200), 1);
      const flooded = await flood('/auth/rooms', from, 400);
      assert.ok(count(flooded, 429) > 0, 'and there is an end to it');
      assert.equal(count(flooded, 429) + count(flooded, 200), 400);
    });

    test('also over one connection of HTTP/2', async () => {
      const answers = await askOverHttp2({ port: server().securePort, tls: server().tls, path: '/auth/rooms', from: visitor(), times: 40, ...good });
      assert.equal(count(answers, 200), 40);
    });

    test('the other endpoints have their own limit', async () => {
      const answers = await flood('/auth', visitor(), 60);
      assert.ok(count(answers, 429) >= 30, `${count(answers, 429)} refused`);
    });
  });
});

describe('the complete site (site.conf)', () => {
  withNginx('as it is', async () => ({
    site: () => 'include roomkey/site.conf;', upstream: upstreamOf(await serveForWeb(place)),
  }), (server) => {
    answersTheContract(server);

    hidesFiles(server, (names) => addPages(place, names));
    // It closes the connection without a word.
    givesUpSlowBodies(server, { statuses: [undefined], trickle: true });

    test('the page has its security headers', async () => {
      const { headers } = await send(server().port, '/', { method: 'GET' });
      assert.match(headers['content-security-policy'], /^default-src 'none';.* connect-src 'self' wss:\/\/realtime\.example;/);
    });
  });
});

/** The example of HTTPS with a certificate in it, and what a client needs. */
async function httpsFile(changes = {}) {
  const { certificate, key, tls } = await makeCertificate(place);
  const text = await edited('nginx/examples/https.conf', {
    '/etc/letsencrypt/live/chat.example.com/fullchain.pem': certificate, '/etc/letsencrypt/live/chat.example.com/privkey.pem': key,
    'listen 443 ssl': 'listen 127.0.0.1:PORT ssl', 'listen [::]:443 ssl': 'listen [::1]:PORT ssl', ...changes,
  });
  return { tls, file: ({ securePort }) => text.replaceAll('PORT', securePort) };
}

describe('the complete site as it ships, beside the default site of Debian', () => {
  const site = (port) => `server { listen 127.0.0.1:${port} default_server; listen [::1]:${port} default_server; server_name _; return 403; }
    include roomkey/site.conf;`;
  withNginx('over HTTP', async () => ({
    site, upstream: upstreamOf(await serveForWeb(place)), files: { 'local.conf': await shippedLocal(place) },
  }), (server) => {
    for (const host of families) {
      test(`a token and the page from ${host}`, async () => {
        const answer = await send(server().port, '/auth', { ...good, host, headers: { ...good.headers, host: siteName } });
        await verifyBuiltIn(answer.body);
        const page = await send(server().port, '/', { method: 'GET', host, headers: { host: siteName } });
        assert.match(page.body, /<!doctype html>/i);
        // The other site is there, and none of ours.
        assert.equal((await send(server().port, '/auth', { ...good, host })).status, 403);
      });
    }
  });

  withNginx('over HTTPS (examples/https.conf)', async () => {
    const { tls, file } = await httpsFile();
    const local = await shippedLocal(place, { '# include roomkey/https.conf;': 'include roomkey/https.conf;' });
    return { site, upstream: upstreamOf(await serveForWeb(place)), tls, files: { 'local.conf': local, 'https.conf': file } };
  }, (server) => worksOverHttps(server, { proof: (names) => addPages(place, names) }));

  withNginx('over HTTPS, which browsers hold on to', async () => {
    const { tls, file } = await httpsFile({ '# set $roomkey_hsts': 'set $roomkey_hsts' });
    const local = await shippedLocal(place, { '# include roomkey/https.conf;': 'include roomkey/https.conf;' });
    return { site, upstream: upstreamOf(await serveForWeb(place)), tls, files: { 'local.conf': local, 'https.conf': file } };
  }, (server) => worksOverHttps(server, { from: ['::1'], hsts: 'max-age=300' }));

  withNginx('and another complete site', async () => {
    const local = await shippedLocal(place);
    return {
      site: (port) => `${site(port)} server { include roomkey/other.conf; include roomkey/page.conf; }`,
      upstream: upstreamOf(await serveForWeb(place)),
      files: { 'local.conf': local, 'other.conf': (ports) => local(ports).replace(siteName, otherSite).replace('api.scaledrone.com', 'realtime.other.example') },
    };
  }, (server) => {
    test('each is what its own file says', async () => {
      for (const [host, realtime] of [[siteName, 'api.scaledrone.com'], [otherSite, 'realtime.other.example']]) {
        const page = await send(server().port, '/', { method: 'GET', headers: { host } });
        assert.ok(page.headers['content-security-policy'].includes(`connect-src 'self' wss://${realtime}`));
        await verifyBuiltIn((await send(server().port, '/auth', { ...good, headers: { ...good.headers, host } })).body);
      }
    });
  });
});

describe('several processes behind one upstream', () => {
  let processes;
  withNginx('of three', async () => {
    processes = await Promise.all([startForWeb(place), startForWeb(place), startForWeb(place)]);
    return { site: snippet, upstream: upstreamOf(...processes.map(({ path }) => path)) };
  }, (server) => {
    test('all of them are asked', async () => {
      for (let i = 0; i < 12; i++) assert.equal((await send(server().port, '/auth', good)).status, 200);
      for (const { child } of processes) {
        child.kill('SIGUSR1');
        await child.closed;
        assert.match(child.stderr, /stopped/);
      }
    });

    test('when the last one is gone it is 503, and a token again as soon as one is back', async () => {
      assert.equal((await send(server().port, '/auth', good)).status, 503);
      await startForWeb(place, { path: processes[0].path });
      await until('a token', async () => (await send(server().port, '/auth', good)).status === 200);
    });
  });

  withNginx('of which one is killed', async () => {
    processes = await Promise.all([startForWeb(place), startForWeb(place)]);
    return { site: snippet, upstream: upstreamOf(...processes.map(({ path }) => path)) };
  }, (server) => {
    test('no visitor notices', async () => {
      const statuses = [];
      const ask = async () => {
        while (statuses.length < 300) statuses.push((await send(server().port, '/auth', good)).status);
      };
      const visitors = [ask(), ask(), ask(), ask()];
      await until('the first answers', () => statuses.length >= 50);
      processes[0].child.kill('SIGKILL');
      await Promise.all(visitors);
      assert.deepEqual([...new Set(statuses)], [200]);
    });
  });
});

describe('a login that another program checks (login-auth-request.conf)', () => {
  let checker;
  before(async () => {
    // What oauth2-proxy and its kind do: 202 and the user for a good session, else 401.
    checker = createServer((request, response) => {
      const loggedIn = request.headers.cookie === 'session=good';
      response.writeHead(loggedIn ? 202 : 401, loggedIn ? { 'X-Auth-Request-User': 'ann' } : {}).end();
    }).listen(0, '127.0.0.1');
    await once(checker, 'listening');
  });
  after(() => checker.close());

  withNginx('as its comment says', async () => ({
    site: withLogin,
    files: { 'mine.conf': await edited('nginx/examples/login-auth-request.conf', { '127.0.0.1:4180': `127.0.0.1:${checker.address().port}` }) },
    upstream: upstreamOf(await serveWithPolicy(place, members)),
  }), (server) => {
    const auth = (headers) => send(server().port, '/auth', { ...good, headers: { ...good.headers, ...headers } });

    test('who has a session gets a token with the user', async () => {
      const answer = await auth({ ...forged, cookie: 'session=good', 'x-auth-request-user': 'root' });
      assert.equal(answer.status, 200, answer.body);
      const { exp, ...claims } = await verify(answer.body);
      assert.deepEqual(claims, { client: clientID, channel, user: 'ann' });
    });

    test('who has none gets 401, whatever else is sent', async () => {
      for (const headers of [{}, { cookie: 'session=bad' }, { 'x-auth-request-user': 'root' }, { ...forged, 'x-auth-request-user': 'root' }]) {
        checkRefusal(await auth(headers), 401, 'Not logged in');
      }
    });

    test('a preflight needs no session', async () => {
      const answer = await send(server().port, '/auth', { method: 'OPTIONS', headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' } });
      assert.equal(answer.status, 204, answer.body);
      assert.equal(answer.headers['access-control-allow-origin'], 'https://elsewhere.example');
    });

    test('the check can\'t be asked from outside', async () => {
      assert.equal((await send(server().port, '/@roomkey-login', { method: 'GET' })).status, 404);
    });
  });
});

describe('fcgiwrap (deploy/fcgiwrap/cgi.conf)', () => {
  let wrapper;
  before(async () => {
    const socket = place.path('fcgiwrap.sock');
    wrapper = { socket, ...await startForWeb(place, { path: socket, program: ['/usr/sbin/fcgiwrap', '-f'], env: {}, said: '' }) };
  });
  /** The file as a user edits it. */
  const cgi = async (policy) => {
    const text = await edited('deploy/fcgiwrap/cgi.conf', {
      '/run/fcgiwrap.socket': wrapper.socket, '/usr/bin/roomkey': place.path('roomkey'), '/etc/roomkey/secret': place.path('secret'),
      YOUR_SCALEDRONE_CHANNEL_ID: channel,
    });
    return policy ? text.replace(/# (fastcgi_param ROOMKEY_POLICY ).*/, `$1${await place.write('members.json', policy, 0o644)};`) : text;
  };
  // As the comment of the file says.
  const tokens = 'include roomkey/paths.conf; location = /@roomkey { include roomkey/endpoint.conf; include roomkey/cgi.conf; }';
  const site = (port) => ownSite(place, { tokens })(port);

  withNginx('for everybody', async () => ({ site, files: { 'cgi.conf': await cgi() } }), answersTheContract);
  withNginx('over HTTPS', async () => {
    const { tls, file } = await httpsFile();
    const local = await shippedLocal(place, { '# include roomkey/https.conf;': 'include roomkey/https.conf;', 'include roomkey/roomkey.conf;': tokens });
    return { site: () => 'include roomkey/site.conf;', tls, files: { 'local.conf': local, 'https.conf': file, 'cgi.conf': await cgi() } };
  }, worksOverHttps);
  withNginx('with a line for each endpoint', async () => ({
    site: (port) => `include roomkey/http.conf; ${[siteName, otherSite].map((name) => `server { listen 127.0.0.1:${port}; server_name ${name}; root ${place.path('www')}; ${tokens} }`).join(' ')}`,
    files: {
      'cgi.conf': (await cgi(members)).replace(/(ROOMKEY_POLICY ).*;/, `$1 ${await policies(place, ...offered)};`),
      'endpoints.conf': `*/auth default; ${siteName}/auth/news news; ${otherSite}/auth/own own;`,
    },
  }), offersItsEndpointsAlone);
  withNginx('without a login', async () => ({ site, files: { 'cgi.conf': await cgi(members) } }), believesNoVisitor);
  withNginx('with examples/login-basic.conf', async () => ({
    site: withLogin, files: { 'cgi.conf': await cgi(members), 'mine.conf': await edited('nginx/examples/login-basic.conf', { 'pass.conf': 'cgi.conf' }) },
  }), logsPeopleIn);
});
