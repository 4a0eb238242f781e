// SPDX-License-Identifier: MIT
// The vendor's client as one script for the browser.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';

import { WebSocket } from 'ws';

import { nextEvent } from '../testing/official-client.js';
import { channelId, startService } from '../testing/service.js';

const bundler = fileURLToPath(new URL('../bundle.js', import.meta.url));

async function bundle(args) {
  const child = execFile(process.execPath, [bundler, ...args]);
  const [status] = await once(child, 'exit');
  return status;
}

test('the script defines Scaledrone, which talks to this service', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'local-scaledrone-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'made', 'scaledrone.js');
  assert.equal(await bundle([file]), 0);

  // What a browser has and the client needs; above all, no `require` and no `global`.
  const page = createContext({ WebSocket, setTimeout, console });
  runInContext(await readFile(file, 'utf8'), page);
  assert.equal(runInContext('typeof Scaledrone', page), 'function');

  const { socketUrl } = await startService(t);
  page.address = socketUrl;
  page.channelId = channelId;
  const drone = runInContext('new Scaledrone(channelId, { url: address })', page);
  t.after(() => drone.close());
  assert.equal(await nextEvent(drone, 'open'), undefined);
  assert.match(drone.clientId, /:/);
});

test('without an output file it says what it needs', async () => {
  for (const args of [[], ['--help'], ['one.js', 'two.js']]) assert.equal(await bundle(args), 64);
});
