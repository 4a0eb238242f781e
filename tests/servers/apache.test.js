// SPDX-License-Identifier: MIT
// Goal: each way into roomkey that Apache has works with the shipped files of deploy/apache:
// mod_proxy_fcgi, mod_fcgid and mod_cgid, with and without a login.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { send, visitor } from '../process/support/http.js';
import { verify, verifyBuiltIn } from '../process/support/tokens.js';
import { until } from '../process/support/until.js';
import { admitsThatNoneAnswers, answersTheContract, basic, believesNoVisitor, checkRefusal, families, givesUpSlowBodies, good, hidesFiles, logsPeopleIn, members, offered, offersItsEndpointsAlone, person, sendSlowly, worksOverHttps } from './support/contract.js';
import { ownSite, startApache } from './support/apache.js';
import { addPages, edited, makeCertificate, openWebPlace, otherSite, policies, pretend, serveForWeb, serveWithPolicy, siteName } from './support/server.js';

let place;
before(async () => { place = await openWebPlace(); });
after(() => place.close());

/** Runs `tests` against an Apache of its own, which is gone afterwards. */
function withApache(name, how, tests) {
  describe(name, () => {
    let apache;
    before(async () => {
      const { tls, ...settings } = await how();
      apache = { ...await startApache(place, settings), tls };
    });
    after(() => apache?.child.end());
    tests(() => apache);
  });
}

const withLogin = ['RoomkeyEndpointWithLogin /auth default roomkey/staff.conf'];
/** Two sites of one Apache with endpoints of their own. */
const twoSites = (file) => (port) => ownSite(place, file, ['RoomkeyEndpoint /auth default', 'RoomkeyEndpoint /auth/news news'], siteName)(port)
  + ownSite(place, file, ['RoomkeyEndpoint /auth default', 'RoomkeyEndpoint /auth/own own'], otherSite)(port);
/** A copy of one of the logins. */
const login = async (name) => ({ 'staff.conf': await edited(`deploy/apache/examples/${name}`) });

describe('mod_proxy_fcgi (roomkey.conf)', () => {
  const mods = ['proxy', 'proxy_fcgi'];
  const use = (port) => ownSite(place, 'roomkey.conf')(port);

  withApache('for everybody', async () => ({ use, mods, settings: { ROOMKEY_SOCKET: await serveForWeb(place) } }), (server) => {
    answersTheContract(server);

    givesUpSlowBodies(server, { statuses: ['408'] });

    test('token after token over kept connections', async () => {
      for (let i = 0; i < 50; i++) await verifyBuiltIn((await send(server().port, '/auth', good)).body);
    });
  });

  withApache('without a login', async () => ({
    use, mods, settings: { ROOMKEY_SOCKET: await serveWithPolicy(place, members) },
  }), believesNoVisitor);

  withApache('with examples/login-basic.conf', async () => ({
    use: ownSite(place, 'roomkey.conf', withLogin), mods, files: await login('login-basic.conf'), settings: { ROOMKEY_SOCKET: await serveWithPolicy(place, members) },
  }), logsPeopleIn);

  withApache('with a line for each endpoint', async () => ({
    use: twoSites('roomkey.conf'), mods, settings: { ROOMKEY_SOCKET: await serveForWeb(place, { args: ['--policy', await policies(place, ...offered)] }) },
  }), offersItsEndpointsAlone);

  withApache('with a login for each site', async () => ({
    use: (port) => ownSite(place, 'roomkey.conf', ['RoomkeyEndpointWithLogin /auth staff roomkey/staff.conf'], siteName)(port)
      + ownSite(place, 'roomkey.conf', ['RoomkeyEndpointWithLogin /auth staff roomkey/theirs.conf', 'RoomkeyEndpoint /auth/open default'], otherSite)(port),
    mods, settings: { ROOMKEY_SOCKET: await serveForWeb(place, { args: ['--policy', await policies(place, 'default', 'staff')] }) },
    files: {
      ...await login('login-basic.conf'), 'theirs.conf': await edited('deploy/apache/examples/login-basic.conf', { 'AuthUserFile roomkey/users': 'AuthUserFile roomkey/their-users' }),
      'their-users': execFileSync('htpasswd', ['-n', '-B', '-C', '5', '-b', 'bob', person.password], { encoding: 'utf8' }),
    },
  }), (server) => {
    test('people log in at their own site, and at no other', async () => {
      const ask = (host, user, path = '/auth') => send(server().port, path, { ...good, headers: { ...good.headers, host, authorization: basic(user, person.password) } });
      for (const [host, user, stranger] of [[siteName, person.name, 'bob'], [otherSite, 'bob', person.name]]) {
        assert.equal((await verify((await ask(host, user)).body)).user, user);
        checkRefusal(await ask(host, stranger), 401, 'Not logged in');
      }
      assert.equal((await verify((await ask(otherSite, person.name, '/auth/open')).body)).is, 'default');
    });
  });

  withApache('when no roomkey runs', () => ({ use, mods, settings: { ROOMKEY_SOCKET: place.path('nobody.sock') } }), admitsThatNoneAnswers);
  for (const [how, status] of [['says nothing', 504], ['hangs up', 503]]) {
    withApache(`when what runs ${how}`, async () => ({ use, mods, settings: { ROOMKEY_SOCKET: await pretend(place, how) } }),
      (server) => admitsThatNoneAnswers(server, status));
  }
});

