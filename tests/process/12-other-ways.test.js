// SPDX-License-Identifier: MIT
// Goal: the servers that are not nginx get their tokens, too, each in its own way: Apache by running
// roomkey as a CGI program (mod_cgid), by starting it itself (mod_fcgid), and by a socket
// (mod_proxy_fcgi); and nginx by way of fcgiwrap. Here it is about the way in, with the least
// configuration for each.

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync } from 'node:fs';
import { connect } from 'node:net';
import { mkdir, readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { encode, send, urlencoded, visitor } from './support/http.js';
import { startNginx } from './support/nginx.js';
import { openPlace } from './support/place.js';
import { freePort } from './support/port.js';
import { environment, roomkey, serveTcp } from './support/roomkey.js';
import { clientID, verifyBuiltIn } from './support/tokens.js';
import { until } from './support/until.js';

for (const program of ['/usr/sbin/apache2', '/usr/sbin/fcgiwrap', '/usr/lib/apache2/modules/mod_fcgid.so']) {
  if (!existsSync(program)) throw new Error(`${program} is missing: apt install apache2 libapache2-mod-fcgid fcgiwrap`);
}

let place;
let binary;
before(async () => {
  place = await openPlace();
  // Apache does not run as root, and starts roomkey as the user that it is.
  chmodSync(place.dir, 0o755);
  await mkdir(place.path('bin'));
  chmodSync(place.path('bin'), 0o755);
  binary = place.path('bin/roomkey');
  copyFileSync(roomkey, binary);
  chmodSync(binary, 0o755);
});
after(() => place.close());

const variables = (directive) => Object.entries(environment).map(([name, value]) => `${directive} ${name} ${value}`).join('\n');
const grant = () => `<Directory "${place.path('bin')}">\nOptions +ExecCGI\nRequire all granted\n</Directory>`;

let count = 0;
async function startApache({ modules, configuration }) {
  const dir = place.path(`apache-${++count}`);
  const port = await freePort();
  await mkdir(dir);
  chmodSync(dir, 0o777);  // its own user makes sockets there
  const load = ['mpm_event', 'authz_core', 'alias', 'env', ...modules];
  const name = `${dir}/httpd.conf`;
  await place.write(`apache-${count}/httpd.conf`, `
ServerRoot "${dir}"
ServerName localhost
Listen 127.0.0.1:${port}
PidFile ${dir}/httpd.pid
DefaultRuntimeDir ${dir}
ErrorLog ${dir}/error.log
${load.map((module) => `LoadModule ${module}_module /usr/lib/apache2/modules/mod_${module}.so`).join('\n')}
${process.getuid() === 0 ? 'User www-data\nGroup www-data' : ''}
ThreadsPerChild 8
StartServers 1
DocumentRoot "${dir}"
${configuration(dir)}
`);
  const child = place.start('/usr/sbin/apache2', ['-f', name, '-D', 'FOREGROUND'], { endSignal: 'SIGTERM' });
  const log = () => readFile(`${dir}/error.log`, 'utf8').catch(() => '');
  await until('Apache answering', async () => {
    if (!child.running) throw new Error(`Apache ended: ${child.stderr}${await log()}`);
    return send(port, '/nothing', { method: 'GET' });
  });
  return { port, child, log };
}

/** What each way in must do. */
function describeWay(name, start) {
  describe(name, () => {
    let server;
    before(async () => { server = await start(); });
    const auth = (how) => send(server.port, '/auth', how);

    test('a form is answered with a token', async () => {
      const answer = await auth(urlencoded({ clientID }));
      assert.equal(answer.status, 200, `${answer.body}${await server.log()}`);
      assert.equal(answer.headers['cache-control'], 'no-store');
      await verifyBuiltIn(answer.body);
    });

    test('FormData, the query and a chunked body are, too', async () => {
      const body = new FormData();
      body.set('clientID', clientID);
      const data = await encode(body);
      await verifyBuiltIn((await auth(data)).body);
      await verifyBuiltIn((await send(server.port, `/auth?clientID=${clientID}`)).body);
      await verifyBuiltIn((await auth({ ...data, chunked: true })).body);
    });

    test('refusals keep their status and text', async () => {
      const cases = [[405, { method: 'GET' }], [422, urlencoded({ a: '1' })], [415, { body: 'x', headers: { 'content-type': 'text/plain' } }]];
      for (const [status, how] of cases) {
        const answer = await auth(how);
        assert.equal(answer.status, status);
        assert.match(answer.headers['content-type'], /^text\/plain/);
      }
      assert.equal((await auth({ method: 'GET' })).headers.allow, 'POST');
    });

    test('a body over the limit is 413', async () => {
      assert.equal((await auth({ ...urlencoded({ clientID }), body: '&'.repeat(40_000) })).status, 413);
    });

    test('a visitor who leaves in the middle of the body holds up nobody', async () => {
      for (let i = 0; i < 3; i++) {
        const socket = connect({ host: '127.0.0.1', port: server.port, localAddress: visitor() });
        await new Promise((resolve) => {
          socket.write('POST /auth HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nclientID=a', resolve);
        });
        socket.destroy();
      }
      await verifyBuiltIn((await auth(urlencoded({ clientID }))).body);
    });

    test('many at once are answered', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => auth(urlencoded({ clientID }))));
      for (const answer of answers) await verifyBuiltIn(answer.body);
    });
  });
}

describeWay('Apache runs it as a CGI program (mod_cgid)', () => startApache({
  modules: ['cgid'],
  configuration: (dir) => `ScriptSock ${dir}/cgid.sock\nScriptAlias /auth ${binary}\n${variables('SetEnv')}\n${grant()}`,
}));

describeWay('Apache starts it and keeps it (mod_fcgid)', () => startApache({
  modules: ['fcgid'],
  configuration: (dir) => `FcgidIPCDir ${dir}/fcgid\nFcgidProcessTableFile ${dir}/fcgid_shm\n${variables('FcgidInitialEnv')}
Alias /auth ${binary}\n<Location /auth>\nSetHandler fcgid-script\n</Location>\n${grant()}`,
}));

for (const reuse of ['off', 'on']) {
  describeWay(`Apache passes requests on (mod_proxy_fcgi, enablereuse=${reuse})`, async () => {
    const { address: { port } } = await serveTcp(place);
    return startApache({
      modules: ['proxy', 'proxy_fcgi'],
      configuration: () => `ProxyPass /auth fcgi://127.0.0.1:${port}/ enablereuse=${reuse}`,
    });
  });
}

describeWay('nginx runs it as a CGI program (fcgiwrap)', async () => {
  const path = place.path('fcgiwrap.sock');
  place.start('spawn-fcgi', ['-n', '-s', path, '-M', '0600', '--', '/usr/sbin/fcgiwrap'], { env: environment });
  await until('the socket', () => existsSync(path));
  const port = await freePort();
  const { child, errorLog } = await startNginx(place, {
    upstreams: [{ path }],
    site: `include roomkey/site.conf;
      server {
        listen 127.0.0.1:${port};
        location = /auth {
          include /etc/nginx/fastcgi_params;
          fastcgi_param SCRIPT_FILENAME ${binary};
          fastcgi_pass unix:${path};
        }
      }`,
  });
  return { port, child, log: errorLog };
});
