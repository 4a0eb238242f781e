// SPDX-License-Identifier: MIT
// Goal: lighttpd works with the shipped files of deploy/lighttpd: with a roomkey that runs already, with
// one that it starts itself, with a login, and as a complete site.

import assert from 'node:assert/strict';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { send } from '../process/support/http.js';
import { freePort } from '../process/support/port.js';
import { root } from '../process/support/roomkey.js';
import { until } from '../process/support/until.js';
import { answersTheContract, believesNoVisitor, families, givesUpSlowBodies, good, hidesFiles, logsPeopleIn, members, offered, offersItsEndpointsAlone, person, worksOverHttps } from './support/contract.js';
import { addPages, asRoot, channel, edited, giveToWebServer, makeCertificate, makeWritable, openWebPlace, otherSite, policies, serveForWeb, serveWithPolicy, siteName, startServer, webUser } from './support/server.js';

let place;
before(async () => { place = await openWebPlace(); });
after(() => place.close());

let count = 0;

/** Starts it with the variables of local.conf; `use` is the file that lighttpd.conf includes, `login` has everybody log in. */
async function startLighttpd({ use, settings = {}, login = false, endpoints, tls }) {
  const name = `lighttpd-${++count}`;
  const dir = place.path(name);
  const port = await freePort();
  const securePort = await freePort();
  await cp(`${root}deploy/lighttpd`, `${dir}/roomkey`, { recursive: true });
  if (login) {
    const line = '{ var.policy = "default" include "roomkey/endpoint.conf" }';
    const withLogin = line.replace(' }', ' include "roomkey/staff.conf" }');
    await place.write(`${name}/roomkey/endpoints.conf`, await edited('deploy/lighttpd/endpoints.conf', { [line]: withLogin }), 0o644);
    await place.write(`${name}/roomkey/staff.conf`, await edited('deploy/lighttpd/examples/login-basic.conf', { '/etc/lighttpd/roomkey/users': `${dir}/roomkey/users` }), 0o644);
  }
  if (endpoints) await place.write(`${name}/roomkey/endpoints.conf`, await endpoints(), 0o644);
  const run = await makeWritable(place, `${name}/run`);
  execFileSync('htpasswd', ['-b', '-c', `${dir}/roomkey/users`, person.name, person.password], { stdio: 'ignore' });
  await giveToWebServer(`${dir}/roomkey/users`, 0o640);
  const variables = {
    roomkey_socket: place.path('nobody.sock'),
    roomkey_spawn_socket: `${run}/roomkey.sock`,
    roomkey_program: place.path('roomkey'),
    roomkey_channel_id: channel,
    roomkey_secret_file: place.path('secret'),
    roomkey_policy: '',
    roomkey_login_script: `${dir}/roomkey/roomkey-user.lua`,
    roomkey_refusals: `${dir}/roomkey/refusals/`,
    roomkey_pages: place.path('www'),
    roomkey_page_config: place.path('www/config.json'),
    roomkey_realtime: 'wss://realtime.example',
    roomkey_secure_address: `127.0.0.1:${securePort}`,
    roomkey_secure_address6: `[::1]:${securePort}`,
    roomkey_certificate: '/nowhere',
    roomkey_certificate_key: '/nowhere',
    roomkey_hsts: '',
    ...settings,
  };
  await place.write(`${name}/roomkey/local.conf`, [
    ...Object.entries(variables).map(([key, value]) => `var.${key} = "${value}"\n`),
    `var.roomkey_login_modules = (${login ? ' "mod_auth", "mod_authn_file", "mod_magnet" ' : ''})\n`,
  ].join(''), 0o644);
  // What Debian's own lighttpd.conf has, on another port.
  await place.write(`${name}/lighttpd.conf`, `
    server.modules = ( "mod_indexfile", "mod_access", "mod_alias", "mod_redirect" )
    server.document-root = "${place.path('www')}"
    server.errorlog = "${run}/error.log"
    ${asRoot ? `server.username = "${webUser.name}"\nserver.groupname = "${webUser.name}"` : ''}
    server.bind = "127.0.0.1"
    server.port = ${port}
    $SERVER["socket"] == "[::1]:${port}" { }
    server.http-parseopts = ( "url-normalize-unreserved" => "enable", "url-path-2f-decode" => "enable", "url-path-dotseg-remove" => "enable" )
    index-file.names = ( "index.php", "index.html" )
    include_shell "/usr/share/lighttpd/create-mime.conf.pl"
    server.modules += ( "mod_dirlisting", "mod_staticfile" )
    include "roomkey/${use}"
    `, 0o644);
  const server = await startServer(place, {
    command: 'lighttpd', args: ['-D', '-f', `${dir}/lighttpd.conf`], port, endSignal: 'SIGTERM',
    log: () => readFile(`${run}/error.log`, 'utf8').catch(() => ''),
  });
  return { ...server, securePort, tls };
}

