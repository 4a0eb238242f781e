// SPDX-License-Identifier: MIT
// Goal: the units of deploy/systemd are right as far as that can be seen without systemd as process 1:
// systemd finds no fault in them, their sandbox is tight, the program starts in both ways in which
// systemd hands over a socket, and it needs no system call that the sandbox forbids.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { answers, environment, roomkey, root } from '../process/support/roomkey.js';
import { openPlace } from '../process/support/place.js';
import { ask } from '../process/support/fcgi.js';
import { holdSocket } from '../process/support/holder.js';
import { urlencoded } from '../process/support/http.js';
import { assertNoneFailed, startLoad } from '../process/support/load.js';
import { startNginx } from '../process/support/nginx.js';
import { channel, clientID, secret, verify, verifyBuiltIn } from '../process/support/tokens.js';
import { until } from '../process/support/until.js';

const units = `${root}deploy/systemd`;
const services = ['roomkey.service', 'roomkey@.service'];

let place;
before(async () => { place = await openPlace(); });
after(() => place.close());

/** The values of a setting in a unit file. */
async function settings(unit, name) {
  const text = await readFile(`${units}/${unit}`, 'utf8');
  return [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);
}

describe('the unit files', () => {
  // A root of its own, where the program is where the units say.
  let tree;
  before(async () => {
    tree = place.path('root');
    for (const dir of ['usr/bin', 'bin', 'etc/systemd/system', 'usr/lib/systemd']) await mkdir(`${tree}/${dir}`, { recursive: true });
    await copyFile(roomkey, `${tree}/usr/bin/roomkey`);
    await copyFile('/bin/kill', `${tree}/bin/kill`);
    await chmod(`${tree}/bin/kill`, 0o755);
    // Debian 12 still has them in /lib, which leads to /usr/lib as any machine's does.
    await symlink('usr/lib', `${tree}/lib`);
    await cp('/lib/systemd/system', `${tree}/usr/lib/systemd/system`, { recursive: true, verbatimSymlinks: true });
    await cp(units, `${tree}/etc/systemd/system`, { recursive: true });
  });
  const verified = (...names) => place.run('systemd-analyze', ['verify', '--man=no', `--root=${tree}`, ...names]);

  test('systemd-analyze verify has nothing to say', async () => {
    const { status, stdout, stderr } = await verified('roomkey.socket', 'roomkey.service', 'roomkey@1.service');
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
  });

  test('the drop-in of README.Debian for another secret is one that systemd takes', async () => {
    const text = await readFile(`${root}deploy/packaging/debian/roomkey.README.Debian`, 'utf8');
    const [, lines] = /^( {4}\[Service\]\n(?: {4}.+\n)+)/m.exec(text);
    const dropIn = lines.replace(/^ {4}/gm, '');
    assert.match(dropIn, /^LoadCredential=news:\/etc\/roomkey\/news$/m);
    const folder = `${tree}/etc/systemd/system/roomkey.service.d`;
    await mkdir(folder);
    const complaints = async (content) => {
      await writeFile(`${folder}/override.conf`, content);
      return (await verified('roomkey.service')).stderr;
    };
    assert.equal(await complaints(dropIn), '');
    assert.notEqual(await complaints(dropIn.replace('LoadCredential', 'LoadCredentials')), '');
  });

  for (const service of services) {
    test(`${service}: the exposure is at most 1.0, and each part of the sandbox counts`, async () => {
      const security = (...args) => place.run('systemd-analyze', ['security', '--offline=true', '--no-pager', ...args, `${units}/${service}`], { env: { LC_ALL: 'C.UTF-8' } });
      const [, level] = /Overall exposure level for \S+: ([\d.]+)/.exec((await security()).stdout) ?? [];
      assert.ok(Number(level) <= 1.0, `found ${level}`);
      // The level alone has room for a setting or three that get lost. What is open on purpose: the sockets
      // of web server and log, the files of this system, and the clock's device, which ProtectClock allows.
      const open = JSON.parse((await security('--json=short')).stdout).filter(({ exposure }) => exposure !== null);
      assert.deepEqual(open.map(({ json_field: field }) => field).sort(), ['DeviceAllow', 'RestrictAddressFamilies_AF_UNIX', 'RootDirectoryOrRootImage']);
    });
  }

  test('the socket stays non-blocking when another process is started on it', async () => {
    // With StandardInput=socket systemd makes it blocking at each start, and the processes that share it
    // hang in accept(2). As fd 3 it is what NonBlocking= says.
    for (const service of services) {
      assert.deepEqual(await settings(service, 'StandardInput'), ['null']);
      assert.deepEqual(await settings(service, 'NonBlocking'), ['yes']);
    }
  });

  test('the key leaves memory neither by a core dump nor by swap', async () => {
    for (const service of services) {
      assert.deepEqual(await settings(service, 'LimitCORE'), ['0']);
      assert.deepEqual(await settings(service, 'MemorySwapMax'), ['0']);
    }
  });

  test('the template differs from the service in what makes it one, and in nothing else', async () => {
    const lines = async (unit) => (await readFile(`${units}/${unit}`, 'utf8')).split('\n').filter((line) => line && !line.startsWith('#'));
    const [one, many] = [await lines(services[0]), await lines(services[1])];
    assert.deepEqual(one.filter((line) => !many.includes(line)), ['Description=Chat auth handler', 'Also=roomkey.socket']);
    assert.deepEqual(many.filter((line) => !one.includes(line)), [
      'Description=Chat auth handler, process %i', 'Sockets=roomkey.socket', 'WantedBy=multi-user.target',
    ]);
  });
});

