// SPDX-License-Identifier: MIT
// A real Apache with the shipped files of deploy/apache. What is written here is what Debian's own
// apache2.conf has (modules, user, logs), and the two files that are anybody's own: local.conf and
// the users.

import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { freePort } from '../../process/support/port.js';
import { root } from '../../process/support/roomkey.js';
import { asRoot, channel, giveToWebServer, makeWritable, siteName, startServer, webUser } from './server.js';
import { person } from './contract.js';

const modules = '/usr/lib/apache2/modules';
const always = ['mpm_event', 'authn_core', 'authz_core', 'authn_file', 'authz_user', 'auth_basic', 'alias', 'dir', 'env', 'headers', 'macro', 'mime', 'reqtimeout', 'setenvif'];

// As the comment of common.conf says; where the module is linked with what it needs, this is not there.
const loadForQos = existsSync('/usr/lib/x86_64-linux-gnu/libpcre.so.3') ? 'LoadFile libpcre.so.3\n    ' : '';

let count = 0;

/**
 * Starts it. `use` is what a user puts into the main configuration, `mods` the modules that the files
 * name, `settings` lines of local.conf, and `files` what else a user writes into the folder of the shipped files.
 */
export async function startApache(place, { use, mods = [], settings = {}, files = {} }) {
  const dir = place.path(`apache-${++count}`);
  const port = await freePort();
  const securePort = await freePort();
  await mkdir(`${dir}/roomkey`, { recursive: true });
  for (const name of await readdir(`${root}deploy/apache`)) if (name.endsWith('.conf')) await copyFile(`${root}deploy/apache/${name}`, `${dir}/roomkey/${name}`);
  execFileSync('htpasswd', ['-B', '-C', '5', '-b', '-c', `${dir}/roomkey/users`, person.name, person.password], { stdio: 'ignore' });
  await giveToWebServer(`${dir}/roomkey/users`, 0o640);
  await makeWritable(place, `apache-${count}/run`);
  const write = (name, text) => place.write(`apache-${count}/${name}`, text, 0o644);
  for (const [name, text] of Object.entries(files)) await write(`roomkey/${name}`, text);
  const defines = {
    ROOMKEY_PROGRAM_FOLDER: place.dir,
    ROOMKEY_CHANNEL_ID: channel,
    ROOMKEY_SECRET_FILE: place.path('secret'),
    ROOMKEY_ADDRESS: `*:${port}`,
    ROOMKEY_SECURE_ADDRESS: `*:${securePort}`,
    ROOMKEY_NAME: siteName,
    ROOMKEY_CONNECTIONS: 32,
    ROOMKEY_PAGES: place.path('www'),
    ROOMKEY_PAGE_CONFIG: place.path('www/config.json'),
    ROOMKEY_REALTIME: '"wss://realtime.example"',
    ...settings,
  };
  await write('roomkey/local.conf', Object.entries(defines).map((pair) => `Define ${pair.join(' ')}\n`).join(''));
  await write('apache2.conf', `
    ServerRoot ${dir}
    ServerName localhost
    ${[port, ...mods.includes('ssl') ? [securePort] : []].map((each) => `Listen 127.0.0.1:${each}\n    Listen [::1]:${each}`).join('\n    ')}
    PidFile run/pid
    DefaultRuntimeDir run
    Mutex file:run default
    # Only the main configuration can say this, so it is the operator's (deploy/README.md).
    ${/site(-https)?\.conf/.test(use(port)) ? '' : 'ServerTokens Prod'}
    ErrorLog error.log
    ${asRoot ? `User ${webUser.name}\nGroup ${webUser.name}` : ''}
    ${[...always, ...mods].map((name) => `${name === 'qos' ? loadForQos : ''}LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n    ')}
    ${mods.includes('fcgid') ? 'FcgidIPCDir run/fcgid\nFcgidProcessTableFile run/fcgid_shm' : ''}
    ${mods.includes('cgid') ? 'ScriptSock cgisock' : ''}
    TypesConfig /etc/mime.types
    StartServers 1
    # As Debian has it: what is not granted is denied.
    <Directory />
      AllowOverride None
      Require all denied
    </Directory>
    ${use(port)}`);
  const server = await startServer(place, {
    command: 'apache2', args: ['-f', `${dir}/apache2.conf`, '-D', 'FOREGROUND'], port, endSignal: 'SIGTERM',
    log: () => readFile(`${dir}/error.log`, 'utf8').catch(() => ''),
  });
  return { ...server, dir, securePort };
}

/** The virtual host of a user who has pages already, and includes one of the files; `endpoints` are lines of its own. */
export const ownSite = (place, file, endpoints = ['RoomkeyEndpoint /auth default'], name = 'localhost') => (port) => `
    <VirtualHost *:${port}>
      ServerName ${name}
      DocumentRoot ${place.path('www')}
      <Directory ${place.path('www')}>
        Require all granted
      </Directory>
      Include roomkey/${file}
      ${endpoints.map((line) => `Use ${line}`).join('\n      ')}
    </VirtualHost>
`;
