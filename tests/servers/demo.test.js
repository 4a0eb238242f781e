// SPDX-License-Identifier: MIT
// Goal: deploy/demo.sh gives a chat over IPv4 and IPv6, and ends soon after SIGTERM or Ctrl-C at any moment,
// leaving no process and no file: while it installs, while it builds, and when it is ready.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, readdir, symlink } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../process/support/port.js';
import { roomkey, root } from '../process/support/roomkey.js';
import { openPlace } from '../process/support/place.js';
import { until } from '../process/support/until.js';
import { send, urlencoded } from '../process/support/http.js';
import { clientID } from '../process/support/tokens.js';

let place;
before(async () => {
  place = await openPlace();
  await mkdir(place.path('checkout'));
  execFileSync('bash', ['-c', 'tar -C "$0" --exclude=./build --exclude=./.git --exclude=node_modules -cf - . | tar -C "$1" -xf -', root, place.path('checkout')]);
  await symlink(`${root}deploy/local-scaledrone/node_modules`, place.path('checkout/deploy/local-scaledrone/node_modules'));
});
after(() => place.close());

/** Puts a program of this name in front of the real one. */
async function pretend(folder, name, script) {
  await mkdir(place.path(folder), { recursive: true });
  await place.write(`${folder}/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
}

let count = 0;

/** Starts it, or another command, in a session of its own as a terminal would; `programs` come first on its path. */
async function start(programs, command) {
  const files = place.path(`tmp-${++count}`);
  await mkdir(files);
  await chmod(files, 0o777);
  const port = await freePort();
  const [program, ...args] = command ?? [place.path('checkout/deploy/demo.sh'), '--port', String(port)];
  const child = place.start(program, args, {
    detached: true, env: { PATH: `${place.path(programs)}:${process.env.PATH}`, HOME: process.env.HOME, TMPDIR: files }, endSignal: 'SIGTERM',
  });
  /** The processes that have inherited its environment, but for itself; nginx writes its title over it. */
  const processes = () => readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && Number(pid) !== child.pid).filter((pid) => {
    try {
      return ['environ', 'cmdline'].some((of) => readFileSync(`/proc/${pid}/${of}`, 'latin1').includes(files));
    } catch {
      return false;
    }
  }).map((pid) => readlinkSync(`/proc/${pid}/exe`).split('/').pop());
  return { child, port, processes, files: () => readdir(files) };
}

/** Ends it in one of the ways, and looks for what it leaves. The whole build takes minutes on such a machine. */
async function endsAndLeavesNothing({ child, processes, files }, how, status = 0) {
  const before = performance.now();
  // A terminal sends Ctrl-C to the whole group in the foreground.
  if (how === 'Ctrl-C') process.kill(-child.pid, 'SIGINT');
  else child.kill('SIGTERM');
  const ended = await child.exited;
  assert.ok(performance.now() - before < 8000, `${Math.round(performance.now() - before)} ms`);
  assert.deepEqual(ended, { status, signal: null }, child.stdout + child.stderr);
  await until('no process of it', () => processes().length === 0);
  assert.deepEqual(await files(), []);
}

for (const how of ['SIGTERM', 'Ctrl-C']) {
  describe(how, () => {
    test('while it builds', async () => {
      const demo = await start('nothing');
      await until('a compiler', () => demo.processes().includes('cc1plus'));
      await endsAndLeavesNothing(demo, how);
    });

    test('when it is ready; until then it gives tokens and the page over both families', async () => {
      await pretend('built', 'cmake', `mkdir -p build/release && cp --remove-destination ${roomkey} build/release/roomkey`);
      const demo = await start('built');
      await until('Chat is ready', () => {
        if (!demo.child.running) throw new Error(demo.child.stdout + demo.child.stderr);
        return demo.child.stdout.includes('Chat is ready');
      });
      for (const host of ['127.0.0.1', '::1']) {
        assert.equal((await send(demo.port, '/auth', { ...urlencoded({ clientID }), host, from: host })).status, 200, host);
        assert.match((await send(demo.port, '/', { method: 'GET', host, from: host })).body, /<!doctype html>/i);
      }
      assert.deepEqual(demo.processes().sort().filter((name, i, all) => name !== all[i - 1]), ['nginx', 'node', 'roomkey']);
      await endsAndLeavesNothing(demo, how);
    });

    test('while packages are fetched', async () => {
      await pretend('fetching', 'apt-get', 'case "$*" in *download-only*) sleep 600 & wait ;; esac');
      const install = await start('fetching', ['bash', '-c', '. "$0/deploy/common.sh"; apt_install xyz', root]);
      await until('apt-get fetching', () => install.processes().includes('sleep'));
      await endsAndLeavesNothing(install, how, 130);
    });

    test('while packages are unpacked: that is finished by itself', async () => {
      const unpacked = place.path(`unpacked-${how}`);
      const go = place.path(`go-${how}`);
      await pretend(`unpacking-${how}`, 'apt-get', `case "$*" in
        update | *download-only*) ;;
        *) until [ -e ${go} ]; do sleep 0.1; done; echo "$*" >${unpacked} ;;
      esac`);
      const install = await start(`unpacking-${how}`, ['bash', '-c', '. "$0/deploy/common.sh"; apt_install xyz', root]);
      await until('apt-get unpacking', () => install.processes().includes('sleep'));
      if (how === 'Ctrl-C') process.kill(-install.child.pid, 'SIGINT');
      else install.child.kill('SIGTERM');
      assert.equal((await install.child.exited).status, 130);
      assert.throws(() => readFileSync(unpacked), { code: 'ENOENT' });
      await place.write(`go-${how}`, '');
      await until('no process of it', () => install.processes().length === 0);
      assert.match(readFileSync(unpacked, 'utf8'), /^install .* xyz$/m);
      assert.deepEqual(await install.files(), []);
    });
  });
}
