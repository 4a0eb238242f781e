// SPDX-License-Identifier: MIT
// Goal: Caddy 2.6, as Debian has it, works with the shipped files of deploy/caddy: the snippet in a site
// of one's own, with a login, and the complete site.

import assert from 'node:assert/strict';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { send } from '../process/support/http.js';
import { freePort } from '../process/support/port.js';
import { root } from '../process/support/roomkey.js';
import { until } from '../process/support/until.js';
import { admitsThatNoneAnswers, answersTheContract, believesNoVisitor, families, givesUpSlowBodies, good, hidesFiles, logsPeopleIn, members, offered, offersItsEndpointsAlone, person, worksOverHttps } from './support/contract.js';
import { addPages, asRoot, makeWritable, notAnswering, openWebPlace, otherSite, policies, pretend, serveForWeb, serveWithPolicy, siteName, startServer, webUser } from './support/server.js';

let place;
let users;
before(async () => {
  place = await openWebPlace();
  // As `caddy hash-password` writes it, but a hundred times cheaper to check.
  users = execFileSync('htpasswd', ['-n', '-b', '-B', '-C', '5', person.name, person.password], { encoding: 'utf8' }).trim().replace(':', ' ');
});
after(() => place.close());

let count = 0;

/** Starts it; `use` is what a user writes into the Caddyfile, `env` what differs from the defaults. */
async function startCaddy({ use, env = () => ({}), login = false, secure }) {
  const name = `caddy-${++count}`;
  const dir = place.path(name);
  const port = await freePort();
  const securePort = await freePort();
  await cp(`${root}deploy/caddy`, `${dir}/roomkey`, { recursive: true });
  if (login) await cp(`${root}deploy/caddy/examples/login-basic.caddy`, `${dir}/roomkey/staff.caddy`);
  await place.write(`${name}/roomkey/users`, `${users}\n`, 0o644);
  const home = await makeWritable(place, `${name}/home`);
  // Whoever starts it by hand may stand in a folder that Caddy's user can't read.
  await mkdir(`${dir}/private`, { mode: 0o700 });
  await place.write(`${name}/Caddyfile`, `{
    admin off
    default_bind ${secure ?? '127.0.0.1 ::1'}
    ${secure ? `http_port ${port}\n    https_port ${securePort}\n    local_certs\n    skip_install_trust` : 'auto_https off'}
    servers {
        timeouts {
            read_body 5s
        }
    }
    grace_period 1s
}
${use(port)}
`, 0o644);
  const server = await startServer(place, {
    answering: () => send(port, '/no-such-page', { method: 'GET', host: secure }),
    command: 'caddy', args: ['run', '--adapter', 'caddyfile', '--config', `${dir}/Caddyfile`], port, endSignal: 'SIGTERM', cwd: `${dir}/private`,
    env: { HOME: home, ...env(port) }, ...(asRoot ? { uid: webUser.uid, gid: webUser.gid } : {}),
  });
  if (!secure) return server;
  // In the place of a certificate that the world trusts.
  const ca = await until('a certificate', () => readFile(`${home}/.local/share/caddy/pki/authorities/local/root.crt`));
  const tls = { ca, servername: siteName };
  await until('Caddy answering over HTTPS', () => send(securePort, '/', { method: 'GET', tls, host: secure, headers: { host: siteName } }));
  return { ...server, securePort, tls };
}

/** Runs `tests` against a Caddy of its own, which is gone afterwards. */
function withCaddy(name, how, tests) {
  describe(name, () => {
    let server;
    before(async () => { server = await startCaddy(await how()); });
    after(() => server?.child.end());
    tests(() => server);
  });
}

const onSocket = (path) => () => ({ ROOMKEY_SOCKET: path });

const ownSiteWithLogin = (port) => ownSite(port).replace('\n', '\n    import roomkey/staff.caddy /auth\n');

