// SPDX-License-Identifier: MIT
// Goal: lighttpd works with the shipped files of deploy/lighttpd: with a roomkey that runs already, with
// one that it starts itself, with a login, and as a complete site.

import assert from 'node:assert/strict';
import { copyFile, cp, mkdir, readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { send } from '../process/support/http.js';
import { freePort, root } from '../process/support/roomkey.js';
import { until } from '../process/support/until.js';
import { answersTheContract, believesNoVisitor, givesUpSlowBodies, good, hidesFiles, logsPeopleIn, members, person } from './support/contract.js';
import { addPages, asRoot, channel, giveToWebServer, makeWritable, openWebPlace, serveForWeb, serveWithPolicy, startServer, webUser } from './support/server.js';

const shipped = ['roomkey.conf', 'roomkey-spawn.conf', 'refused.conf', 'site.conf', 'roomkey-user.lua'];

let place;
before(async () => { place = await openWebPlace(); });
after(() => place.close());

let count = 0;

/** Starts it with the variables of local.conf; `use` is the file that lighttpd.conf includes. */
async function startLighttpd({ use, settings = {}, login = false }) {
  const name = `lighttpd-${++count}`;
  const dir = place.path(name);
  const port = await freePort();
  await mkdir(`${dir}/roomkey`, { recursive: true });
  for (const file of shipped) await copyFile(`${root}deploy/lighttpd/${file}`, `${dir}/roomkey/${file}`);
  await cp(`${root}deploy/lighttpd/refusals`, `${dir}/roomkey/refusals`, { recursive: true });
  if (login) await copyFile(`${root}deploy/lighttpd/examples/login-basic.conf`, `${dir}/roomkey/login.conf`);
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
    roomkey_users: `${dir}/roomkey/users`,
    roomkey_login_script: `${dir}/roomkey/roomkey-user.lua`,
    roomkey_refusals: `${dir}/roomkey/refusals/`,
    roomkey_pages: place.path('www'),
    roomkey_page_config: place.path('www/config.json'),
    roomkey_realtime: 'wss://realtime.example',
    ...settings,
  };
  await place.write(`${name}/roomkey/local.conf`, Object.entries(variables).map(([key, value]) => `var.${key} = "${value}"\n`).join(''), 0o644);
  // What Debian's own lighttpd.conf has, on another port.
  await place.write(`${name}/lighttpd.conf`, `
    server.modules = ( "mod_indexfile", "mod_access", "mod_alias", "mod_redirect" )
    server.document-root = "${place.path('www')}"
    server.errorlog = "${run}/error.log"
    ${asRoot ? `server.username = "${webUser.name}"\nserver.groupname = "${webUser.name}"` : ''}
    server.bind = "127.0.0.1"
    server.port = ${port}
    server.http-parseopts = ( "url-normalize-unreserved" => "enable", "url-path-2f-decode" => "enable", "url-path-dotseg-remove" => "enable" )
    index-file.names = ( "index.php", "index.html" )
    include_shell "/usr/share/lighttpd/create-mime.conf.pl"
    server.modules += ( "mod_dirlisting", "mod_staticfile" )
    include "roomkey/${use}"
    `, 0o644);
  return startServer(place, {
    command: 'lighttpd', args: ['-D', '-f', `${dir}/lighttpd.conf`], port, endSignal: 'SIGTERM',
    log: () => readFile(`${run}/error.log`, 'utf8').catch(() => ''),
  });
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

describe('a roomkey that runs already (roomkey.conf)', () => {
  const use = 'roomkey.conf';
  withLighttpd('for everybody', async () => ({ use, settings: { roomkey_socket: await serveForWeb(place) } }), (server) => {
    contract(server);
    // It closes the connection without a word, and knows no deadline for the whole.
    givesUpSlowBodies(server, { statuses: [undefined], trickle: true });
  });
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
      await until('a token', async () => (await send(server().port, '/auth', good)).status === 200, { within: 15_000 });
      assert.ok(!children().includes(pid));
    });
  });
  withLighttpd('without a login', async () => ({ use, settings: await policy() }), believesNoVisitor);
  withLighttpd('with examples/login-basic.conf', async () => ({ use, login: true, settings: await policy() }), logsPeopleIn);
});

describe('the complete site (site.conf)', () => {
  withLighttpd('as it is', async () => ({ use: 'site.conf', settings: { roomkey_socket: await serveForWeb(place) } }), (server) => {
    contract(server);
    hidesFiles(server, (names) => addPages(place, names));

    test('the page has its security headers, and is asked for again each time', async () => {
      const { headers } = await send(server().port, '/', { method: 'GET' });
      assert.match(headers['content-security-policy'], /^default-src 'none';.* connect-src 'self' wss:\/\/realtime\.example;/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], 'no-cache');
      assert.equal((await send(server().port, '/config.json', { method: 'GET' })).status, 200);
    });
  });
});
