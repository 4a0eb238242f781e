// SPDX-License-Identifier: MIT
// Goal: HAProxy's FastCGI works with the shipped deploy/haproxy/roomkey.cfg. HAProxy serves no files, so
// the page is another server's.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { send, visitor } from '../process/support/http.js';
import { assertNoneFailed, startLoad } from '../process/support/load.js';
import { freePort } from '../process/support/port.js';
import { environment, roomkey, serveTcp } from '../process/support/roomkey.js';
import { until } from '../process/support/until.js';
import { openPlace } from '../process/support/place.js';
import { admitsThatNoneAnswers, answersTheContract, believesNoVisitor, givesUpSlowBodies, good, logsPeopleIn, members, offered, offersItsEndpointsAlone, person, worksOverHttps } from './support/contract.js';
import { edited, makeCertificate, otherSite, policies, pretend, siteName, startServer } from './support/server.js';

let place;
before(async () => { place = await openPlace(); });
after(() => place.close());

let count = 0;

/** The lines that the comment of roomkey.cfg has for a frontend. */
const lines = (text) => [...text.matchAll(/^# {5}(http-request|use_backend) .*$/gm)].map(([line]) => line.replace(/^# */, '    ')).join('\n');

/**
 * Starts it with Debian's way of a main file and others. `servers` are lines at the end of roomkey.cfg, as a user
 * writes them who has more processes; `login` is a third file, `frontend` another one than that of the comment, and
 * `map` what roomkey.map says.
 */
async function startHaproxy({ address, servers = '', login, frontend, map }) {
  const port = await freePort();
  const securePort = await freePort();
  const name = `haproxy-${++count}`;
  const endpoints = await place.write(`${name}.map`, map ?? await edited('deploy/haproxy/roomkey.map'));
  const cfg = (await edited('deploy/haproxy/roomkey.cfg', { '/etc/haproxy/roomkey.map': endpoints })) + servers;
  const files = [await place.write(`${name}-roomkey.cfg`, cfg)];
  if (login) files.push(await place.write(`${name}-staff.cfg`, login));
  const main = await place.write(`${name}.cfg`, `
global
    maxconn 500
    setenv ROOMKEY_ADDRESS ${address}

defaults
    mode http
    timeout connect 5000
    timeout client 50000
    timeout server 50000

${frontend ? (await frontend({ port, securePort })).replaceAll('/etc/haproxy/roomkey.map', endpoints) : `
frontend web
    bind 127.0.0.1:${port},[::1]:${port}
    ${login ? 'use_backend staff if { path /auth }' : ''}
${lines(cfg)}
    default_backend pages
`}
backend pages
    http-request return status 404
`);
  const server = await startServer(place, {
    command: 'haproxy', args: ['-db', ...[main, ...files].flatMap((file) => ['-f', file])], port,
  });
  return { ...server, securePort };
}

/** Runs `tests` against an HAProxy of its own, with a roomkey behind it. */
function withHaproxy(name, { args = async () => [], how = () => ({}) }, tests) {
  describe(name, () => {
    let server;
    before(async () => {
      const { address } = await serveTcp(place, { args: await args() });
      const { tls, ...settings } = await how();
      server = { ...await startHaproxy({ address: `${address.host}:${address.port}`, ...settings }), tls };
    });
    after(() => server?.child.end());
    tests(() => server);
  });
}

const policy = async () => ['--policy', await place.write('members.json', members)];
const hash = execFileSync('openssl', ['passwd', '-6', person.password], { encoding: 'utf8' }).trim();

withHaproxy('for everybody', {}, (server) => {
  answersTheContract(server, { staticFiles: false, chunked: [411, 'A body needs a Content-Length'] });
  givesUpSlowBodies(server, { statuses: ['408'] });

  test('one address gets 429 with Retry-After at last, another one a token', async () => {
    const from = visitor();
    const statuses = [];
    for (let i = 0; i < 25; i++) {
      const answer = await send(server().port, '/auth', { ...good, from });
      statuses.push(answer.status);
      if (answer.status === 429) assert.equal(answer.headers['retry-after'], '5');
    }
    assert.deepEqual(statuses, [...Array(20).fill(200), ...Array(5).fill(429)]);
    assert.equal((await send(server().port, '/auth', good)).status, 200);
  });
});
withHaproxy('with a line for each endpoint', {
  args: async () => ['--policy', await policies(place, ...offered)],
  how: async () => ({ map: `${await edited('deploy/haproxy/roomkey.map')}${siteName}/auth/news news 20\n${otherSite}/auth/own own 120\n*/auth/short news\n` }),
}, (server) => {
  offersItsEndpointsAlone(server);

  test('each has the limit of its line', async () => {
    const flood = async (host, path, times) => {
      const from = visitor();
      const answers = await Promise.all(Array.from({ length: times }, () => send(server().port, path, { ...good, from, headers: { ...good.headers, host } })));
      return answers.filter(({ status }) => status === 200).length;
    };
    assert.equal(await flood(otherSite, '/auth/own', 120), 120);
    assert.equal(await flood(siteName, '/auth/news', 120), 20);
    // Without a number.
    assert.equal(await flood(siteName, '/auth/short', 120), 20);
  });
});
withHaproxy('without a login', { args: policy }, believesNoVisitor);
withHaproxy('with examples/login-basic.cfg', {
  args: policy, how: async () => ({ login: await edited('deploy/haproxy/examples/login-basic.cfg', { '$6$…': hash }) }),
}, logsPeopleIn);
withHaproxy('over HTTPS (examples/https.cfg)', {
  how: async () => {
    const { certificate, key, tls } = await makeCertificate(place);
    const both = await place.write('both.pem', await readFile(certificate, 'utf8') + await readFile(key, 'utf8'));
    const frontend = ({ port, securePort }) => edited('deploy/haproxy/examples/https.cfg', {
      'bind :::80 v4v6': `bind 127.0.0.1:${port},[::1]:${port}`, '/etc/haproxy/chat.pem': both,
      'bind :::443 v4v6': `bind 127.0.0.1:${securePort},[::1]:${securePort}`, '# http-response set-header': 'http-response set-header',
    });
    return { tls, frontend };
  },
}, (server) => {
  worksOverHttps(server, { page: false });
  test('browsers hold on to it, where the operator says so', async () => {
    const answer = await send(server().securePort, '/auth', { ...good, tls: server().tls });
    assert.equal(answer.headers['strict-transport-security'], 'max-age=300');
  });
  test('what proves a certificate goes to certbot over HTTP, too', async () => {
    // It does not run.
    assert.equal((await send(server().port, '/.well-known/acme-challenge/x', { method: 'GET' })).status, 503);
  });
});

describe('two processes', () => {
  let processes;
  let server;
  before(async () => {
    processes = [await serveTcp(place), await serveTcp(place)];
    const [first, second] = processes.map(({ address: { host, port } }) => `${host}:${port}`);
    server = await startHaproxy({ address: first, servers: `    server roomkey2 ${second}\n` });
  });
  after(() => server?.child.end());

  for (const signal of ['SIGTERM', 'SIGKILL']) {
    test(`one ends by ${signal}, and comes back: no request fails`, async (t) => {
      const load = startLoad(t, 8, async () => {
        const answer = await send(server.port, '/auth', good);
        return answer.status === 200 ? undefined : `${answer.status} ${answer.body}`;
      });
      await load.more(100);
      const said = server.child.stderr.length;
      const told = (state) => until(`HAProxy to find it ${state}`,
        () => server.child.stderr.slice(said).includes(`roomkey/roomkey1 is ${state}`));
      await processes[0].child.stop(signal);
      await told('DOWN');
      await load.more(50);
      const { port } = processes[0].address;
      const child = place.start(roomkey, ['--socket', `:${port}`], { env: environment });
      processes[0] = { ...processes[0], child };
      await told('UP');
      await load.more(50);
      assertNoneFailed(t, await load.stop());
    });
  }
});

function withoutRoomkey(name, port, status) {
  describe(name, () => {
    let server;
    before(async () => { server = await startHaproxy({ address: `127.0.0.1:${await port()}` }); });
    after(() => server?.child.end());
    admitsThatNoneAnswers(() => server, status);
  });
}
withoutRoomkey('when no roomkey runs', freePort, 503);
for (const [how, status] of [['says nothing', 504], ['hangs up', 502]]) {
  withoutRoomkey(`when what runs ${how}`, () => pretend(place, how, { host: '127.0.0.1', port: 0 }), status);
}
