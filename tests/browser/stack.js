// SPDX-License-Identifier: MIT
// Everything behind the page, as it is deployed: nginx with the project's own files, roomkey under
// spawn-fcgi, and the local Scaledrone; on free loopback ports and in a folder of their own.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort } from '../process/support/port.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const localScaledrone = join(root, 'deploy/local-scaledrone');
const roomkey = resolve(process.env.ROOMKEY_BIN ?? join(root, 'build/dev/roomkey'));

export const channel = 'pXK3yq7Zb0aLmN4d';
export const secret = 'k3Jq8vZ1mX5tB7nR2wY9cL4hD6fS0gPa';

const config = {
  channel,
  socket: '/v3/websocket',
  script: '/scaledrone.js',
  auth: '/auth',
  rooms: [{ name: 'observable-room', title: 'Public room' }],
};

/** Starts a program that ends with the stack; what it complains of is shown. */
function start(children, command, args, options) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  children.add(child);
  return child;
}

async function end(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  await gone;
}

/** Starts a local Scaledrone, on `port` if it is to take the place of an earlier one. */
async function startScaledrone(children, dir, history, port = 0) {
  const args = ['server.js', '--port', port, '--channel', channel, '--secret-file', join(dir, 'secret'), '--controls'];
  if (history) args.push('--history');
  const quiet = { cwd: localScaledrone, stdio: ['ignore', 'pipe', 'ignore'] };
  const child = start(children, process.execPath, args, quiet);
  for await (const line of createInterface({ input: child.stdout })) {
    const heard = /^Listening on (http:\/\/127\.0\.0\.1:(\d+))/.exec(line);
    if (heard) return { child, url: heard[1], port: Number(heard[2]) };
  }
  throw new Error('the local Scaledrone did not start');
}

