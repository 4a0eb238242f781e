// SPDX-License-Identifier: MIT
// Goal: processes are replaced and configurations reloaded while people ask, and not one request fails.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { Peer } from './support/fcgi.js';
import { holdSocket } from './support/holder.js';
import { urlencoded } from './support/http.js';
import { assertNoneFailed, startLoad } from './support/load.js';
import { startNginx } from './support/nginx.js';
import { openPlace } from './support/place.js';
import { limitedInTime, serveTcp, serveUnix } from './support/roomkey.js';
import { channel, clientID, secret, verify } from './support/tokens.js';
import { until } from './support/until.js';

// The soak goes on with it for a quarter of an hour.
const rounds = 8;

let place;
before(async () => { place = await openPlace(); });
after(() => place.close());

const form = urlencoded({ clientID });
const through = (nginx) => async () => {
  const answer = await nginx.auth(form);
  return answer.status === 200 ? undefined : `${answer.status} ${answer.body}`;
};

/** Asks over a connection of its own each time, as a web server without keepalive does. */
const direct = (address) => async () => {
  const peer = await Peer.connect(address);
  try {
    return (await peer.ask({ keep: false })).status === 200 ? undefined : 'no token';
  } finally {
    peer.close();
  }
};

describe('replacements on one socket, again and again', () => {
  let held;
  // On a busy machine these clients may connect and say nothing for longer than a stop waits for the silent.
  before(async () => { held = await holdSocket(place, { env: limitedInTime({ silent_stop_time: 2000 }) }); });

  async function replaceUnder(load) {
    let current = await held.start();
    await load.more(100);
    for (let i = 0; i < rounds; i++) {
      const next = await held.start();
      assert.equal(await held.stop(current), 0);
      current = next;
      await load.more(30);
    }
    const tally = await load.stop();
    assert.equal(await held.stop(current), 0);
    return tally;
  }

  test('the next starts before the last stops, through nginx with kept connections: none fails', async (t) => {
    const nginx = await startNginx(place, { upstreams: [held.address] });
    assertNoneFailed(t, await replaceUnder(startLoad(t, 16, through(nginx))));
  });

  test('the same over connections of their own, which nobody would ask twice: none fails', async (t) => {
    assertNoneFailed(t, await replaceUnder(startLoad(t, 16, direct(held.address))));
  });

  test('the next starts only after the last has stopped, through nginx: none fails', async (t) => {
    const nginx = await startNginx(place, { upstreams: [held.address] });
    let current = await held.start();
    const load = startLoad(t, 16, through(nginx));
    for (let i = 0; i < rounds; i++) {
      await load.more(30);
      assert.equal(await held.stop(current), 0);
      current = await held.start();
    }
    assertNoneFailed(t, await load.stop());
    assert.equal(await held.stop(current), 0);
  });
});

describe('two processes on sockets of their own', () => {
  async function pair() {
    const paths = ['one', 'two'].map((name) => place.path(`${name}-${Math.random().toString(36).slice(2)}.sock`));
    const servers = await Promise.all(paths.map((path) => serveUnix(place, { path })));
    const nginx = await startNginx(place, { upstreams: paths.map((path) => ({ path })) });
    return { paths, servers, nginx };
  }

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`each is restarted in turn by ${signal}, again and again: none fails`, async (t) => {
      const { paths, servers, nginx } = await pair();
      const load = startLoad(t, 16, through(nginx));
      for (let i = 0; i < 6; i++) {
        await load.more(100);
        const which = i % 2;
        const { status } = await servers[which].child.stop(signal);
        assert.equal(status, signal === 'SIGTERM' ? 0 : signal);
        servers[which] = await serveUnix(place, { path: paths[which] });
      }
      await load.more(100);
      assertNoneFailed(t, await load.stop());
    });
  }

  test('one is stopped for good: none fails', async (t) => {
    const { servers, nginx } = await pair();
    const load = startLoad(t, 16, through(nginx));
    await load.more(200);
    assert.equal((await servers[1].child.stop()).status, 0);
    await load.more(200);
    assertNoneFailed(t, await load.stop());
  });
});

test('two processes on TCP, one stopped for good: none fails', async (t) => {
  const servers = [await serveTcp(place), await serveTcp(place)];
  const nginx = await startNginx(place, { upstreams: servers.map(({ address }) => address) });
  const load = startLoad(t, 16, through(nginx));
  await load.more(200);
  assert.equal((await servers[1].child.stop()).status, 0);
  await load.more(200);
  assertNoneFailed(t, await load.stop());
});

test('a socket of its own is stopped again and again under load: whoever was let in is answered', async (t) => {
  const path = place.path('own.sock');
  let current = await serveUnix(place, { path });
  const load = startLoad(t, 16, async () => {
    const start = performance.now();
    const peer = await Peer.connect(current.address).catch(() => undefined);
    if (!peer) return sleep(1);  // not let in: a web server asks the next one
    const late = performance.now() - start > 200;
    try {
      return (await peer.ask({ keep: false })).status === 200 ? undefined : 'no token';
    } catch (error) {
      // Who says nothing for a quarter of a second, as on a machine that is very busy, is not waited for.
      if (!late) throw error;
    } finally {
      peer.close();
    }
  });
  for (let i = 0; i < rounds; i++) {
    await load.more(50);
    assert.equal((await current.child.stop()).status, 0);
    current = await serveUnix(place, { path });
  }
  assertNoneFailed(t, await load.stop());
});

test('reload after reload: none fails, and each is in force afterwards', async (t) => {
  const policy = (version) => place.write('policy.json', JSON.stringify({ claims: { client: '${form.clientID}', version, exp: '${now+60}' } }));
  await policy(0);
  const secretFile = await place.write('secret', secret);
  const { address, child } = await serveUnix(place, {
    args: ['--policy', place.path('policy.json'), '--secret-file', secretFile], env: { SCALEDRONE_CHANNEL_ID: channel },
  });
  const nginx = await startNginx(place, { upstreams: [address] });
  const load = startLoad(t, 16, through(nginx));
  await load.more(100);
  for (let version = 1; version <= rounds; version++) {
    await policy(version);
    child.kill('SIGHUP');
    await until('the new policy', async () => (await verify((await nginx.auth(form)).body)).version === version);
  }
  assertNoneFailed(t, await load.stop());
});

test('nginx itself reloads 5 times: none fails', async (t) => {
  const { address } = await serveUnix(place);
  const nginx = await startNginx(place, { upstreams: [address] });
  const load = startLoad(t, 8, through(nginx));
  for (let i = 0; i < 5; i++) {
    await load.more(100);
    nginx.child.kill('SIGHUP');
  }
  await load.more(200);
  assertNoneFailed(t, await load.stop());
});