describe('a socket that systemd hands over', () => {
  const passed = Object.keys(environment).flatMap((name) => ['-E', name]);

  for (const [name, more, fd] of [['as fd 3, with LISTEN_FDS', [], 'fd 3'], ['as fd 0, as StandardInput=socket does', ['--inetd'], 'fd 0']]) {
    test(name, async () => {
      const path = place.path(`${fd.replace(' ', '-')}.sock`);
      const child = place.start('systemd-socket-activate', [...more, '-l', path, ...passed, roomkey], { env: environment });
      await until('listening', () => answers({ path }));
      await verifyBuiltIn((await ask({ path })).body);
      await until('its line in the log', () => child.stderr.includes(`serving FastCGI on ${fd} `));
      assert.equal((await child.stop()).status, 0);
    });
  }

  test('with the secret among the credentials, and read again after ExecReload', async () => {
    const path = place.path('credentials.sock');
    await mkdir(place.path('credentials'));
    await place.write('credentials/secret', secret, 0o400);
    const child = place.start('systemd-socket-activate', [
      '--inetd', '-l', path, '-E', 'SCALEDRONE_CHANNEL_ID', '-E', 'CREDENTIALS_DIRECTORY', roomkey,
    ], { env: { SCALEDRONE_CHANNEL_ID: channel, CREDENTIALS_DIRECTORY: place.path('credentials') } });
    await until('listening', () => answers({ path }));
    await verifyBuiltIn((await ask({ path })).body);
    const commands = await settings('roomkey.service', 'ExecReload');
    // No check among them: the credentials that it needs are not there, and no reload would work.
    assert.deepEqual(commands, ['/bin/kill -HUP $MAINPID']);
    execFileSync('/bin/sh', ['-c', commands[0]], { env: { MAINPID: String(child.pid) } });
    await until('the reload', () => /were read again/.test(child.stderr));
    await verifyBuiltIn((await ask({ path })).body);
    assert.equal((await child.stop()).status, 0);
  });

  test('ExecStartPre says what is wrong, and the program itself fails with a status that no restart follows', async () => {
    const never = (await settings('roomkey.service', 'RestartPreventExitStatus')).join(' ').split(' ').map(Number);
    const [command] = await settings('roomkey.service', 'ExecStartPre');
    assert.equal(command, '/usr/bin/roomkey check');
    const check = (env) => place.run(roomkey, ['check'], { env });
    assert.equal((await check(environment)).status, 0);
    for (const env of [{ ...environment, ROOMKEY_POLICY: '/nowhere' }, { ...environment, SCALEDRONE_CHANNEL_SECRET: '' }, {}]) {
      const { status, stderr } = await check(env);
      assert.notEqual(stderr, '');
      const main = await place.run(roomkey, ['--socket', `unix:${place.path('never.sock')}`], { env });
      assert.deepEqual([main.status, main.stderr], [status, stderr]);
      assert.ok(never.includes(status), `status ${status}`);
    }
  });
});