/** Runs `tests` against a lighttpd of its own, which is gone afterwards. */
function withLighttpd(name, how, tests) {
  describe(name, () => {
    let server;
    before(async () => { server = await startLighttpd(await how()); });
    after(() => server?.child.end());
    tests(() => server);
  });
}

// It looks at the length before any of its modules could set a header.
const contract = (server) => answersTheContract(server, { tooLargeMarked: false });

/** The shipped line, and one for each of two sites. */
const lines = async () => {
  const shipped = await edited('deploy/lighttpd/endpoints.conf');
  const [line] = /^\$HTTP.*/m.exec(shipped);
  const more = [[siteName, 'news'], [otherSite, 'own']].map(([site, name]) =>
    `$HTTP["host"] == "${site}" { ${line.replace('/auth', `/auth/${name}`).replace('"default"', `"${name}"`)} }\n`);
  return shipped + more.join('');
};

describe('a roomkey that runs already (roomkey.conf)', () => {
  const use = 'roomkey.conf';
  withLighttpd('for everybody', async () => ({ use, settings: { roomkey_socket: await serveForWeb(place) } }), (server) => {
    contract(server);
    // It closes the connection without a word, and knows no deadline for the whole.
    givesUpSlowBodies(server, { statuses: [undefined], trickle: true });
  });
  withLighttpd('with a line for each endpoint', async () => ({
    use, endpoints: lines, settings: { roomkey_socket: await serveForWeb(place, { args: ['--policy', await policies(place, ...offered)] }) },
  }), offersItsEndpointsAlone);
  withLighttpd('without a login', async () => ({
    use, settings: { roomkey_socket: await serveWithPolicy(place, members) },
  }), believesNoVisitor);
  withLighttpd('with examples/login-basic.conf', async () => ({
    use, login: true, settings: { roomkey_socket: await serveWithPolicy(place, members) },
  }), logsPeopleIn);
});

describe('a roomkey that lighttpd starts (roomkey-spawn.conf)', () => {
  const use = 'roomkey-spawn.conf';
  const policy = async () => ({ roomkey_policy: await place.write('members.json', members, 0o644) });

  withLighttpd('for everybody', () => ({ use }), (server) => {
    contract(server);

    test('one that dies is started again', async () => {
      const children = () => execFileSync('ps', ['-o', 'pid=', '--ppid', server().child.pid], { encoding: 'utf8' }).trim().split(/\s+/);
      const [pid] = children();
      process.kill(Number(pid), 'SIGKILL');
      await until('a token', async () => (await send(server().port, '/auth', good)).status === 200);
      assert.ok(!children().includes(pid));
    });
  });
  withLighttpd('with a line for each endpoint', async () => ({
    use, endpoints: lines, settings: { roomkey_policy: await policies(place, ...offered) },
  }), offersItsEndpointsAlone);
  withLighttpd('without a login', async () => ({ use, settings: await policy() }), believesNoVisitor);
  withLighttpd('with examples/login-basic.conf', async () => ({ use, login: true, settings: await policy() }), logsPeopleIn);
});

describe('the complete site (site.conf)', () => {
  withLighttpd('as it is', async () => ({ use: 'site.conf', settings: { roomkey_socket: await serveForWeb(place) } }), (server) => {
    contract(server);
    hidesFiles(server, (names) => addPages(place, names));

    for (const host of families) {
      test(`a token and the page from ${host}`, async () => {
        assert.equal((await send(server().port, '/auth', { ...good, host })).status, 200);
        assert.match((await send(server().port, '/', { method: 'GET', host })).body, /<!doctype html>/i);
      });
    }

    test('the page has its security headers, and is asked for again each time', async () => {
      const { headers } = await send(server().port, '/', { method: 'GET' });
      assert.match(headers['content-security-policy'], /^default-src 'none';.* connect-src 'self' wss:\/\/realtime\.example;/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], 'no-cache');
      assert.equal((await send(server().port, '/config.json', { method: 'GET' })).status, 200);
    });
  });

  const secure = async (settings = {}) => {
    const { certificate, key, tls } = await makeCertificate(place);
    return { use: 'site-https.conf', tls, settings: {
      roomkey_socket: await serveForWeb(place), roomkey_certificate: certificate, roomkey_certificate_key: key, ...settings,
    } };
  };
  withLighttpd('over HTTPS (site-https.conf)', secure, (server) => worksOverHttps(server, { proof: (names) => addPages(place, names) }));
  withLighttpd('over HTTPS, which browsers hold on to', () => secure({ roomkey_hsts: 'max-age=300' }),
    (server) => worksOverHttps(server, { from: ['::1'], hsts: 'max-age=300' }));
});
