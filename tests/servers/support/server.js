// SPDX-License-Identifier: MIT
// What the tests of web servers share: a place that the server's own user can read, roomkey processes
// that it can reach, and a server that is started and waited for.

import { chmod, chown, copyFile, cp, mkdir, readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { openPlace } from '../../process/support/place.js';
import { answers, environment, roomkey, root } from '../../process/support/roomkey.js';
import { send } from '../../process/support/http.js';
import { channel, secret } from '../../process/support/tokens.js';
import { until } from '../../process/support/until.js';

export const asRoot = process.getuid() === 0;

// The web server's own user reads what is written here, whatever the umask of who runs the tests.
process.umask(0o022);

/** The user that web servers give their privileges up for; ourselves if we have none. */
export const webUser = asRoot
  ? { name: 'www-data', uid: idOf('-u'), gid: idOf('-g') }
  : { name: process.env.USER, uid: process.getuid(), gid: process.getgid() };

function idOf(option) {
  return Number(execFileSync('id', [option, 'www-data'], { encoding: 'utf8' }));
}

/** A place with the pages, the program and the secret in it, as a user who is not us may read them. */
export async function openWebPlace() {
  const place = await openPlace();
  await chmod(place.dir, 0o755);
  // A checkout in somebody's home is closed to the web server.
  await cp(`${root}static`, place.path('www'), { recursive: true });
  await copyFile(roomkey, place.path('roomkey'));
  await place.write('secret', `${secret}\n`);
  await giveToWebServer(place.path('secret'), 0o640);
  return place;
}

/** A shipped file as a user edits it: each text of `changes` by another. */
export async function edited(path, changes = {}) {
  let text = await readFile(`${root}${path}`, 'utf8');
  for (const [from, to] of Object.entries(changes)) {
    if (!text.includes(from)) throw new Error(`${path}: expected ${from} in it`);
    text = text.replaceAll(from, to);
  }
  return text;
}

export const siteName = 'chat.example.com';
export const otherSite = 'other.example';

/** A certificate for the site as certbot would put it there, and what a client needs that trusts it. */
export async function makeCertificate(place) {
  const [certificate, key] = [place.path('fullchain.pem'), place.path('privkey.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', `/CN=${siteName}`, '-addext', `subjectAltName=DNS:${siteName}`, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  return { certificate, key, tls: { ca: await readFile(certificate), servername: siteName } };
}

/** Puts files of no importance among the pages. */
export async function addPages(place, names) {
  for (const name of names) {
    await mkdir(dirname(place.path(`www/${name}`)), { recursive: true });
    await place.write(`www/${name}`, 'x', 0o644);
  }
}

export async function giveToWebServer(path, mode) {
  if (asRoot) await chown(path, 0, webUser.gid);
  await chmod(path, mode);
}

/** A folder that the web server may write to. */
export async function makeWritable(place, name) {
  await mkdir(place.path(name), { recursive: true });
  if (asRoot) await chown(place.path(name), webUser.uid, webUser.gid);
  return place.path(name);
}

let count = 0;

/** A program under spawn-fcgi, on a socket that only the web server can open, and as its user. */
export async function startForWeb(place, {
  path = place.path(`web-${++count}.sock`), program = [place.path('roomkey')], env = environment, said = 'serving FastCGI',
} = {}) {
  const owner = asRoot ? ['-U', webUser.name, '-G', webUser.name, '-u', webUser.name, '-g', webUser.name] : [];
  const child = place.start('spawn-fcgi', ['-n', '-s', path, '-M', '0660', ...owner, '--', ...program], { env });
  await until(`${program[0]} serving`, async () => {
    if (!child.running) throw new Error(`${program[0]} ended: ${child.stderr}`);
    return child.stderr.includes(said) && answers({ path });
  });
  return { child, path };
}

/** A roomkey for everybody; gives the path of its socket. */
export async function serveForWeb(place, { args = [] } = {}) {
  return (await startForWeb(place, { program: [place.path('roomkey'), ...args] })).path;
}

/** The same with a policy of these contents. */
export async function serveWithPolicy(place, policy) {
  const file = await place.write(`policy-${++count}.json`, policy, 0o644);
  return serveForWeb(place, { args: ['--policy', file] });
}

/** A roomkey with a policy for each of these names, whose tokens say it as `is`, and none without a login if it is `staff`. */
export async function policies(place, ...names) {
  const dir = place.path(`policies-${++count}`);
  await mkdir(dir);
  for (const name of names) {
    const claims = { exp: '${now+60}', client: '${form.clientID}', is: name, ...name === 'staff' && { user: '${server.ROOMKEY_USER}' } };
    await place.write(`policies-${count}/${name}.json`, JSON.stringify({ claims }), 0o644);
  }
  return dir;
}

export const notAnswering = ['says nothing', 'hangs up'];

/** What is no roomkey, but takes connections in its place; gives its socket, or its port of loopback. */
export async function pretend(place, how, where = place.path(`web-${++count}.sock`)) {
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('data', () => { if (how === 'hangs up') socket.destroy(); });
  }).listen(where);
  await once(server, 'listening');
  place.defer(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  if (address.port) return address.port;
  await chmod(address, 0o666);
  return address;
}

/** Starts a web server, and waits until it answers on `port`, or `answering` says so. */
export async function startServer(place, {
  command, args, port, log = async () => '', answering = () => send(port, '/no-such-page', { method: 'GET' }), ...options
}) {
  const child = place.start(command, args, options);
  const up = await Promise.race([
    until(`${command} answering`, answering),
    child.closed.then(() => undefined),
  ]);
  if (!up) throw new Error(`${command} ended: ${child.stdout}${child.stderr}${await log()}`);
  return { child, port, log };
}

export { channel };