// What systemd does with roomkey.service and two instances of roomkey@.service: each gets the one socket as
// fd 3, and is restarted as the units say, while people ask.
describe('several processes on the one socket', () => {
  const asFd3 = ['/bin/sh', '-c', 'exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_FDNAMES=roomkey.socket LISTEN_PID=$$ exec "$0" "$@"'];
  const instances = ['roomkey@1', 'roomkey@2', 'roomkey'];

  let env;
  let held;
  let nginx;
  before(async () => {
    await mkdir(place.path('shared'));
    await place.write('shared/secret', secret, 0o400);
    env = { SCALEDRONE_CHANNEL_ID: channel, CREDENTIALS_DIRECTORY: place.path('shared'), ROOMKEY_POLICY: place.path('policy.json') };
    await writePolicy({ version: 0 });
    held = await holdSocket(place, { command: asFd3, env });
    nginx = await startNginx(place, { upstreams: [held.address] });
  });

  const writePolicy = (claims) => place.write('policy.json', JSON.stringify({ claims: { client: '${form.clientID}', exp: '${now+60}', ...claims } }));
  const askNginx = async () => {
    const answer = await nginx.auth(urlencoded({ clientID }));
    return answer.status === 200 ? undefined : `${answer.status} ${answer.body}`;
  };

  const startAll = async () => {
    const running = new Map();
    for (const name of instances) running.set(name, await held.start());
    return running;
  };
  const stopAll = async (running) => {
    for (const pid of running.values()) assert.equal(await held.stop(pid), 0);
  };

  /** `systemctl restart NAME`: the old one ends, ExecStartPre, ExecStart; gives whether it runs again. */
  async function restart(running, name) {
    assert.equal(await held.stop(running.get(name)), 0);
    running.delete(name);
    if ((await place.run(roomkey, ['check'], { env })).status !== 0) return false;
    running.set(name, await held.start());
    return true;
  }

  /** The loop at the top of roomkey@.service, for all of them. */
  async function restartInTurn(running, load) {
    for (const name of instances) {
      if (!await restart(running, name)) return name;
      await load.more(50);
    }
    return undefined;
  }

  test('these are the commands and the signal of the units', async () => {
    for (const service of services) {
      assert.deepEqual(await settings(service, 'ExecStartPre'), ['/usr/bin/roomkey check']);
      assert.deepEqual(await settings(service, 'ExecStart'), ['/usr/bin/roomkey']);
      for (const name of ['KillSignal', 'KillMode', 'ExecStop']) assert.deepEqual(await settings(service, name), [], name);
    }
  });

  test('restarted one at a time, again and again: no request fails, and they share the work', async (t) => {
    const logged = held.log().length;
    const running = await startAll();
    const load = startLoad(t, 16, askNginx);
    await load.more(100);
    for (let round = 0; round < 4; round++) assert.equal(await restartInTurn(running, load), undefined);
    assertNoneFailed(t, await load.stop());
    await stopAll(running);
    const answered = [...held.log().slice(logged).matchAll(/stopped after (\d+) answers; (\d+) more could not be sent/g)];
    assert.equal(answered.length, 5 * instances.length);
    assert.deepEqual([...new Set(answered.map(([, , lost]) => lost))], ['0']);
    assert.ok(answered.filter(([, count]) => Number(count) > 0).length > instances.length, answered.map(([line]) => line).join('\n'));
  });

  test('all of them at once: who asks meanwhile waits on the socket, and no request fails', async (t) => {
    let running = await startAll();
    const load = startLoad(t, 16, askNginx);
    await load.more(100);
    await stopAll(running);
    running = await startAll();
    await load.more(100);
    assertNoneFailed(t, await load.stop());
    await stopAll(running);
  });

  test('one after the other is killed, and Restart= brings another: nginx asks again, and no request fails', async (t) => {
    for (const service of services) assert.deepEqual(await settings(service, 'Restart'), ['on-failure']);
    const running = await startAll();
    const load = startLoad(t, 16, askNginx);
    for (const name of [...instances, ...instances]) {
      await load.more(100);
      assert.equal(await held.stop(running.get(name), 'SIGKILL'), 128 + 9);
      await load.more(50);
      running.set(name, await held.start());
    }
    assertNoneFailed(t, await load.stop());
    await stopAll(running);
  });

  test('a policy that is wrong stops the loop at the first, and the others go on', async (t) => {
    const running = await startAll();
    const load = startLoad(t, 16, askNginx);
    await load.more(100);
    await place.write('policy.json', '{"claims": ');
    assert.equal(await restartInTurn(running, load), instances[0]);
    assert.equal(running.size, instances.length - 1);
    await load.more(100);
    await writePolicy({ version: 1 });
    running.set(instances[0], await held.start());
    assert.equal(await restartInTurn(running, load), undefined);
    assertNoneFailed(t, await load.stop());
    const { version } = await verify((await nginx.auth(urlencoded({ clientID }))).body);
    assert.equal(version, 1);
    await stopAll(running);
  });
});