async function startRoomkey(children, dir, policy) {
  const options = ['--secret-file', join(dir, 'secret'), ...(policy ? ['--policy', join(dir, 'policy.json')] : [])];
  const log = await open(join(dir, 'roomkey.log'), 'w');
  const child = start(children, 'spawn-fcgi', ['-n', '-s', join(dir, 'roomkey.sock'), '-M', '0600', '--', roomkey, ...options], {
    env: { PATH: process.env.PATH, SCALEDRONE_CHANNEL_ID: channel },
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  return child;
}

/** The shipped policy, with one room more. */
async function chatPolicy() {
  const text = await readFile(join(root, 'deploy/policies/chat.json'), 'utf8');
  return JSON.parse(text.replace(/^\s*\/\/.*/gm, '').replace('observable-room', 'observable-(room|archive)'));
}

/** The shipped example of HTTPS, with a certificate that nobody trusts. */
async function writeSecureSite(dir, port) {
  const names = ['fullchain.pem', 'privkey.pem'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost',
    '-out', join(dir, names[0]), '-keyout', join(dir, names[1])], { stdio: 'pipe' });
  const text = await readFile(join(root, 'nginx/examples/https.conf'), 'utf8');
  await writeFile(join(dir, 'roomkey/https.conf'), text.replaceAll('/etc/letsencrypt/live/chat.example.com', dir)
    .replace('listen 443', `listen 127.0.0.1:${port}`).replace('listen [::]:443', `listen [::1]:${port}`));
}

/** The run directory of nginx: the project's files as they are, and the two that a user writes. */
async function writeSite(dir, { port, securePort, realtimePort }) {
  await mkdir(join(dir, 'roomkey'));
  for (const name of readdirSync(join(root, 'nginx')).filter((each) => /(?<!local|upstream)\.conf$/.test(each))) {
    await symlink(join(root, 'nginx', name), join(dir, 'roomkey', name));
  }
  if (securePort) await writeSecureSite(dir, securePort);
  await writeFile(join(dir, 'roomkey/upstream.conf'), `server unix:${dir}/roomkey.sock;\nkeepalive 8;\n`);
  await writeFile(join(dir, 'roomkey/local.conf'), `
    listen 127.0.0.1:${port};
    root ${root}static;
    ${securePort ? 'include roomkey/https.conf;' : ''}
    include roomkey/roomkey.conf;
    set $roomkey_realtime "";
    # Each person of the tests has an address of their own, or all would share one rate limit.
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Real-IP;
    location = /config.json { alias ${dir}/config.json; }
    location = /scaledrone.js { alias ${dir}/scaledrone.js; }
    location /v3/ {
      proxy_pass http://127.0.0.1:${realtimePort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_read_timeout 1h;
    }`);
  await writeFile(join(dir, 'nginx.conf'), `
    daemon off;
    master_process off;
    pid ${dir}/nginx.pid;
    error_log ${dir}/error.log;
    events {}
    http {
      include /etc/nginx/mime.types;
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join(' ')}
      include roomkey/site.conf;
    }`);
}

/** Waits until a token can be had, which needs all parts. */
async function untilReady(url, nginx) {
  const body = new URLSearchParams({ clientID: 'ready' });
  for (let tries = 0; tries < 500 && nginx.exitCode === null; tries++) {
    const reply = await fetch(`${url}auth`, { method: 'POST', body, redirect: 'manual' }).catch(() => null);
    if (reply?.ok || reply?.status === 301) return;
    await sleep(20);
  }
  throw new Error('no token could be had; does build/dev/roomkey exist?');
}

/**
 * Options: `history` turns it on in the service; `policy` replaces the built-in one, 'chat' is
 * deploy/policies/chat.json; `secure` serves it over HTTPS alone; all others go to config.json.
 */
export async function startStack(options) {
  const dir = await mkdtemp(join(tmpdir(), 'roomkey-browser-'));
  const children = new Set();
  const stop = async () => {
    for (const child of children) await end(child);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    return { ...(await startIn(dir, children, options)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startIn(dir, children, { history, policy, secure, ...overrides } = {}) {
  await writeFile(join(dir, 'secret'), secret, { mode: 0o600 });
  if (policy === 'chat') {
    policy = await chatPolicy();
    overrides = { names: 'chosen', ...overrides };
  }
  await writeFile(join(dir, 'config.json'), JSON.stringify({ ...config, ...overrides }));
  if (policy) await writeFile(join(dir, 'policy.json'), JSON.stringify(policy));
  const bundle = start(children, process.execPath, ['bundle.js', join(dir, 'scaledrone.js')], { cwd: localScaledrone });
  const [[status], service, port] = await Promise.all([
    once(bundle, 'exit'),
    startScaledrone(children, dir, history),
    freePort(),
  ]);
  if (status !== 0) throw new Error('the client of the service could not be bundled; is npm ci done there?');
  let realtime = service;
  const tokens = await startRoomkey(children, dir, policy);
  const securePort = secure && await freePort();
  await writeSite(dir, { port, securePort, realtimePort: realtime.port });
  const nginx = start(children, 'nginx', ['-p', dir, '-c', join(dir, 'nginx.conf'), '-e', join(dir, 'error.log')]);
  const url = secure ? `https://127.0.0.1:${securePort}/` : `http://127.0.0.1:${port}/`;
  await untilReady(`http://127.0.0.1:${port}/`, nginx);

  async function ask(path, options) {
    const reply = await fetch(realtime.url + path, options);
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return reply;
  }

  async function restartScaledrone() {
    await end(realtime.child, 'SIGKILL');
    realtime = await startScaledrone(children, dir, history, realtime.port);
  }

  return {
    url,
    realtime: () => `${realtime.url.replace('http', 'ws')}/v3/websocket`,

    /** Publishes over REST, as the owner of the channel. */
    publish: (room, message) => ask(`/${channel}/${encodeURIComponent(room)}/publish`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${Buffer.from(`${channel}:${secret}`).toString('base64')}`,
        'Content-Type': 'application/json',
      },
      body: JSON.stringify(message),
    }),

    /** Makes the service misbehave; its README lists the controls. */
    control: (name, order = {}) => ask(`/_controls/${name}`, { method: 'POST', body: JSON.stringify(order) }),

    connections: async () => (await ask('/_controls/connections')).json(),

    killScaledrone: () => end(realtime.child, 'SIGKILL'),

    restartScaledrone,

    /** Both roomkey and the service go on with another secret. */
    async rotateSecret() {
      await writeFile(join(dir, 'secret'), `${secret.slice(1)}x`);
      tokens.kill('SIGHUP');
      await restartScaledrone();
    },
  };
}
