// SPDX-License-Identifier: MIT
// Where a test file works: a temporary directory, and the processes that were started in it. Both
// are gone when it is closed, and also when the file ends by an error.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clientID, secret } from './tokens.js';
import { soon, until } from './until.js';

// What the binary says in a build with sanitizers. Most tests would not notice it.
const sanitizerReport = /(?:ERROR|WARNING): \w+Sanitizer|: runtime error: /;

// What no line of roomkey's log may hold, whatever it is asked: a secret, a client id or a token.
const toldTale = new RegExp(`^(?:roomkey: |<\\d>).*(?:${secret}|${clientID}|eyJ[\\w-]{10})`, 'm');

const places = new Set();

// The last resort: a test that was ended from outside still leaves nothing behind.
process.on('exit', () => {
  for (const place of places) place.abandon();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** A program that was started. What it writes is kept. */
export class Child {
  stdout = '';
  stderr = '';

  constructor(command, args, { input, endSignal = 'SIGKILL', ...options }) {
    this.endSignal = endSignal;
    this.process = spawn(command, args, options);
    this.pid = this.process.pid;
    this.process.stdout?.setEncoding('latin1').on('data', (text) => { this.stdout += text; });
    this.process.stderr?.setEncoding('utf8').on('data', (text) => { this.stderr += text; });
    this.process.stdin?.on('error', () => {});  // it may end before it has read its input
    if (input !== undefined) this.process.stdin.end(input);
    const failed = new Promise((_, reject) => { this.process.once('error', reject); });
    const gone = (event) => new Promise((resolve) => {
      this.process.once(event, (status, signal) => resolve({ status, signal }));
    });
    /** With the exit status or signal; `closed` comes when all its output was read, too. */
    this.exited = Promise.race([gone('exit'), failed]);
    this.closed = Promise.race([gone('close'), failed]);
    this.exited.catch(() => {});
    this.closed.catch(() => {});
  }

  get running() {
    return this.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  kill(signal) {
    if (this.running) process.kill(this.pid, signal);
  }

  /** Stops it until SIGCONT, and waits until each of its threads stands still. */
  async freeze() {
    this.kill('SIGSTOP');
    const state = (thread) => readFileSync(`/proc/${this.pid}/task/${thread}/stat`, 'latin1').split(') ').pop()[0];
    await until('every thread to stand still', () => readdirSync(`/proc/${this.pid}/task`).every((thread) => state(thread) === 'T'));
  }

  /** Sends the signal, and gives the exit status and how many milliseconds that took. */
  async stop(signal = 'SIGTERM') {
    const start = performance.now();
    this.kill(signal);
    const { status, signal: by } = await soon(`exit after ${signal}`, this.exited);
    return { status: status ?? by, took: performance.now() - start };
  }

  /** Ends it whatever it takes. */
  async end() {
    this.kill('SIGCONT');
    this.kill('SIGTERM');
    await soon('exit', this.exited, 6000).catch(() => this.kill('SIGKILL'));
    await this.exited.catch(() => {});
    // If it has left somebody behind who holds these, that must not keep the test file waiting.
    this.process.stdout?.destroy();
    this.process.stderr?.destroy();
  }
}

export class Place {
  #children = new Set();
  #cleanups = [];

  constructor(dir) {
    this.dir = dir;
    places.add(this);
  }

  path(name) {
    return join(this.dir, name);
  }

  async write(name, content, mode = 0o600) {
    await writeFile(this.path(name), content, { mode });
    return this.path(name);
  }

  /** Starts a program; without `input` its stdin is /dev/null. */
  start(command, args = [], { input, env = {}, stdio, ...options } = {}) {
    const child = new Child(command, args, {
      cwd: this.dir,
      env: { PATH: process.env.PATH, ...env },
      stdio: stdio ?? [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      input,
      ...options,
    });
    this.#children.add(child);
    return child;
  }

  /** Runs a program to its end; its status is the signal's name if it died by one. */
  async run(command, args, options) {
    const child = this.start(command, args, options);
    const { status, signal } = await soon(`the end of ${command}`, child.closed);
    return { status: status ?? signal, stdout: child.stdout, stderr: child.stderr };
  }

  /** Has `cleanup` called, last first, before the processes are ended. */
  defer(cleanup) {
    this.#cleanups.push(cleanup);
  }

  async close() {
    try {
      for (const cleanup of this.#cleanups.reverse()) await cleanup();
      await Promise.all([...this.#children].map((child) => child.end()));
    } finally {
      this.abandon();
    }
    for (const { stderr } of this.#children) {
      if (sanitizerReport.test(stderr)) throw new Error(`a sanitizer found something:\n${stderr}`);
      if (toldTale.test(stderr)) throw new Error(`the log tells what it must not:\n${stderr}`);
    }
  }

  abandon() {
    for (const child of this.#children) {
      try {
        child.kill(child.endSignal);
      } catch {
        // It ended by itself in this very moment.
      }
    }
    rmSync(this.dir, { recursive: true, force: true });
    places.delete(this);
  }
}

export async function openPlace() {
  return new Place(await mkdtemp(join(tmpdir(), 'roomkey-test-')));
}
