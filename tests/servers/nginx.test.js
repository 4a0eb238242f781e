// SPDX-License-Identifier: MIT
// Goal: nginx works with the shipped files in each of the ways that they are meant for: the snippet in
// a server block of one's own, the complete site, several processes behind one upstream, a login by
// password, a login by another program, and plain CGI through fcgiwrap.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { send, visitor } from '../process/support/http.js';
import { channel, clientID, verify } from '../process/support/tokens.js';
import { until } from '../process/support/until.js';
import { answersTheContract, believesNoVisitor, good, logsPeopleIn, members } from './support/contract.js';
import { ownSite, startNginx } from './support/nginx.js';
import { openWebPlace, serveForWeb, serveWithPolicy, startForWeb } from './support/server.js';

let place;
before(async () => { place = await openWebPlace(); });
after(() => place.close());

const upstreamOf = (...sockets) => `${sockets.map((path) => `server unix:${path};`).join('\n')}\nkeepalive 64;\n`;

/** Runs `tests` against an nginx of its own, which is gone afterwards. */
function withNginx(name, how, tests) {
  describe(name, () => {
    let nginx;
    before(async () => { nginx = await startNginx(place, await how()); });
    after(() => nginx?.child.end());
    tests(() => nginx);
  });
}

const snippet = (port) => ownSite(place)(port);

describe('the snippet (roomkey.conf)', () => {
  withNginx('for everybody', async () => ({ site: snippet, upstream: upstreamOf(await serveForWeb(place)) }), (server) => {
    answersTheContract(server);

    test('one address gets 429 with Retry-After at last, another one a token', async () => {
      const from = visitor();
      const answers = await Promise.all(Array.from({ length: 40 }, () => send(server().port, '/auth', { ...good, from })));
      const refused = answers.filter(({ status }) => status === 429);
      assert.ok(refused.length >= 10 && refused.length < 20, `${refused.length} of 40 refused`);
      assert.equal(refused[0].headers['retry-after'], '5');
      assert.equal(refused[0].body, 'Too many requests, try again in a few seconds');
      assert.equal((await send(server().port, '/auth', good)).status, 200);
    });
  });

  withNginx('without a login', async () => ({
    site: snippet, upstream: upstreamOf(await serveWithPolicy(place, members)),
  }), believesNoVisitor);

  withNginx('with examples/login-basic.conf', async () => ({
    site: snippet, login: 'login-basic.conf', upstream: upstreamOf(await serveWithPolicy(place, members)),
  }), logsPeopleIn);

  withNginx('when no roomkey runs', () => ({ site: snippet, upstream: upstreamOf(place.path('nobody.sock')) }), (server) => {
    test('503 in one line', async () => {
      const answer = await send(server().port, '/auth', good);
      assert.equal(answer.status, 503);
      assert.equal(answer.body, 'No token can be had at the moment, try again in a few seconds');
    });
  });
});

describe('the complete site (site.conf)', () => {
  withNginx('as it is', async () => ({
    site: () => 'include roomkey/site.conf;', upstream: upstreamOf(await serveForWeb(place)),
  }), (server) => {
    answersTheContract(server);

    test('the page has its security headers', async () => {
      const { headers } = await send(server().port, '/', { method: 'GET' });
      assert.match(headers['content-security-policy'], /^default-src 'none';.* connect-src 'self' wss:\/\/realtime\.example;/);
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
      await until('a token', async () => (await send(server().port, '/auth', good)).status === 200, { within: 15_000 });
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

  // The location that the file's comment shows.
  const more = () => `location = /login-check {
        internal;
        proxy_pass http://127.0.0.1:${checker.address().port}/oauth2/auth;
        proxy_pass_request_body off;
        proxy_set_header Content-Length "";
      }`;
  withNginx('as its comment says', async () => ({
    site: (port) => ownSite(place, { more: more() })(port), login: 'login-auth-request.conf',
    upstream: upstreamOf(await serveWithPolicy(place, members)),
  }), (server) => {
    const auth = (headers) => send(server().port, '/auth', { ...good, headers: { ...good.headers, ...headers } });

    test('who has a session gets a token with the user', async () => {
      const answer = await auth({ cookie: 'session=good', 'x-auth-request-user': 'root', roomkey_user: 'root' });
      assert.equal(answer.status, 200, answer.body);
      const { exp, ...claims } = await verify(answer.body);
      assert.deepEqual(claims, { client: clientID, channel, user: 'ann' });
    });

    test('who has none gets 401, whatever else is sent', async () => {
      for (const headers of [{}, { cookie: 'session=bad' }, { 'x-auth-request-user': 'root', 'remote-user': 'root' }]) {
        assert.equal((await auth(headers)).status, 401);
      }
    });

    test('the check can\'t be asked from outside', async () => {
      assert.equal((await send(server().port, '/login-check', { method: 'GET' })).status, 404);
    });
  });
});

describe('fcgiwrap (deploy/fcgiwrap/roomkey.conf)', () => {
  let wrapper;
  before(async () => {
    const socket = place.path('fcgiwrap.sock');
    wrapper = { socket, ...await startForWeb(place, { path: socket, program: ['/usr/sbin/fcgiwrap', '-f'], env: {}, said: '' }) };
  });
  const cgi = (more = '') => `
    fastcgi_pass unix:${wrapper.socket};
    fastcgi_param SCRIPT_FILENAME ${place.path('roomkey')};
    fastcgi_param SCALEDRONE_CHANNEL_ID ${channel};
    fastcgi_param ROOMKEY_SECRET_FILE ${place.path('secret')};
    ${more}`;
  const site = (port) => ownSite(place, { snippet: 'roomkey-cgi.conf' })(port);
  const policy = async () => `fastcgi_param ROOMKEY_POLICY ${await place.write('members.json', members, 0o644)};`;

  withNginx('for everybody', () => ({ site, cgi: cgi() }), answersTheContract);
  withNginx('without a login', async () => ({ site, cgi: cgi(await policy()) }), believesNoVisitor);
  withNginx('with examples/login-basic.conf', async () => ({
    site, cgi: cgi(await policy()), login: 'login-basic.conf',
  }), logsPeopleIn);
});
