// SPDX-License-Identifier: MIT
// A folder for one run and the servers in it: started on loopback, stopped by process id.

import { spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export class Place {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'roomkey-bench-'));
    this.servers = [];
  }

  path(name) {
    return join(this.folder, name);
  }

  /** Starts a server and waits until `address`, a socket's path or a port, can be connected to. */
  async start(name, command, args, { env = {}, address } = {}) {
    const log = createWriteStream(this.path(`${name}.log`), { flags: 'a' });
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    const server = { name, pid: child.pid, child, ended: new Promise((resolve) => child.once('close', resolve)) };
    let failure;
    child.once('error', (error) => (failure = error));
    child.once('exit', (status) => (failure ??= new Error(`${name} ended with ${status}`)));
    this.servers.push(server);
    for (const deadline = Date.now() + 10_000; !(await accepts(address)); await sleep(20)) {
      if (failure || Date.now() > deadline) {
        throw new Error(`${failure?.message ?? `${name} does not answer`}\n${readFileSync(this.path(`${name}.log`), 'utf8')}`);
      }
    }
    return server;
  }

  /** Stops everything, last first, and removes the folder. */
  async stop() {
    for (const { child, ended } of this.servers.reverse()) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        const stubborn = setTimeout(() => child.kill('SIGKILL'), 3000);
        await ended;
        clearTimeout(stubborn);
      }
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function accepts(address) {
  return new Promise((resolve) => {
    const socket = connect(typeof address === 'number' ? { port: address, host: '127.0.0.1' } : { path: address });
    socket.once('connect', () => resolve(true) ?? socket.destroy());
    socket.once('error', () => resolve(false));
  });
}

/** Ports that nobody listens on at this moment. */
export async function freePorts(count) {
  const probes = await Promise.all(
    Array.from(
      { length: count },
      () => new Promise((resolve) => {
        const probe = createServer().listen(0, '127.0.0.1', () => resolve(probe));
      }),
    ),
  );
  const ports = probes.map((probe) => probe.address().port);
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  return ports;
}
