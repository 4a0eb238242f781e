// SPDX-License-Identifier: MIT
// A real nginx, as its own user, with the shipped files of nginx/ and deploy/fcgiwrap.

import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { freePort, root } from '../../process/support/roomkey.js';
import { asRoot, giveToWebServer, makeWritable, startServer, webUser } from './server.js';
import { person } from './contract.js';

const shipped = {
  'http.conf': 'nginx/http.conf',
  'roomkey.conf': 'nginx/roomkey.conf',
  'site.conf': 'nginx/site.conf',
  'roomkey-cgi.conf': 'deploy/fcgiwrap/roomkey.conf',
};

let count = 0;

/**
 * Starts it. `site` is what a user writes into the http block, `upstream` the contents of upstream.conf,
 * `local` what local.conf has beside the address, `cgi` the contents of cgi.conf, and `login` one of
 * nginx/examples. `host` runs a command line on another host, and asks there whether it answers.
 */
export async function startNginx(place, { site, upstream = '', local = '', cgi = '', login, host }) {
  const dir = place.path(`nginx-${++count}`);
  const port = await freePort();
  await mkdir(`${dir}/roomkey`, { recursive: true });
  for (const [name, path] of Object.entries(shipped)) await copyFile(`${root}${path}`, `${dir}/roomkey/${name}`);
  if (login) await copyFile(`${root}nginx/examples/${login}`, `${dir}/roomkey/login.conf`);
  await makeWritable(place, `nginx-${count}/tmp`);
  const write = (name, text) => place.write(`nginx-${count}/${name}`, text, 0o644);
  await write('roomkey/upstream.conf', upstream || 'server 127.0.0.1:1;\n');
  await write('roomkey/cgi.conf', cgi);
  await write('roomkey/local.conf', `
    listen 127.0.0.1:${port};
    root ${place.path('www')};
    set $roomkey_realtime "wss://realtime.example";
    ${local}`);
  const hash = execFileSync('openssl', ['passwd', '-6', person.password], { encoding: 'utf8' });
  await write('roomkey/users', `${person.name}:${hash}`);
  await giveToWebServer(`${dir}/roomkey/users`, 0o640);
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
  return startServer(place, {
    command, args, port, endSignal: 'SIGTERM', ...(host ? { answering: () => host.answering(port) } : {}),
    log: () => readFile(`${dir}/error.log`, 'utf8').catch(() => ''),
  });
}

/** The server block of a user who has pages already, and includes the snippet. */
export const ownSite = (place, { snippet = 'roomkey.conf', more = '' } = {}) => (port) => `
      include roomkey/http.conf;
      server {
        listen 127.0.0.1:${port};
        root ${place.path('www')};
        include roomkey/${snippet};
        ${more}
      }`;