describe('the system calls', () => {
  /** The calls of a filter set of systemd, which may contain other sets. */
  function callsOf(set) {
    const lines = execFileSync('systemd-analyze', ['syscall-filter', set], { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
    return lines.split('\n').slice(1).map((line) => line.trim()).filter((line) => line && !line.startsWith('#'))
      .flatMap((line) => (line.startsWith('@') ? callsOf(line) : [line]));
  }

  test('of a start, requests, a reload and a stop are among those that the filter lets through', async () => {
    const allowed = new Set();
    for (const filter of await settings('roomkey.service', 'SystemCallFilter')) {
      const sets = filter.replace('~', '').split(' ').flatMap(callsOf);
      for (const call of sets) filter.startsWith('~') ? allowed.delete(call) : allowed.add(call);
    }
    assert.ok(allowed.has('epoll_wait') && allowed.has('mlock') && !allowed.has('ptrace') && !allowed.has('chroot'));

    const path = place.path('traced.sock');
    const trace = place.path('trace');
    const child = place.start('systemd-socket-activate', [
      '--inetd', '-l', path, ...Object.keys(environment).flatMap((name) => ['-E', name]),
      '/usr/bin/strace', '-f', '-qq', '-o', trace, roomkey,
    ], { env: environment });
    await until('listening', () => answers({ path }));
    for (const how of [{}, { body: 'a=1' }, { params: { REQUEST_METHOD: 'GET' }, body: '' }]) await ask({ path }, how);
    const traced = execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' }).trim();
    process.kill(Number(traced), 'SIGHUP');
    await until('the reload', () => /were read again/.test(child.stderr));
    await verifyBuiltIn((await ask({ path })).body);
    process.kill(Number(traced), 'SIGTERM');
    assert.equal((await child.exited).status, 0);

    const calls = new Set([...(await readFile(trace, 'utf8')).matchAll(/^\d+ +(\w+)\(/gm)].map(([, call]) => call));
    assert.ok(calls.has('epoll_wait') && calls.has('getrandom') && calls.has('mlock'), 'the trace is one');
    assert.deepEqual([...calls].filter((call) => !allowed.has(call)), []);
  });
});
