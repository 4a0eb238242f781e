// SPDX-License-Identifier: MIT
// Goal: deploy/scaling.md is true of several hosts: roomkey on two of them behind one nginx with the
// shipped snippet, and no visitor notices that a host is drained, dies, or is cut off.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ownSite, startNginx } from './support/nginx.js';
import { openNetwork } from './support/hosts.js';
import { openWebPlace } from './support/server.js';

describe('two hosts behind one nginx', () => {
  let place;
  let web;
  let hosts;
  let processes;
  let nginx;
  before(async () => {
    place = await openWebPlace();
    const network = await openNetwork(place, 2);
    [web, hosts] = [network.web, network.others];
    processes = await Promise.all(hosts.map((host) => host.serve()));
    nginx = await startNginx(place, {
      site: ownSite(place), host: web,
      upstream: `${hosts.map(({ address }) => `server ${address}:9000 fail_timeout=2s;`).join('\n')}\nkeepalive 64;\n`,
    });
  });
  after(() => place.close());

  // nginx counts in whole seconds, and asks a host again when more than fail_timeout have gone by.
  const trustedAgain = () => sleep(3500);

  const load = (during) => web.askWhile(nginx.port, 4, async (more) => {
    await more(40);  // so that both hosts have kept connections by then
    await during();
    await more(40);
  });

  function allGood({ statuses }) {
    assert.deepEqual(Object.keys(statuses), ['200'], JSON.stringify(statuses));
  }

  test('a host is drained: SIGTERM, and no POST fails', async () => {
    allGood(await load(async () => {
      const { status } = await processes[0].stop('SIGTERM');
      assert.equal(status, 0);
    }));
    assert.match(processes[0].stderr, /stopped after [1-9]\d* answers; 0 more could not be sent/);
  });

  test('it comes back, and is asked again', async () => {
    processes[0] = await hosts[0].serve();
    allGood(await load(trustedAgain));
    await processes[0].stop('SIGTERM');
    assert.match(processes[0].stderr, /stopped after [1-9]\d* answers/);
    processes[0] = await hosts[0].serve();
  });

  test('a process dies: kill -9, and no POST fails', async () => {
    allGood(await load(async () => {
      await trustedAgain();
      await processes[0].stop('SIGKILL');
    }));
    processes[0] = await hosts[0].serve();
  });

  test('a host is cut off: no POST fails, and none waits longer than the time-outs of the snippet', async () => {
    const seen = await load(async () => {
      await trustedAgain();
      hosts[0].link('down');
      await sleep(6000);
    });
    allGood(seen);
    assert.ok(seen.slowest < 8000, `the slowest took ${seen.slowest} ms`);
    assert.match(await nginx.log(), /timed out.*upstream: "fastcgi:\/\/10\.99\.1\.2:9000"/, 'it was one that nginx relied on');
    hosts[0].link('up');
  });
});