describe('with mod_qos', () => {
  withApache('an address', async () => ({
    use: ownSite(place, 'roomkey.conf'), mods: ['proxy', 'proxy_fcgi', 'qos'],
    settings: { ROOMKEY_SOCKET: await serveForWeb(place) },
  }), (server) => {
    test('has so many connections and no more, and the others have theirs', async () => {
      const from = visitor();
      const held = Array.from({ length: 300 }, () => sendSlowly(server().port, { from }));
      await until('no further connection', async () => !(await send(server().port, '/auth', { ...good, from }).then(() => true, () => false)));
      const start = performance.now();
      for (let i = 0; i < 10; i++) assert.equal((await send(server().port, '/auth', good)).status, 200);
      assert.ok(performance.now() - start < 3000, `${Math.round(performance.now() - start)} ms`);
      // The answer to a body that came too slowly; the others got none.
      assert.equal((await Promise.all(held)).filter((status) => status === '408').length, 32);
      assert.equal((await send(server().port, '/auth', { ...good, from })).status, 200);
    });
  });
});

describe('the complete site (site.conf)', () => {
  withApache('as it is', async () => ({
    use: () => 'Include roomkey/site.conf', mods: ['proxy', 'proxy_fcgi'], settings: { ROOMKEY_SOCKET: await serveForWeb(place) },
  }), (server) => {
    answersTheContract(server);
    hidesFiles(server, (names) => addPages(place, names));

    test('the page has its security headers, and is asked for again each time', async () => {
      const { headers } = await send(server().port, '/', { method: 'GET' });
      assert.match(headers['content-security-policy'], /^default-src 'none';.* connect-src 'self' wss:\/\/realtime\.example;/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cache-control'], 'no-cache');
    });

    test('the page\'s configuration is served, and nothing else beside it', async () => {
      assert.equal((await send(server().port, '/config.json', { method: 'GET' })).status, 200);
      for (const path of ['/config.json/../secret', '/config.jsonx', '/secret', '/config.json/secret']) {
        assert.equal((await send(server().port, path, { method: 'GET' })).status, 404, path);
      }
    });
  });
});

describe('the complete site beside the default site of Debian', () => {
  const mods = ['proxy', 'proxy_fcgi'];
  const use = (file) => (port) => `<VirtualHost *:${port}>
      DocumentRoot /nowhere
    </VirtualHost>
    Include roomkey/${file}`;
  withApache('over HTTP', async () => ({
    use: use('site.conf'), mods, settings: { ROOMKEY_SOCKET: await serveForWeb(place) },
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

  const secure = async (settings = {}) => {
    const { certificate, key, tls } = await makeCertificate(place);
    return {
      use: use('site-https.conf'), mods: [...mods, 'ssl', 'http2'], tls,
      settings: { ROOMKEY_SOCKET: await serveForWeb(place), ROOMKEY_CERTIFICATE: certificate, ROOMKEY_CERTIFICATE_KEY: key, ...settings },
    };
  };
  withApache('over HTTPS (site-https.conf)', secure, (server) => worksOverHttps(server, { proof: (names) => addPages(place, names) }));
  withApache('over HTTPS, which browsers hold on to', () => secure({ ROOMKEY_HSTS: 'max-age=300' }),
    (server) => worksOverHttps(server, { from: ['::1'], hsts: 'max-age=300' }));
});

/** What a visitor sees when the secret's file is not where local.conf says. */
function failsInOneLine(server) {
  test('500 in one line', async () => {
    const answer = await send(server().port, '/auth', good);
    checkRefusal(answer, 500, 'No token can be made at the moment');
    await until('the reason in the log', async () => /secret file .*nowhere/.test(await server().log()));
  });
}

describe('mod_fcgid (roomkey-fcgid.conf)', () => {
  const mods = ['fcgid'];
  const use = (port) => ownSite(place, 'roomkey-fcgid.conf')(port);

  withApache('for everybody', () => ({ use, mods }), (server) => {
    answersTheContract(server, { chunked: [411, 'A body needs a Content-Length'] });
    // mod_fcgid can't tell a body that was too slow from any other failure.
    givesUpSlowBodies(server, { statuses: ['500'] });
  });

  const withMembers = async () => ({ ROOMKEY_POLICY: await place.write('members.json', members, 0o644) });
  withApache('with a line for each endpoint', async () => ({
    use: twoSites('roomkey-fcgid.conf'), mods, settings: { ROOMKEY_POLICY: await policies(place, ...offered) },
  }), offersItsEndpointsAlone);
  withApache('without a secret', () => ({ use, mods, settings: { ROOMKEY_SECRET_FILE: '/nowhere' } }), failsInOneLine);
  withApache('without a login', async () => ({ use, mods, settings: await withMembers() }), believesNoVisitor);
  withApache('with examples/login-basic-cgi.conf', async () => ({
    use: ownSite(place, 'roomkey-fcgid.conf', withLogin), mods: [...mods, 'rewrite'], files: await login('login-basic-cgi.conf'), settings: await withMembers(),
  }), logsPeopleIn);
});

describe('mod_cgid (roomkey-cgid.conf)', () => {
  const mods = ['cgid'];
  const use = (port) => ownSite(place, 'roomkey-cgid.conf')(port);

  withApache('for everybody', () => ({ use, mods }), (server) => {
    answersTheContract(server);

    // A process for each of them.
    givesUpSlowBodies(server, { statuses: ['408'], count: 15, patience: 15_000 });

    test('arguments of the query are no command line', async () => {
      for (const query of ['--help', 'mint', '--policy+/etc/passwd']) {
        const answer = await send(server().port, `/auth?${query}`, good);
        await verifyBuiltIn(answer.body);
      }
    });
  });

  // Its daemon starts with Apache, and not when a reload brings the module.
  withApache('that was only loaded by a reload', () => ({
    use: (port) => `IncludeOptional late.conf\n${use(port)}`, mods: [],
  }), (server) => {
    test('503 in one line', async () => {
      await place.write(`${basename(server().dir)}/late.conf`, 'LoadModule cgid_module /usr/lib/apache2/modules/mod_cgid.so\nScriptSock cgisock\n', 0o644);
      server().child.kill('SIGHUP');
      const answer = await until('an answer of the module', async () => {
        const given = await send(server().port, '/auth', good).catch(() => undefined);
        return given?.status >= 500 && given;
      });
      assert.equal(answer.status, 503);
      assert.equal(answer.body, 'No token can be had at the moment, try again in a few seconds');
    });
  });

  withApache('with a program that is none', async () => {
    await mkdir(place.path('broken'));
    await copyFile('/bin/false', place.path('broken/roomkey'));
    return { use, mods, settings: { ROOMKEY_PROGRAM_FOLDER: place.path('broken') } };
  }, (server) => {
    test('500 in one line', async () => {
      const answer = await send(server().port, '/auth', good);
      assert.equal(answer.status, 500);
      assert.equal(answer.body, 'No token can be made at the moment');
    });
  });

  const withMembers = async () => ({ ROOMKEY_POLICY: await place.write('members.json', members, 0o644) });
  withApache('with a line for each endpoint', async () => ({
    use: twoSites('roomkey-cgid.conf'), mods, settings: { ROOMKEY_POLICY: await policies(place, ...offered) },
  }), offersItsEndpointsAlone);
  withApache('without a secret', () => ({ use, mods, settings: { ROOMKEY_SECRET_FILE: '/nowhere' } }), failsInOneLine);
  withApache('without a login', async () => ({ use, mods, settings: await withMembers() }), believesNoVisitor);
  withApache('with examples/login-basic-cgi.conf', async () => ({
    use: ownSite(place, 'roomkey-cgid.conf', withLogin), mods: [...mods, 'rewrite'], files: await login('login-basic-cgi.conf'), settings: await withMembers(),
  }), logsPeopleIn);
});
