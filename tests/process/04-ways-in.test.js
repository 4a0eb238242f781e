// SPDX-License-Identifier: MIT
// Goal: one binary finds its own way in: the socket it is told, one that a process manager hands over as
// fd 0 or fd 3, or none; and a socket file of its own is safe, whatever was there before.

import assert from 'node:assert/strict';
import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { ask } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { freePort } from './support/port.js';
import { answers, environment, roomkey, run, serveSpawned, serveTcp, serveUnix } from './support/roomkey.js';
import { clientID, verifyBuiltIn } from './support/tokens.js';
import { soon, until } from './support/until.js';

let place;
before(async () => { place = await openPlace(); });
after(() => place.close());

const modeOf = (path) => (lstatSync(path).mode & 0o7777).toString(8);

async function givesToken(address) {
  const answer = await ask(address);
  await verifyBuiltIn(answer.body);
}

describe('a socket that is handed over', () => {
  test('as fd 0 by spawn-fcgi', async () => {
    const { address } = await serveSpawned(place);
    await givesToken(address);
  });

  test('as fd 0 by spawn-fcgi in the background, where stderr is /dev/null', async () => {
    const path = place.path('forked.sock');
    const pidFile = place.path('forked.pid');
    const started = await place.run('spawn-fcgi', ['-s', path, '-M', '0600', '-P', pidFile, '--', roomkey], { env: environment });
    assert.equal(started.status, 0, started.stderr);
    const pid = Number(await readFile(pidFile, 'utf8'));
    place.defer(() => { try { process.kill(pid, 'SIGKILL'); } catch { /* gone */ } });
    await givesToken({ path });
    process.kill(pid, 'SIGTERM');
    await until('its end', async () => !(await answers({ path })));
  });

  test('as fd 0 with nothing else open, as section 2.2 of FastCGI 1.0 has it', async () => {
    const path = place.path('bare.sock');
    const child = place.start('spawn-fcgi', ['-n', '-s', path, '-M', '0600', '--', '/bin/sh', '-c', 'exec "$0" "$@" >&- 2>&-', roomkey, '--threads', '1'], { env: environment });
    await until('the socket', () => existsSync(path));
    for (let i = 0; i < 3; i++) await givesToken({ path });
    // Whatever is written to stdout or stderr must not end up in what happens to have their numbers.
    // Only root may look, since the process is not dumpable.
    if (process.getuid() === 0) {
      for (const fd of [1, 2]) assert.equal(readlinkSync(`/proc/${child.pid}/fd/${fd}`), '/dev/null');
    }
    assert.equal((await child.stop()).status, 0);
  });

  test('as fd 3 with LISTEN_FDS and LISTEN_PID', async () => {
    const command = ['/bin/sh', '-c', 'exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"'];
    const { address, child } = await serveSpawned(place, { command });
    await givesToken(address);
    assert.equal((await child.stop()).status, 0);
  });

  test('as fd 3 that is meant for another process is not taken', async () => {
    const child = place.start('spawn-fcgi', ['-n', '-s', place.path('other.sock'), '--', '/bin/sh', '-c', 'exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=1 exec "$0"', roomkey], { env: environment });
    assert.equal((await child.exited).status, 64);
  });

  test('beside a second one is refused: nobody would answer on that', async () => {
    const child = place.start('spawn-fcgi', ['-n', '-s', place.path('two.sock'), '--', '/bin/sh', '-c', 'exec 3<&0 4<&0 </dev/null; LISTEN_FDS=2 LISTEN_PID=$$ exec "$0"', roomkey], { env: environment });
    assert.equal((await soon('its refusal', child.closed)).status, 64);
    assert.match(child.stderr, /^roomkey: LISTEN_FDS: expected one socket [^\n]*, found 2/);
  });

  test('stays when --socket names another, which wins', async () => {
    const path = place.path('wins.sock');
    const handed = place.path('handed.sock');
    const child = place.start('spawn-fcgi', ['-n', '-s', handed, '-M', '0600', '--', roomkey, '--socket', `unix:${path}`], { env: environment });
    await until('its own socket', () => answers({ path }));
    await givesToken({ path });
    assert.equal((await child.stop()).status, 0);
    assert.ok(existsSync(handed), 'the file of another is not removed');
  });

  test('a broken configuration ends it at once, so that spawn-fcgi can tell', async () => {
    const ended = await place.run('spawn-fcgi', ['-n', '-s', place.path('never.sock'), '--', roomkey], { env: {} });
    assert.equal(ended.status, 78);
    // spawn-fcgi looks once, a tenth of a second after the start. A machine with more to do may need longer
    // now and then; but not each time.
    await until('spawn-fcgi to see its end', async () => {
      const started = await place.run('spawn-fcgi', ['-s', place.path('never.sock'), '--', roomkey], { env: {} });
      return started.status !== 0;
    });
  });
});

