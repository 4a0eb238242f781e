// SPDX-License-Identifier: MIT
// Goal: a signal to stop ends the process in time and with 0, and what was accepted is answered before;
// a signal to reload puts a good configuration in force, and tells everything about a bad one.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { cpuTime } from '../bench/lib/proc.js';
import { ask, begin, Peer, request } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { answers, environment, roomkey, serveSpawned, serveTcp, serveUnix } from './support/roomkey.js';
import { channel, clientID, secret, verify, verifyBuiltIn } from './support/tokens.js';
import { until } from './support/until.js';

let place;
before(async () => { place = await openPlace(); });
after(() => place.close());

const whole = request();
const half = whole.subarray(0, whole.length / 2);
const rest = whole.subarray(half.length);

// With room for a busy machine: a stop that waits at all takes three seconds, and a request's own time is five.
const atOnce = 2500;
const threeSeconds = 4500;

for (const [way, serve] of [['a UNIX socket of its own', serveUnix], ['TCP', serveTcp], ['a socket of spawn-fcgi', serveSpawned]]) {
  describe(`on ${way}`, () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGUSR1']) {
      test(`${signal} when idle: exit 0 at once`, async (t) => {
        const { child, address } = await serve(place);
        await ask(address);
        const { status, took } = await child.stop(signal);
        t.diagnostic(`${took.toFixed(0)} ms`);
        assert.equal(status, 0);
        assert.ok(took < atOnce, `${took} ms`);
      });
    }

    test('with kept connections that are idle: exit 0 at once', async (t) => {
      const { child, address } = await serve(place);
      const peers = await Promise.all(Array.from({ length: 32 }, () => Peer.connect(address)));
      for (const peer of peers) assert.equal((await peer.ask()).status, 200);
      const { status, took } = await child.stop();
      t.diagnostic(`${took.toFixed(0)} ms`);
      assert.equal(status, 0);
      assert.ok(took < atOnce, `${took} ms`);
      for (const peer of peers) await peer.untilEnded();
    });

    test('with connections that never said anything: exit 0 within three seconds', async (t) => {
      const { child, address } = await serve(place);
      const peers = await Promise.all(Array.from({ length: 8 }, () => Peer.connect(address)));
      const { status, took } = await child.stop();
      t.diagnostic(`${took.toFixed(0)} ms`);
      assert.equal(status, 0);
      assert.ok(took < threeSeconds, `${took} ms`);
      for (const peer of peers) peer.close();
    });

    test('with half a request whose rest comes: it is answered first', async () => {
      const { child, address } = await serve(place, { args: ['--threads', '1'] });
      const peer = await Peer.connect(address);
      await peer.write(half);
      const witness = await Peer.connect(address);
      await witness.ask();  // by now the half request was seen
      const stopped = child.stop();
      await witness.untilEnded();  // by now the signal was, too
      await peer.write(rest);
      await verifyBuiltIn((await peer.answer()).body);
      assert.equal((await stopped).status, 0);
    });

    test('with half a request whose rest never comes: exit 0 within three seconds, without a spin', async (t) => {
      const { child, address } = await serve(place, { args: ['--threads', '1'] });
      const peer = await Peer.connect(address);
      await peer.write(half);
      await ask(address);
      const before = cpuTime([child.pid]);
      let used = 0;
      const watch = setInterval(() => { used = Math.max(used, (cpuTime([child.pid]) - before) / 1000); }, 50);
      const { status, took } = await child.stop();
      clearInterval(watch);
      t.diagnostic(`${took.toFixed(0)} ms, ${used} ms of them on the processor`);
      assert.equal(status, 0);
      assert.ok(took < threeSeconds, `${took} ms`);
      assert.ok(used < 300, `it waited with ${used} ms of processor time`);
      peer.close();
    });

    test('with half a request whose sender has gone: exit 0 at once', async (t) => {
      const { child, address } = await serve(place);
      const peer = await Peer.connect(address);
      await peer.write(half);
      await ask(address);
      peer.close();
      const { status, took } = await child.stop();
      t.diagnostic(`${took.toFixed(0)} ms`);
      assert.equal(status, 0);
      assert.ok(took < atOnce, `${took} ms`);
    });

    test('a request that waits in a kept connection when the signal comes is answered', async () => {
      const { child, address } = await serve(place, { args: ['--threads', '1'] });
      const peer = await Peer.connect(address);
      await peer.ask();
      // Stopped, it finds the signal and the request at the same time.
      await child.freeze();
      await peer.write(whole);
      child.kill('SIGTERM');
      child.kill('SIGCONT');
      await verifyBuiltIn((await peer.answer()).body);
      assert.equal((await child.exited).status, 0);
    });

    test('connections that wait to be accepted when the signal comes are answered', async () => {
      const { child, address } = await serve(place);
      await child.freeze();
      const peers = await Promise.all(Array.from({ length: 300 }, () => Peer.connect(address)));
      await Promise.all(peers.map((peer) => peer.write(whole)));
      child.kill('SIGTERM');
      child.kill('SIGCONT');
      for (const peer of peers) await verifyBuiltIn((await peer.answer()).body);
      assert.equal((await child.exited).status, 0);
    });
  });
}

