// SPDX-License-Identifier: MIT
// A real nginx that runs the project's own files. Only what a user writes is made here: the address
// and the files of the site, and the list of processes.

import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { freePort } from './port.js';
import { root } from './roomkey.js';
import { send } from './http.js';
import { until } from './until.js';

const operators = ['local.conf', 'upstream.conf'];
const shipped = readdirSync(`${root}nginx`).filter((name) => name.endsWith('.conf') && !operators.includes(name));

/** The shipped pass.conf, but for kept connections. */
function withoutKeeping(text) {
  const changed = text.replace('fastcgi_keep_conn on;', 'fastcgi_keep_conn off;');
  if (changed === text) throw new Error('pass.conf says nothing of fastcgi_keep_conn');
  return changed;
}
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** What stands behind the address in the shipped upstream.conf, where users add lines like that one. */
const shippedParameters = /^server unix:\S+?((?: [^;]+)?);/m.exec(readFileSync(`${root}nginx/upstream.conf`, 'utf8'))[1];

const upstreamServer = ({ path, host, port }) => `server ${path ? `unix:${path}` : `${host}:${port}`}${shippedParameters};\n`;

function mainConfiguration(dir, { workers, site, logLevel }) {
  return `
    daemon off;
    ${process.getuid() === 0 ? 'user root;' : ''}
    worker_processes ${workers};
    pid ${dir}/nginx.pid;
    error_log ${dir}/error.log ${logLevel};
    events { worker_connections 1024; }
    http {
      include /etc/nginx/mime.types;
      access_log ${dir}/access.log;
      ${temporary.map((name) => `${name}_temp_path ${dir}/${name};`).join('\n      ')}
      ${site}
    }`;
}

async function waitUntilUp(child, port, log) {
  await until('nginx answering', async () => {
    if (!child.running) throw new Error(`nginx ended: ${child.stderr}${await log()}`);
    return send(port, '/no-such-page', { method: 'GET' });
  });
}

let count = 0;

/**
 * Starts it with these roomkey processes behind. `local` is put at the end of local.conf, `site` in the
 * place of `include roomkey/site.conf`; `keep` says whether roomkey's connections are kept; `login` is
 * what stands in the location of the endpoints beside the shipped lines.
 */
export async function startNginx(place, {
  upstreams, pages = `${root}static`, keepalive = 64, workers = 1, realtime = 'wss://realtime.example',
  local = '', site = 'include roomkey/site.conf;', keep = true,
  login = '', logLevel = 'error',
}) {
  const dir = place.path(`nginx-${++count}`);
  const port = await freePort();
  await mkdir(`${dir}/roomkey`, { recursive: true });
  const write = (name, text) => place.write(`nginx-${count}/${name}`, text);
  for (const name of shipped) {
    if (keep || name !== 'pass.conf') await symlink(`${root}nginx/${name}`, `${dir}/roomkey/${name}`);
    else await write(`roomkey/${name}`, withoutKeeping(readFileSync(`${root}nginx/${name}`, 'utf8')));
  }
  await write('roomkey/upstream.conf', `${upstreams.map(upstreamServer).join('')}keepalive ${keepalive};\n`);
  await write('roomkey/local.conf', `
    listen 127.0.0.1:${port};
    root ${pages};
    set $roomkey_realtime "${realtime}";
    ${login ? `include roomkey/paths.conf;
    location = /@roomkey { include roomkey/endpoint.conf; include roomkey/pass.conf; ${login} }` : 'include roomkey/roomkey.conf;'}
    ${local}`);
  await write('nginx.conf', mainConfiguration(dir, { workers, site, logLevel }));

  // Its master must end its workers itself.
  const child = place.start('nginx', ['-p', dir, '-c', `${dir}/nginx.conf`, '-e', `${dir}/error.log`], { endSignal: 'SIGTERM' });
  const errorLog = () => readFile(`${dir}/error.log`, 'utf8');
  await waitUntilUp(child, port, errorLog);
  return {
    child,
    port,
    url: `http://127.0.0.1:${port}`,
    errorLog,
    accessLog: () => readFile(`${dir}/access.log`, 'utf8'),
    auth: (options) => send(port, '/auth', options),
  };
}