describe('--socket unix:PATH', () => {
  for (const mask of ['000', '077', '027']) {
    test(`has mode 0660 under umask ${mask}`, async () => {
      const path = place.path(`mask-${mask}.sock`);
      const child = place.start('/bin/sh', ['-c', `umask ${mask}; exec "$0" --socket "unix:$1"`, roomkey, path], { env: environment });
      await until('the socket', () => answers({ path }));
      assert.equal(modeOf(path), '660');
      assert.equal((await child.stop()).status, 0);
      assert.ok(!existsSync(path), 'and goes with its process');
    });
  }

  test('replaces the file of a process that was killed', async () => {
    const path = place.path('stale.sock');
    const first = await serveUnix(place, { path });
    await first.child.stop('SIGKILL');
    assert.ok(existsSync(path));
    await serveUnix(place, { path });
    await givesToken({ path });
  });

  test('is refused with 71 while another process listens there, which goes on', async () => {
    const { address } = await serveUnix(place);
    const second = await run(place, ['--socket', `unix:${address.path}`]);
    assert.equal(second.status, 71);
    assert.match(second.stderr, /listens/);
    await givesToken(address);
  });

  test('is refused with 71 where a file is no socket, which stays', async () => {
    const path = await place.write('precious.txt', 'precious');
    const ended = await run(place, ['--socket', `unix:${path}`]);
    assert.equal(ended.status, 71);
    assert.ok(existsSync(path));
  });

  test('does not take a file with it that has become another process\'s', async () => {
    const path = place.path('twice.sock');
    const first = await serveUnix(place, { path });
    await rm(path);
    await serveUnix(place, { path });
    assert.equal((await first.child.stop()).status, 0);
    await givesToken({ path });
  });

  test('a path of more than 107 bytes is a usage error', async () => {
    const ended = await run(place, ['--socket', `unix:${place.path('x'.repeat(108))}`]);
    assert.equal(ended.status, 64);
    assert.match(ended.stderr, /107/);
  });

  test('a path of 107 bytes is served', async () => {
    const path = place.path('x'.repeat(106 - place.dir.length));
    await serveUnix(place, { path });
    await givesToken({ path });
  });

  test('a directory that does not exist is 71', async () => {
    assert.equal((await run(place, ['--socket', 'unix:/nowhere/roomkey.sock'])).status, 71);
  });

  test('without a configuration leaves no socket file behind', async () => {
    const path = place.path('unconfigured.sock');
    const ended = await run(place, ['--socket', `unix:${path}`], { env: {} });
    assert.equal(ended.status, 78);
    assert.ok(!existsSync(path));
  });

  test('works where the directory has a space and more in its name', async () => {
    await mkdir(place.path('a b:c'));
    const { address } = await serveUnix(place, { path: place.path('a b:c/d.sock') });
    await givesToken(address);
  });
});

describe('--socket HOST:PORT', () => {
  test('without a host it is loopback and nothing else', async () => {
    const { address: { port } } = await serveTcp(place);
    await givesToken({ host: '127.0.0.1', port });
    assert.equal(await answers({ host: '127.0.0.2', port }), false);
  });

  test('takes the address that is named', async () => {
    const port = await freePort();
    place.start(roomkey, ['--socket', `127.0.0.9:${port}`], { env: environment });
    await until('roomkey listening', () => answers({ host: '127.0.0.9', port }));
    assert.equal(await answers({ host: '127.0.0.1', port }), false);
  });

  test('can be started again at once after it was stopped under use', async () => {
    const { address, child } = await serveTcp(place);
    await givesToken(address);
    await child.stop();
    const again = place.start(roomkey, ['--socket', `127.0.0.1:${address.port}`], { env: environment });
    await until('roomkey listening', () => answers(address));
    assert.equal((await again.stop()).status, 0);
  });

  test('a port in use is 71', async () => {
    const { address: { port } } = await serveTcp(place);
    assert.equal((await run(place, ['--socket', `127.0.0.1:${port}`])).status, 71);
  });

  for (const bad of ['9000', ':0', ':65536', ':http', 'unix:', '127.0.0.1', '']) {
    test(`${JSON.stringify(bad)} is a usage error`, async () => {
      assert.equal((await run(place, ['--socket', bad])).status, 64);
    });
  }
});

describe('none of these', () => {
  test('prints the usage and exits 64', async () => {
    const ended = await run(place, []);
    assert.equal(ended.status, 64);
    assert.equal(ended.stdout, '');
    assert.match(ended.stderr, /^Usage: roomkey/);
  });

  test('ROOMKEY_SOCKET and ROOMKEY_THREADS do what their options do, and the options win', async () => {
    const path = place.path('environment.sock');
    const env = { ...environment, ROOMKEY_SOCKET: `unix:${path}`, ROOMKEY_THREADS: '3' };
    const child = place.start(roomkey, ['serve', '--threads', '1'], { env });
    await until('roomkey listening', () => answers({ path }));
    await until('its log', () => /1 thread/.test(child.stderr));
    await givesToken({ path });
  });

  for (const threads of ['0', '-1', 'two', '1000', '']) {
    test(`--threads ${JSON.stringify(threads)} is a usage error`, async () => {
      assert.equal((await run(place, ['--socket', `unix:${place.path('t.sock')}`, '--threads', threads])).status, 64);
    });
  }
});

test('cgi-fcgi -connect, the client of libfcgi itself, gets a token', async () => {
  const { address } = await serveUnix(place);
  const body = `clientID=${clientID}`;
  const ended = await place.run('cgi-fcgi', ['-bind', '-connect', address.path], {
    env: { REQUEST_METHOD: 'POST', CONTENT_TYPE: 'application/x-www-form-urlencoded', CONTENT_LENGTH: String(body.length) },
    input: body,
  });
  assert.match(ended.stdout, /^Status: 200 OK\r\n/);
  await verifyBuiltIn(ended.stdout.split('\r\n\r\n')[1]);
});

test('a request is the same over a UNIX socket and over TCP', async () => {
  const servers = await Promise.all([serveUnix(place), serveTcp(place)]);
  for (const { address } of servers) await givesToken(address);
});
