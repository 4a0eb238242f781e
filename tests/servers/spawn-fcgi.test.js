// SPDX-License-Identifier: MIT
// Goal: deploy/spawn-fcgi/roomkey starts, stops, restarts and reloads roomkey with its shipped settings
// file, keeps the processes running, and loses no request while it does so.

import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../process/support/port.js';
import { answers, root } from '../process/support/roomkey.js';
import { ask } from '../process/support/fcgi.js';
import { channel, verify, verifyBuiltIn } from '../process/support/tokens.js';
import { until } from '../process/support/until.js';
import { asRoot, openWebPlace, webUser } from './support/server.js';

const script = `${root}deploy/spawn-fcgi/roomkey`;

let place;
let run;
before(async () => {
  place = await openWebPlace();
  await place.write('environment', `SCALEDRONE_CHANNEL_ID=${channel}\n`);
  // What a user edits: the shipped settings, and these lines below.
  await place.write('defaults', `. ${root}deploy/spawn-fcgi/roomkey.default
PROGRAM=${place.path('roomkey')}
ENVIRONMENT=${place.path('environment')}
SECRET_FILE=${place.path('secret')}
SOCKET=${place.path('run/roomkey.sock')}
PIDFILE=${place.path('run/roomkey.pid')}
RUN_AS_USER=${webUser.name}
RUN_AS_GROUP=${webUser.name}
`);
  run = (order) => place.run(script, [order], { env: { ROOMKEY_DEFAULTS: place.path('defaults') } });
  place.defer(() => run('stop'));
});
after(() => place.close());

const address = () => ({ path: place.path('run/roomkey.sock') });
const workers = async () => (await run('status')).stdout.match(/\d+/g) ?? [];

describe('the script', () => {
  test('start: two processes on one socket, and nobody else may open it', async () => {
    const { status, stdout, stderr } = await run('start');
    assert.deepEqual([status, stdout, stderr], [0, 'roomkey started\n', '']);
    await until('listening', () => answers(address()));
    await verifyBuiltIn((await ask(address())).body);
    const { mode, uid, gid } = await stat(address().path);
    assert.equal(mode & 0o777, 0o660);
    assert.deepEqual([uid, gid], [webUser.uid, webUser.gid]);
    assert.equal((await workers()).length, 2);
  });

  test('start again: it says so, and changes nothing', async () => {
    const before = await workers();
    assert.equal((await run('start')).stdout, 'roomkey runs already\n');
    assert.deepEqual(await workers(), before);
  });

  test('a process that dies is replaced, and no request is lost', async () => {
    const [victim] = await workers();
    process.kill(Number(victim), 'SIGKILL');
    for (let i = 0; i < 50; i++) assert.equal((await ask(address())).status, 200);
    await until('two others', async () => (await workers()).length === 2 && !(await workers()).includes(victim));
  });

  test('restart: other processes, and no request is lost', async () => {
    const before = await workers();
    let ended = false;
    const restarted = run('restart').then((result) => { ended = true; return result; });
    let asked = 0;
    while (!ended) {
      assert.equal((await ask(address())).status, 200);
      asked++;
    }
    assert.equal((await restarted).status, 0);
    const now = await workers();
    assert.equal(now.length, 2);
    assert.ok(!now.some((pid) => before.includes(pid)));
    assert.ok(asked > 0);
  });

  test('reload: the same processes with another secret; a bad one is refused', async () => {
    const before = await workers();
    const key = 'another-secret-of-thirty-two-bytes';
    await writeFile(place.path('secret'), key);
    assert.equal((await run('reload')).status, 0);
    await until('the new secret', async () => verify((await ask(address())).body, key));
    await writeFile(place.path('secret'), '');
    const bad = await run('reload');
    assert.equal(bad.status, 78);
    assert.match(bad.stderr, /secret file .*: expected a key, found nothing/);
    await verify((await ask(address())).body, key);
    assert.deepEqual(await workers(), before);
    await writeFile(place.path('secret'), key);
  });

  test('stop: nothing is left', async () => {
    const before = await workers();
    assert.equal((await run('stop')).status, 0);
    for (const pid of before) assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
    await assert.rejects(stat(address().path), { code: 'ENOENT' });
    assert.equal((await run('status')).status, 3);
  });

  test('a wrong configuration does not start', async () => {
    await writeFile(place.path('environment'), 'SCALEDRONE_CHANNEL_ID=x\nROOMKEY_POLICY=/nowhere.json\n');
    const { status, stderr } = await run('start');
    assert.equal(status, 66);
    assert.match(stderr, /\/nowhere\.json/);
    assert.equal((await run('status')).status, 3);
    await writeFile(place.path('environment'), `SCALEDRONE_CHANNEL_ID=${channel}\n`);
  });

  test('foreground: for supervisors; SIGTERM ends all of it', async () => {
    const key = 'another-secret-of-thirty-two-bytes';
    const child = place.start(script, ['foreground'], { env: { ROOMKEY_DEFAULTS: place.path('defaults') } });
    await until('listening', () => answers(address()));
    await verify((await ask(address())).body, key);
    const { status } = await child.stop('SIGTERM');
    assert.equal(status, 0);
    await child.closed;
  });

  test('usage', async () => {
    assert.equal((await run('dance')).status, 64);
    assert.equal((await place.run(script, ['start'], { env: { ROOMKEY_DEFAULTS: '/nowhere' } })).status, 6);
  });
});

describe('on a port instead of a socket', () => {
  let port;
  let defaults;
  before(async () => {
    port = await freePort();
    defaults = await place.write('port-defaults', `. ${place.path('defaults')}\nSOCKET=\nPORT=${port}\n`);
  });
  const order = (name) => place.run(script, [name], { env: { ROOMKEY_DEFAULTS: defaults } });

  /** The addresses that somebody listens on with this port, as the kernel writes them. */
  const listening = async () => (await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'latin1').catch(() => ''))))
    .join('').split('\n').map((line) => line.trim().split(/\s+/)).filter(([, local, , state]) => state === '0A' && parseInt(local.split(':')[1], 16) === port)
    .map(([, local]) => local.split(':')[0]);

  test('it is one of loopback alone, and gives tokens', async () => {
    assert.equal((await order('start')).stdout, 'roomkey started\n');
    try {
      const loopback = { host: '127.0.0.1', port };
      await until('listening', () => answers(loopback));
      await verify((await ask(loopback)).body, 'another-secret-of-thirty-two-bytes');
      assert.deepEqual(await listening(), ['0100007F']);
    } finally {
      await order('stop');
    }
    assert.deepEqual(await listening(), []);
  });
});

test('as root it has given root up', { skip: asRoot ? false : 'it never had it' }, async () => {
  await run('start');
  const [pid] = await workers();
  const { stdout } = await place.run('ps', ['-o', 'user=', '-p', pid]);
  assert.equal(stdout.trim(), webUser.name);
});
