// SPDX-License-Identifier: MIT
// One nginx in front of many rows: a server block and a port for each. The FastCGI rows use the
// files that roomkey ships, as they are, but for the name of what they pass to.

import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { freePorts } from './place.js';

const shippedFolder = fileURLToPath(new URL('../../../nginx/', import.meta.url));
const shipped = (name) => readFileSync(shippedFolder + name, 'utf8');

/** `socket` behind nginx's FastCGI; `extra` are more directives for the location. */
export function fastcgi({ socket, keep, keepalive = 64, extra = '' }) {
  return {
    upstream: `server unix:${socket};${keep ? ` keepalive ${keepalive};` : ''}`,
    location: (name) =>
      shipped('roomkey.conf').replace('include roomkey/pass.conf;', shipped('pass.conf'))
        .replace('fastcgi_pass roomkey;', `fastcgi_pass ${name}; ${extra}`)
        .replace('fastcgi_keep_conn on;', `fastcgi_keep_conn ${keep ? 'on' : 'off'};`),
  };
}

/** `socket` behind nginx's HTTP proxy, with kept connections. */
export function proxy({ socket }) {
  return {
    upstream: `server unix:${socket}; keepalive 64;`,
    location: (name) => `location = /auth { proxy_pass http://${name}; proxy_http_version 1.1; proxy_set_header Connection ""; }`,
  };
}

/** Starts an nginx for `sites` (by name) and returns it, and the port of each. */
export async function startNginx(place, name, { workers, sites, modules = '', main = '', http = '' }) {
  const names = Object.keys(sites);
  const ports = await freePorts(names.length);
  const folder = place.path(name);
  mkdirSync(`${folder}/temp`, { recursive: true });
  mkdirSync(`${folder}/roomkey`);
  for (const name of readdirSync(shippedFolder)) if (name !== 'http.conf') symlinkSync(shippedFolder + name, `${folder}/roomkey/${name}`);
  // Requests without a key are not limited: what a limit answers is not what is measured.
  writeFileSync(`${folder}/roomkey/http.conf`, shipped('http.conf').replaceAll('$binary_remote_addr', '""'));
  const servers = names.map((site, i) => {
    const { upstream, location } = sites[site];
    const back = `bench-${site}`;  // http.conf has an upstream of its own, roomkey
    return `${upstream ? `upstream ${back} { ${upstream} }` : ''}
  server { listen 127.0.0.1:${ports[i]} backlog=4096; ${location(back)} }`;
  });
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/temp/${kind};`);
  writeFileSync(
    `${folder}/nginx.conf`,
    `${process.getuid() === 0 ? 'user root;' : ''}
${modules}
daemon off; worker_processes ${workers}; pid ${folder}/pid; error_log ${folder}/error.log;
worker_rlimit_nofile 8192;
env BENCH_CHANNEL; env BENCH_SECRET; ${main}
events { worker_connections 4096; }
http {
  access_log off; default_type text/plain; keepalive_requests 100000000;
  client_body_in_single_buffer on;
  ${temporary.join(' ')}
  include roomkey/http.conf;
  ${http}
  ${servers.join('\n  ')}
}
`,
  );
  const server = await place.start(name, 'nginx', ['-e', `${folder}/error.log`, '-p', folder, '-c', `${folder}/nginx.conf`], {
    env: process.env,
    address: ports[0],
  });
  return { server, port: Object.fromEntries(names.map((site, i) => [site, ports[i]])) };
}