// The kernel takes connections as soon as the socket listens, however busy the machine is then.
test('a signal to stop that comes as soon as it can be reached ends it in order', async () => {
  const path = place.path('early.sock');
  const child = place.start('strace', ['-D', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=listen:delay_exit=500000', roomkey, '--socket', `unix:${path}`], { env: environment });
  await until('listening', () => answers({ path }));
  assert.equal((await child.stop()).status, 0);
});

test('while it finishes, a socket of its own refuses newcomers rather than let them wait', async () => {
  const { child, address } = await serveUnix(place);
  const peer = await Peer.connect(address);
  await peer.write(half);
  await ask(address);
  const stopped = child.stop();
  await until('a refusal', async () => !(await answers(address)), { within: 1000 });
  assert.ok(child.running, 'and it still waits for the rest');
  await peer.write(rest);
  await verifyBuiltIn((await peer.answer()).body);
  assert.equal((await stopped).status, 0);
});

test('the file of its own socket is gone after a stop', async () => {
  const { child, address } = await serveUnix(place);
  await child.stop();
  assert.ok(!existsSync(address.path));
});

test('a second signal while it finishes does no harm', async () => {
  const { child, address } = await serveUnix(place);
  const peer = await Peer.connect(address);
  await peer.write(half);
  await ask(address);
  child.kill('SIGTERM');
  child.kill('SIGTERM');
  child.kill('SIGHUP');
  await peer.write(rest);
  await verifyBuiltIn((await peer.answer()).body);
  assert.equal((await child.exited).status, 0);
});

test('a signal right at the start is not missed', async () => {
  for (let i = 0; i < 20; i++) {
    const child = place.start('spawn-fcgi', ['-n', '-s', place.path(`early-${i}.sock`), '--', roomkey, '--threads', '4'], { env: environment });
    if (i % 2 === 0) await until('its first word', () => child.stderr.length > 0 || !child.running);
    const { status } = await child.stop();
    assert.ok(status === 0 || (i % 2 === 1 && status === 'SIGTERM'), String(status));
  }
});

describe('SIGHUP', () => {
  const policy = (version) => JSON.stringify({ claims: { client: '${form.clientID}', version, exp: '${now+60}' } });
  const versionOf = async (answer, key = secret) => (await verify(answer.body, key)).version;

  async function serveWith(name) {
    const policyFile = await place.write(`${name}.json`, policy(1));
    const secretFile = await place.write(`${name}.secret`, secret);
    const server = await serveUnix(place, { args: ['--policy', policyFile, '--secret-file', secretFile], env: { SCALEDRONE_CHANNEL_ID: channel } });
    return { ...server, policyFile: `${name}.json`, secretFile: `${name}.secret` };
  }

  test('puts a good policy in force, also for connections that are open', async () => {
    const { child, address, policyFile } = await serveWith('good');
    const peer = await Peer.connect(address);
    assert.equal(await versionOf(await peer.ask()), 1);
    await place.write(policyFile, policy(2));
    child.kill('SIGHUP');
    await until('the new policy', async () => (await versionOf(await peer.ask())) === 2);
    assert.equal(await versionOf(await ask(address)), 2);
    peer.close();
  });

  test('puts a new secret in force', async () => {
    const { child, address, secretFile } = await serveWith('rotated');
    const other = 'aN0ther5ecretOfThirtyTwoBytes!!!';
    await place.write(secretFile, `${other}\n`);
    child.kill('SIGHUP');
    await until('the new secret', async () => (await versionOf(await ask(address), other)) === 1);
  });

  test('with a bad policy and a bad secret tells all about both, and the old ones stay', async () => {
    const { child, address, policyFile, secretFile } = await serveWith('bad');
    await place.write(policyFile, '{"claims": {"exp": "${nonsense}", "x": "${form.}"}, "unknown": 1}');
    await place.write(secretFile, '');
    child.kill('SIGHUP');
    await until('the complaint', () => /stay/.test(child.stderr));
    for (const finding of [/nonsense/, /unknown/, /bad\.secret: expected a key, found nothing/]) assert.match(child.stderr, finding);
    assert.equal(await versionOf(await ask(address)), 1);
    await place.write(policyFile, policy(3));
    await place.write(secretFile, secret);
    child.kill('SIGHUP');
    await until('the repaired one', async () => (await versionOf(await ask(address))) === 3);
  });

  test('with a policy that has gone, or has become a directory, the old one stays', async () => {
    const { child, address, policyFile } = await serveWith('gone');
    await rm(place.path(policyFile));
    child.kill('SIGHUP');
    await until('the complaint', () => /stay/.test(child.stderr));
    const before = child.stderr.length;
    await mkdir(place.path(policyFile));
    child.kill('SIGHUP');
    await until('another complaint', () => /stay/.test(child.stderr.slice(before)));
    assert.equal(await versionOf(await ask(address)), 1);
  });

  test('does not touch a request that is on its way', async () => {
    const { child, address, policyFile } = await serveWith('underway');
    const peer = await Peer.connect(address);
    const bytes = request({ body: `clientID=${clientID}` });
    await peer.write(bytes.subarray(0, 40));
    await place.write(policyFile, policy(2));
    child.kill('SIGHUP');
    await until('the new policy', async () => (await versionOf(await ask(address))) === 2);
    await peer.write(bytes.subarray(40));
    assert.equal((await peer.answer()).status, 200);
    peer.close();
  });

  test('many at once are borne', async () => {
    const { child, address } = await serveWith('many');
    for (let i = 0; i < 50; i++) {
      child.kill('SIGHUP');
      assert.equal((await ask(address)).status, 200);
    }
    assert.equal((await child.stop()).status, 0);
  });

  test('works for a process whose stderr nobody reads any more', async () => {
    const { child, address } = await serveWith('mute');
    child.process.stderr.destroy();
    child.kill('SIGHUP');
    assert.equal((await ask(address)).status, 200);
    child.kill('SIGHUP');
    assert.equal((await ask(address)).status, 200);
    assert.equal((await child.stop()).status, 0);
  });
});

describe('a log that nobody reads', () => {
  // A pipe that is full to the brim, with both of its ends open, as a reader that hangs leaves it.
  const script = 'mkfifo "$1"; exec 3<>"$1"; dd if=/dev/zero of="$1" bs=4096 count=1000 oflag=nonblock 2>/dev/null 3>&-; shift; exec "$@" 2>&3 3>&-';
  const startUnread = (pipe, path) => place.start('/bin/sh', ['-c', script, 'sh', pipe, roomkey, '--socket', `unix:${path}`], { env: environment });

  test('delays no answer, no reload and no stop, and is told what it missed when it is read again', async () => {
    const path = place.path('unread.sock');
    const pipe = place.path('unread.log');
    const child = startUnread(pipe, path);
    await until('it listens', () => answers({ path }));
    for (let i = 0; i < 20; i++) {
      child.kill('SIGHUP');
      assert.equal((await ask({ path })).status, 200);
    }
    // Held open by roomkey itself, it is read to what is there.
    const read = place.start('cat', [pipe]);
    await until('the count of what was dropped', async () => {
      child.kill('SIGHUP');
      return /roomkey: \d+ lines of the log were dropped\n.*roomkey: /s.test(read.stdout);
    });
    assert.equal((await ask({ path })).status, 200);
    assert.equal((await child.stop()).status, 0);
  });

  test('does not keep it from stopping', async () => {
    const path = place.path('unread-too.sock');
    const child = startUnread(place.path('unread-too.log'), path);
    await until('it listens', () => answers({ path }));
    assert.equal((await ask({ path })).status, 200);
    assert.equal((await child.stop()).status, 0);
  });
});

test('a peer that sends BEGIN only, and then the signal, is not waited for longer than three seconds', async () => {
  const { child, address } = await serveUnix(place);
  const peer = await Peer.connect(address);
  await peer.write(begin());
  await ask(address);
  const { status, took } = await child.stop();
  assert.equal(status, 0);
  assert.ok(took < threeSeconds);
  peer.close();
});