const ownSite = (port) => `http://:${port} {
    import roomkey/roomkey.caddy
    import roomkey/endpoint.caddy /auth default
    root * ${place.path('www')}
    file_server
}`;

// Caddy announces such a body by CONTENT_LENGTH=-1.
const chunked = [400, 'CONTENT_LENGTH is not a plain decimal number'];

describe('the snippet (roomkey.caddy)', () => {
  withCaddy('for everybody', async () => ({ use: ownSite, env: onSocket(await serveForWeb(place)) }), (server) => {
    answersTheContract(server, { chunked });
    givesUpSlowBodies(server, { statuses: ['408'] });
  });
  withCaddy('with a line for each endpoint', async () => ({
    use: (port) => [[siteName, 'news'], [otherSite, 'own']].map(([name, policy]) => ownSite(port)
      .replace('http://', `http://${name}`).replace('/auth default', `$&\n    import roomkey/endpoint.caddy /auth/${policy} ${policy}`)).join('\n'),
    env: onSocket(await serveForWeb(place, { args: ['--policy', await policies(place, ...offered)] })),
  }), offersItsEndpointsAlone);
  withCaddy('without a login', async () => ({
    use: ownSite, env: onSocket(await serveWithPolicy(place, members)),
  }), believesNoVisitor);
  withCaddy('with examples/login-basic.caddy', async () => ({
    use: ownSiteWithLogin, login: true, env: onSocket(await serveWithPolicy(place, members)),
  }), logsPeopleIn);
});

describe('the complete site (Caddyfile)', () => {
  // A name instead of an address would make Caddy ask for a certificate.
  const site = (socket) => ({
    use: () => 'import roomkey/Caddyfile',
    env: (port) => ({
      ROOMKEY_SITE: `http://:${port}`, ROOMKEY_SOCKET: socket, ROOMKEY_PAGES: place.path('www'),
      ROOMKEY_PAGE_CONFIG: place.path('www/config.json'), ROOMKEY_REALTIME: 'wss://realtime.example',
    }),
  });

  withCaddy('as it is', async () => site(await serveForWeb(place)), (server) => {
    answersTheContract(server, { chunked });
    hidesFiles(server, (names) => addPages(place, names));

    test('the page has its security headers, and is asked for again each time', async () => {
      const { headers } = await send(server().port, '/', { method: 'GET' });
      assert.match(headers['content-security-policy'], /^default-src 'none';.* connect-src 'self' wss:\/\/realtime\.example;/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cache-control'], 'no-cache');
      assert.equal((await send(server().port, '/config.json', { method: 'GET' })).status, 200);
      assert.equal((await send(server().port, '/secret', { method: 'GET' })).status, 404);
    });
  });

  // Bound to two addresses, Caddy 2.6 leads to HTTPS from one of them alone; on all addresses, as it ships, from all.
  for (const [family, hsts] of [...families.map((each) => [each]), ['::1', 'max-age=300']]) {
    withCaddy(`as it is, over HTTPS, on ${family}${hsts ? ', which browsers hold on to' : ''}`, async () => {
      const socket = await serveForWeb(place);
      return {
        use: () => 'import roomkey/Caddyfile', secure: family,
        env: () => ({
          ROOMKEY_SITE: siteName, ROOMKEY_SOCKET: socket, ROOMKEY_PAGES: place.path('www'), ROOMKEY_PAGE_CONFIG: place.path('www/config.json'),
          ...hsts && { ROOMKEY_HSTS: hsts },
        }),
      };
    }, (server) => worksOverHttps(server, { from: [family], hsts, proof: (names) => addPages(place, names) }));
  }

  withCaddy('when no roomkey runs', () => site(place.path('nobody.sock')), admitsThatNoneAnswers);
  for (const how of notAnswering) {
    withCaddy(`when what runs ${how}`, async () => site(await pretend(place, how)), admitsThatNoneAnswers);
  }
});
