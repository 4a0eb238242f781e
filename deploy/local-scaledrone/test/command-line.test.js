// SPDX-License-Identifier: MIT
// The program as a process: what it prints, and how it ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { RawClient } from '../testing/raw-client.js';
import { channelId, chatClaims, secret, sign } from '../testing/service.js';

const program = fileURLToPath(new URL('../server.js', import.meta.url));
const environment = {
  SCALEDRONE_CHANNEL_ID: channelId,
  SCALEDRONE_CHANNEL_SECRET: secret.toString(),
};

/** Starts the program, without any environment but `env`. It does not outlive the test `t`. */
function start(t, args, env = {}) {
  const child = spawn(process.execPath, [program, ...args], { env });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

/** Runs the program to its end; gives its exit status and what it printed. */
async function run(t, args, env) {
  const child = start(t, args, env);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => { printed[name] += text; });
  }
  const [status] = await once(child, 'close');
  return { status, ...printed };
}

/** Waits until the program listens; gives its two lines and its socket's address. */
async function listening(child) {
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === 2) break;
  }
  const [, socketUrl] = lines.join('\n').match(/\(socket (ws:\S+)\)$/) ?? [];
  return { lines, socketUrl };
}

async function secretFile(t, content) {
  const folder = await mkdtemp(join(tmpdir(), 'local-scaledrone-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'secret');
  await writeFile(file, content);
  return file;
}

test('says first that it is no production server, and then where it listens', async (t) => {
  const { lines } = await listening(start(t, [], environment));
  assert.match(lines[0], /not a production server/);
  assert.match(lines[1], new RegExp('^Listening on http://127\\.0\\.0\\.1:(\\d+) ' +
    '\\(socket ws://127\\.0\\.0\\.1:\\1/v3/websocket\\)$'));
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`ends with status 0 on ${signal}, and closes its sockets`, async (t) => {
    const child = start(t, [], environment);
    const { socketUrl } = await listening(child);
    const client = await RawClient.enter(t, socketUrl);
    const silent = await RawClient.enter(t, socketUrl);
    silent.stopReading();
    const ended = once(child, 'exit');
    child.kill(signal);
    assert.equal(await client.waitForClose(), 1001);
    assert.deepEqual(await ended, [0, null]);
  });
}

test('the secret file holds the raw bytes, without one newline at the end', async (t) => {
  for (const [content, key] of [
    ['a secret of some text\n', 'a secret of some text'],
    ['two newlines\n\n', 'two newlines\n'],
    [Buffer.from([0, 255, 254]), Buffer.from([0, 255, 254])],
  ]) {
    const file = await secretFile(t, content);
    const child = start(t, ['--channel', channelId, '--secret-file', file], environment);
    const { socketUrl } = await listening(child);
    const client = await RawClient.enter(t, socketUrl);
    const token = await sign(chatClaims(client.id), { key: Buffer.from(key) });
    assert.equal((await client.ask({ type: 'authenticate', token })).error, undefined);
    child.kill();
  }
});

test('options reach the service', async (t) => {
  const args = ['--no-auth', '--history', '--controls', '--channel', 'another', '--strict-exp'];
  const { socketUrl, lines } = await listening(start(t, args, environment));
  const client = await RawClient.open(t, socketUrl);
  const { client_id: id, require_auth: requireAuth } =
    await client.ask({ type: 'handshake', channel: 'another' });
  assert.equal(requireAuth, false);
  client.send({ type: 'publish', room: 'r', message: 'kept' });
  await client.ask({ type: 'subscribe', room: 'r', history_count: 1 });
  assert.equal((await client.next()).message, 'kept');
  const token = await sign(chatClaims(id, { channel: 'another', exp: Date.now() + 9000 }));
  const { error } = await client.ask({ type: 'authenticate', token });
  assert.equal(error, 'JWT exp is in milliseconds');
  const [, url] = lines[1].match(/on (\S+)/);
  assert.equal((await fetch(`${url}/_controls/connections`)).status, 200);
});

test('neither prints nor logs the secret, and shortens client ids', async (t) => {
  const child = start(t, [], environment);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => { printed += text; });
  }
  const { socketUrl } = await listening(child);
  const client = await RawClient.enterWith(t, socketUrl);
  child.kill();
  await once(child, 'close');
  assert.match(printed, /authenticated/);
  assert.ok(!printed.includes(secret.toString()));
  assert.ok(!printed.includes(client.id));
});

for (const [name, args, env, status] of [
  ['no channel', [], {}, 64],
  ['no secret', ['--channel', 'c'], {}, 64],
  ['empty variables', [], { SCALEDRONE_CHANNEL_ID: '', SCALEDRONE_CHANNEL_SECRET: '' }, 64],
  ['an unknown option', ['--verbose'], environment, 64],
  ['the secret as an option', ['--secret', 'hush'], environment, 64],
  ['a stray argument', ['hush'], environment, 64],
  ['an option without its value', ['--channel'], environment, 64],
  ['a port that is no number', ['--port', '80x'], environment, 64],
  ['a port that is too large', ['--port', '65536'], environment, 64],
  ['an unknown permission order', ['--permission-order', 'first'], environment, 64],
  ['controls for everybody', ['--controls', '--host', '0.0.0.0'], environment, 64],
  ['a secret file that is not there', ['--secret-file', '/no/such/file'], environment, 66],
  ['an empty secret file', ['--secret-file', '/dev/null'], environment, 78],
]) {
  test(`ends with status ${status} and one line on ${name}`, async (t) => {
    const result = await run(t, args, env);
    assert.equal(result.status, status);
    assert.match(result.stderr, /^local-scaledrone: .+\n$/);
    assert.equal(result.stdout, '');
  });
}

test('ends with status 1 and one line when the port is in use', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address();
  const result = await run(t, ['--port', `${port}`], environment);
  assert.equal(result.status, 1);
  assert.match(result.stderr, new RegExp(`^local-scaledrone: .*${port}: the port is in use\n$`));
  assert.equal(result.stdout, '');
});

test('needs no secret where it asks for no tokens', async (t) => {
  const { socketUrl } = await listening(start(t, ['--no-auth', '--channel', channelId]));
  assert.ok((await RawClient.enter(t, socketUrl)).id);
});

test('prints its options when asked', async (t) => {
  const { status, stdout } = await run(t, ['--help'], {});
  assert.equal(status, 0);
  assert.match(stdout, /^usage: .*--secret-file FILE/);
});
