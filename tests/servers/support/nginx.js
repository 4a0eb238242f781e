// SPDX-License-Identifier: MIT
// A real nginx, as its own user, with the shipped files of nginx/.

import { copyFile, mkdir, readFile, readdir } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { freePort } from '../../process/support/port.js';
import { root } from '../../process/support/roomkey.js';
import { asRoot, edited, giveToWebServer, makeWritable, startServer, webUser } from './server.js';
import { person } from './contract.js';

let count = 0;

/**
 * Starts it. `site` is what a user writes into the http block, `upstream` the contents of upstream.conf,
 * `files` what else a user writes into the folder of the shipped files, a text each or a function of the ports.
 * `host` runs a command line on another host, and asks there whether it answers.
 */
export async function startNginx(place, { site, upstream = '', files = {}, host }) {
  const dir = place.path(`nginx-${++count}`);
  const port = await freePort();
  const securePort = await freePort();
  await mkdir(`${dir}/roomkey`, { recursive: true });
  for (const name of await readdir(`${root}nginx`)) if (name.endsWith('.conf')) await copyFile(`${root}nginx/${name}`, `${dir}/roomkey/${name}`);
  await makeWritable(place, `nginx-${count}/tmp`);
  const write = (name, text) => place.write(`nginx-${count}/${name}`, text, 0o644);
  await write('roomkey/upstream.conf', upstream || 'server 127.0.0.1:1;\n');
  await write('roomkey/local.conf', `
    listen 127.0.0.1:${port};
    root ${place.path('www')};
    include roomkey/roomkey.conf;
    set $roomkey_realtime "wss://realtime.example";`);
  const hash = execFileSync('openssl', ['passwd', '-6', person.password], { encoding: 'utf8' });
  await write('roomkey/users', `${person.name}:${hash}`);
  await giveToWebServer(`${dir}/roomkey/users`, 0o640);
  for (const [name, text] of Object.entries(files)) await write(`roomkey/${name}`, typeof text === 'function' ? text({ port, securePort }) : text);
  await write('nginx.conf', `
    daemon off;
    ${asRoot ? `user ${webUser.name};` : ''}
    worker_processes 1;
    pid ${dir}/nginx.pid;
    error_log ${dir}/error.log;
    events { worker_connections 512; }
    http {
      include /etc/nginx/mime.types;
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/tmp/${name};`).join('\n      ')}
      ${site(port)}
    }`);
  const [command, ...args] = [...host?.prefix ?? [], 'nginx', '-p', dir, '-c', `${dir}/nginx.conf`, '-e', `${dir}/error.log`];
  const server = await startServer(place, {
    command, args, port, endSignal: 'SIGTERM', ...(host ? { answering: () => host.answering(port) } : {}),
    log: () => readFile(`${dir}/error.log`, 'utf8').catch(() => ''),
  });
  return { ...server, securePort };
}

/** The site's own file as it ships, on loopback. */
export async function shippedLocal(place, changes = {}) {
  const text = await edited('nginx/local.conf', {
    '/usr/share/roomkey/www': place.path('www'), '/etc/roomkey/config.json': place.path('www/config.json'),
    'listen 80;': 'listen 127.0.0.1:PORT;', 'listen [::]:80;': 'listen [::1]:PORT;', ...changes,
  });
  return ({ port }) => text.replaceAll('PORT', port);
}

/** The server block of a user who has pages already, and has tokens there. */
export const ownSite = (place, { tokens = 'include roomkey/roomkey.conf;' } = {}) => (port) => `
      include roomkey/http.conf;
      server {
        listen 127.0.0.1:${port};
        root ${place.path('www')};
        ${tokens}
      }`;
