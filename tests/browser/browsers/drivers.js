// SPDX-License-Identifier: MIT
// Three browsers, each over the protocol that it brings along: `open(url)`, `run(function, ...arguments)`
// in the page, `type(text)` at the keyboard, and `close()`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { freePort } from '../../process/support/port.js';
import { launch, until } from '../person.js';

const WebSocket = createRequire(new URL('../../../deploy/local-scaledrone/package.json', import.meta.url))('ws');
const enter = '\uE006'; // WebDriver's name of the key

/** Starts a program; the first line that matches `pattern`, on either output, says that it is there. */
async function start(command, args, pattern, env = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const found = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${command} has ended`)));
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => pattern.test(line) && resolve(pattern.exec(line)));
    }
  });
  return { child, found };
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode) return;
  const gone = once(child, 'exit');
  child.kill();
  await gone;
}

/** A function and what it is given, as one expression; its value as text. */
const expression = (code, values) => `JSON.stringify((${code})(...${JSON.stringify(values)}) ?? null)`;

const keys = (text) => [...text].flatMap((value) => {
  const key = value === '\n' ? enter : value;
  return [{ type: 'keyDown', value: key }, { type: 'keyUp', value: key }];
});

/** Chromium, over its own protocol. */
export async function chromium() {
  const browser = await launch();
  const page = await browser.newPage();
  return {
    name: 'Chromium',
    open: (url) => page.goto(url),
    run: async (code, ...values) => JSON.parse(await page.evaluate(expression(code, values))),
    async type(text) {
      for (const key of text) await page.keyboard.press(key === '\n' ? 'Enter' : key);
    },
    close: () => browser.close(),
  };
}

/** Firefox, over WebDriver BiDi, which needs no driver. */
export async function firefox() {
  const profile = await mkdtemp(join(tmpdir(), 'roomkey-firefox-'));
  const args = ['--headless', '--remote-debugging-port', '0', '--profile', profile, '--no-remote'];
  const { child, found: [, address] } = await start('firefox-esr', args, /BiDi listening on (ws:\S+)/, { HOME: profile });
  const socket = new WebSocket(`${address}/session`);
  await once(socket, 'open');
  const waiting = new Map();
  socket.on('message', (text) => {
    const { id, error, message, result } = JSON.parse(text);
    const { resolve, reject } = waiting.get(id) ?? {};
    waiting.delete(id);
    if (error) reject?.(new Error(`${error}: ${message}`));
    else resolve?.(result);
  });
  let count = 0;
  const send = (method, params) => new Promise((resolve, reject) => {
    waiting.set(++count, { resolve, reject });
    socket.send(JSON.stringify({ id: count, method, params }));
  });
  await send('session.new', { capabilities: {} });
  const { contexts: [{ context }] } = await send('browsingContext.getTree', {});
  return {
    name: 'Firefox',
    open: (url) => send('browsingContext.navigate', { context, url, wait: 'complete' }),
    async run(code, ...values) {
      const { result, exceptionDetails } = await send('script.evaluate', { expression: expression(code, values), target: { context }, awaitPromise: false });
      if (exceptionDetails) throw new Error(exceptionDetails.text);
      return JSON.parse(result.value);
    },
    type: (text) => send('input.performActions', { context, actions: [{ type: 'key', id: 'keyboard', actions: keys(text) }] }),
    async close() {
      await end(child);
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Debian keeps it in the folder of the library, which has the architecture in its path. */
async function findMiniBrowser() {
  for (const folder of await readdir('/usr/lib')) {
    const names = await readdir(join('/usr/lib', folder)).catch(() => []);
    const library = names.filter((name) => name.startsWith('webkit2gtk-4.')).sort().at(-1);
    if (library) return join('/usr/lib', folder, library, 'MiniBrowser');
  }
  throw new Error('there is no MiniBrowser of WebKitGTK');
}

/** WebKitGTK, over WebDriver, on a screen that nobody sees. */
export async function webkit() {
  const binary = await findMiniBrowser();
  const { child: screen, found: [display] } = await start('Xvfb', ['-displayfd', '1', '-screen', '0', '1000x700x24', '-nolisten', 'tcp'], /^\d+$/);
  const port = await freePort();
  const driver = spawn('WebKitWebDriver', ['--host=127.0.0.1', `--port=${port}`], {
    stdio: 'ignore',
    env: { ...process.env, DISPLAY: `:${display}`, WEBKIT_DISABLE_COMPOSITING_MODE: '1' },
  });
  const ask = async (method, path, body) => {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...(body && { body: JSON.stringify(body) }) });
    const { value } = await reply.json();
    if (!reply.ok) throw new Error(`${path}: ${value?.error} ${value?.message}`);
    return value;
  };
  await until(() => ask('GET', '/status').then(() => true, () => false));
  const browser = { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': { binary, args: ['--automation'] } };
  const { sessionId } = await ask('POST', '/session', { capabilities: { alwaysMatch: browser } });
  const session = `/session/${sessionId}`;
  return {
    name: 'WebKitGTK',
    open: (url) => ask('POST', `${session}/url`, { url }),
    run: async (code, ...values) => JSON.parse(await ask('POST', `${session}/execute/sync`, { script: `return ${expression(code, values)}`, args: [] })),
    type: (text) => ask('POST', `${session}/actions`, { actions: [{ type: 'key', id: 'keyboard', actions: keys(text) }] }),
    async close() {
      await ask('DELETE', session);
      await end(driver);
      await end(screen);
    },
  };
}
