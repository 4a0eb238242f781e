// SPDX-License-Identifier: MIT
// What is measured: every row is a port that answers POST /auth, and the processes behind it.

import { copyFileSync, readdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { fastcgi, proxy, startNginx } from './lib/nginx.js';
import { freePorts } from './lib/place.js';
import { channel, secret } from './lib/requests.js';

const peers = fileURLToPath(new URL('peers/', import.meta.url));

const environment = { BENCH_CHANNEL: channel, BENCH_SECRET: secret, SCALEDRONE_CHANNEL_ID: channel, SCALEDRONE_CHANNEL_SECRET: secret };

/** Threads of the blocking responder: one for each connection that an nginx may keep, or it hangs. */
const blockingThreads = 256;

async function startPhp(place, binary, name, children) {
  const socket = place.path(`${name}.sock`);
  writeFileSync(
    place.path(`${name}.conf`),
    `[global]
daemonize = no
error_log = ${place.path(`${name}-error.log`)}
[bench]
${process.getuid() === 0 ? 'user = root\ngroup = root' : ''}
listen = ${socket}
listen.backlog = 4096
pm = static
pm.max_children = ${children}
clear_env = no
`,
  );
  const args = ['-F', '-y', place.path(`${name}.conf`), ...(process.getuid() === 0 ? ['-R'] : [])];
  return { socket, server: await place.start(name, binary, args, { env: environment, address: socket }) };
}

/** Starts everything that `wanted(name)` asks for; the rows, in the order of the table. */
export async function startRows(place, { build, before, php, wanted, workers = [1, 2] }) {
  const rows = [];
  const start = async (name, command, args) => {
    const socket = place.path(`${name}.sock`);
    return { socket, server: await place.start(name, resolve(build, command), args(socket), { env: environment, address: socket }) };
  };
  const roomkey = (name, threads, program = 'roomkey') => start(name, program, (socket) => ['--socket', `unix:${socket}`, '--threads', String(threads)]);
  const gateway = (name) => start(name, 'empty_gateway', (socket) => ['--socket', `unix:${socket}`, '--threads', '1']);
  const blocking = (name, threads) => start(name, 'empty_blocking', (socket) => [socket, String(threads)]);
  const script = place.path('auth.php');
  copyFileSync(`${peers}auth.php`, script);
  const phpExtra = `fastcgi_param SCRIPT_FILENAME ${script};`;

  const fastcgiRow = (title, mints, keep, extra, begin) => ({ title, mints, begin, site: ({ socket }) => fastcgi({ socket, keep, extra }) });
  // Each has processes of its own for each nginx: a kept connection to one must not starve another.
  const kinds = {
    'roomkey': fastcgiRow('roomkey', true, true, '', (id) => roomkey(id, 1)),
    'roomkey-2t': fastcgiRow('roomkey, 2 threads', true, true, '', (id) => roomkey(id, 2)),
    'roomkey-close': fastcgiRow('roomkey, no keepalive', true, false, '', (id) => roomkey(id, 1)),
    'roomkey-2t-close': fastcgiRow('roomkey, 2 threads, no keepalive', true, false, '', (id) => roomkey(id, 2)),
    ...(before && {
      'roomkey-before': fastcgiRow('roomkey before', true, true, '', (id) => roomkey(id, 1, before)),
      'roomkey-before-close': fastcgiRow('roomkey before, no keepalive', true, false, '', (id) => roomkey(id, 1, before)),
    }),
    'gateway': fastcgiRow('empty, same gateway', false, true, '', (id) => gateway(id)),
    'gateway-close': fastcgiRow('empty, same gateway, no keepalive', false, false, '', (id) => gateway(id)),
    'blocking': fastcgiRow(`empty, blocking, ${blockingThreads} threads`, false, true, '', (id) => blocking(id, blockingThreads)),
    'blocking-close': fastcgiRow('empty, blocking, no keepalive', false, false, '', (id) => blocking(id, 1)),
    'return': { title: 'nginx return 200', mints: false, site: () => ({ location: () => `location = /auth { return 200 "${'x'.repeat(500)}"; }` }) },
    'go': { title: 'Go behind nginx', mints: true, site: ({ socket }) => proxy({ socket }) },
    'php': fastcgiRow('php-fpm, 4 children, no keepalive', true, false, phpExtra, (id) => startPhp(place, php, id, 4)),
    'php-keep': fastcgiRow('php-fpm, 64 children', true, true, phpExtra, (id, count) => startPhp(place, php, id, 64 * count)),
    'njs': {
      title: 'njs', mints: true, nginx: 'njs',
      site: () => ({ location: () => 'location = /auth { js_content auth.auth; }' }),
    },
    'lua': {
      title: 'Lua', mints: true, nginx: 'lua',
      site: () => ({ location: () => "location = /auth { content_by_lua_block { require('auth').auth() } }" }),
    },
  };
  const modulesFor = {
    plain: {},
    njs: { modules: 'load_module /usr/lib/nginx/modules/ngx_http_js_module.so;', http: `js_path ${peers}; js_import auth from auth_njs.js;` },
    lua: {
      modules: 'load_module /usr/lib/nginx/modules/ndk_http_module.so; load_module /usr/lib/nginx/modules/ngx_http_lua_module.so;',
      http: `lua_package_path "${peers}?.lua;;"; init_worker_by_lua_block { require "auth" }`,
    },
  };
  let go;
  const goPort = (await freePorts(1))[0];
  if (wanted('go') || wanted('go-direct')) {
    const socket = place.path('go.sock');
    go = { socket, server: await place.start('go', `${build}/go_server`, [`127.0.0.1:${goPort}`, socket], { env: environment, address: goPort }) };
  }
  Object.assign(process.env, environment);
  for (const count of workers) {
    for (const flavour of Object.keys(modulesFor)) {
      const chosen = Object.entries(kinds).filter(([kind, { nginx = 'plain' }]) => nginx === flavour && wanted(kind));
      if (chosen.length === 0) continue;
      const backs = {};
      for (const [kind, { begin }] of chosen) backs[kind] = kind === 'go' ? go : await begin?.(`${kind}-${count}`, count);
      const sites = Object.fromEntries(chosen.map(([kind, { site }]) => [kind, site(backs[kind] ?? {})]));
      const { server, port } = await startNginx(place, `nginx-${flavour}-${count}`, { workers: count, sites, ...modulesFor[flavour] });
      for (const [kind, { title, mints }] of chosen) {
        rows.push({ kind, workers: count, title, mints, front: server, back: backs[kind]?.server, port: port[kind] });
      }
    }
  }
  if (go && wanted('go-direct')) rows.push({ kind: 'go-direct', workers: 0, title: 'Go direct', mints: true, back: go.server, port: goPort });
  return rows;
}

/** The php-fpm on this machine: its name has its version. */
export function findPhp() {
  const name = readdirSync('/usr/sbin').find((each) => /^php-fpm[\d.]+$/.test(each));
  return `/usr/sbin/${name ?? 'php-fpm'}`;
}
