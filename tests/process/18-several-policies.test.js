// SPDX-License-Identifier: MIT
// Goal: one process signs for several sites, roles and engines, each with its own policy and key, as the web
// server says; and nothing that a visitor sends has a say in it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mkdir, rm } from 'node:fs/promises';
import { jwtVerify } from 'jose';
import { ask, parameters, parseAnswer } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { run, runCgi, serveUnix } from './support/roomkey.js';
import { secret } from './support/tokens.js';
import { until } from './support/until.js';

const otherSecret = 'the key of another channel, which is long enough';
const policy = (claims, more = {}) => JSON.stringify({ claims: { exp: '${now+60}', ...claims }, ...more });

let place;
let paths;
let server;
before(async () => {
  place = await openPlace();
  paths = ['--policy', place.path('policies'), '--secret-file', place.path('secrets')];
  await mkdir(place.path('policies'));
  await mkdir(place.path('secrets'));
  await place.write('secrets/secret', secret);
  await place.write('secrets/other', otherSecret);
  await place.write('policies/default.json', policy({ is: 'default', client: '${form.clientID}' }));
  await place.write('policies/members.json', policy({ is: 'members', sub: '${server.ROOMKEY_USER}' }, { secret: 'other' }));
  server = await serveUnix(place, { args: paths, env: {} });
});
after(() => place.close());

const keys = { default: secret, members: otherSecret };
async function claimsOf(name, token) {
  const { payload } = await jwtVerify(token, new TextEncoder().encode(keys[name]), { algorithms: ['HS256'] });
  assert.equal(payload.is, name);
  return payload;
}

const body = 'clientID=a:1';
const ways = {
  FastCGI: (params) => ask(server.address, { body, params }),
  CGI: async (params) => {
    const { stdout, stderr } = await runCgi(place, parameters(params, body),
      { input: body, env: { ROOMKEY_POLICY: place.path('policies'), ROOMKEY_SECRET_FILE: place.path('secrets') } });
    return { ...parseAnswer(Buffer.from(stdout, 'latin1')), stderr };
  },
};
for (const [way, send] of Object.entries(ways)) {
  describe(way, () => {
    test('the web server picks the policy, and the policy its key', async () => {
      assert.equal((await claimsOf('default', (await send({})).body)).client, 'a:1');
      assert.equal((await claimsOf('default', (await send({ ROOMKEY_POLICY_NAME: '' })).body)).client, 'a:1');
      assert.equal((await claimsOf('default', (await send({ ROOMKEY_POLICY_NAME: 'default' })).body)).client, 'a:1');
      const login = { ROOMKEY_POLICY_NAME: 'members', ROOMKEY_USER: 'alice' };
      assert.equal((await claimsOf('members', (await send(login)).body)).sub, 'alice');
      assert.equal((await send({ ROOMKEY_POLICY_NAME: 'members' })).status, 401);
    });

    test('a name that is not there gets 500, and the log says which there are', async () => {
      for (const name of ['nobody', 'Members', 'members.json', './members', '../policies/members']) {
        const { status, body: text, stderr } = await send({ ROOMKEY_POLICY_NAME: name, ROOMKEY_USER: 'alice' });
        assert.equal(status, 500);
        assert.equal(text, 'No token can be made at the moment');
        const line = `policy name: expected default or members, found ${name}`;
        await until('a line in the log', () => (stderr || server.child.stderr).includes(line));
      }
    });

    test('a visitor picks nothing', async () => {
      const given = await send({ HTTP_ROOMKEY_POLICY_NAME: 'members', QUERY_STRING: 'ROOMKEY_POLICY_NAME=members', ROOMKEY_USER: 'eve' });
      await claimsOf('default', given.body);
    });
  });
}

test('secrets may be credentials of systemd, each under its name', async () => {
  const { address } = await serveUnix(place, { args: ['--policy', place.path('policies')], env: { CREDENTIALS_DIRECTORY: place.path('secrets') } });
  await claimsOf('default', (await ask(address, { body })).body);
  const params = { ROOMKEY_POLICY_NAME: 'members', ROOMKEY_USER: 'alice' };
  assert.equal((await claimsOf('members', (await ask(address, { body, params })).body)).sub, 'alice');
});

test('a CGI program does not mind what is wrong with another policy', async () => {
  await place.write('policies/broken.json', '{');
  const { stderr, body: token } = await ways.CGI({});
  await rm(place.path('policies/broken.json'));
  assert.equal(stderr, '');
  await claimsOf('default', token);
});

test('a reload takes all policies, or none', async () => {
  await place.write('policies/third.json', policy({ is: 'third' }));
  await place.write('policies/broken.json', policy({ is: '${nonsense}' }));
  server.child.kill('SIGHUP');
  await until('the refusal', () => /broken\.json \/claims\/is: expected[^]*stay in force/.test(server.child.stderr));
  assert.equal((await ways.FastCGI({ ROOMKEY_POLICY_NAME: 'third' })).status, 500);
  await claimsOf('default', (await ways.FastCGI({})).body);
  await rm(place.path('policies/broken.json'));
  server.child.kill('SIGHUP');
  await until('the reload', async () => (await ways.FastCGI({ ROOMKEY_POLICY_NAME: 'third' })).status === 200);
  await claimsOf('default', (await ways.FastCGI({})).body);
  await rm(place.path('policies/third.json'));
});

test('check names all policies, and all that is wrong with them', async () => {
  const good = await run(place, ['check', ...paths], { env: {} });
  assert.equal(good.stdout, 'The configuration is valid.\nPolicies: default, members.\n');
  await place.write('policies/a.json', policy({ is: '${nonsense}' }));
  await place.write('policies/b.json', policy({ permissions: { '(': { publish: true } } }, { secret: 'none' }));
  const { status, stdout, stderr } = await run(place, ['check', ...paths], { env: {} });
  await rm(place.path('policies/a.json'));
  await rm(place.path('policies/b.json'));
  assert.equal(status, 78);
  assert.equal(stdout, '');
  assert.match(stderr, /a\.json \/claims\/is: expected[^]*b\.json \/claims\/permissions\/\(: expected/);
});

test('mint and explain take the name of a policy', async () => {
  const minted = await run(place, ['mint', ...paths, '--name', 'members', '--server', 'ROOMKEY_USER=alice'], { env: {} });
  assert.equal((await claimsOf('members', minted.stdout.trim())).sub, 'alice');
  await claimsOf('default', (await run(place, ['mint', ...paths, '--form', 'clientID=x'], { env: {} })).stdout.trim());
  const unknown = await run(place, ['mint', ...paths, '--name', 'member'], { env: {} });
  assert.equal(unknown.status, 64);
  assert.equal(unknown.stderr, 'roomkey: policy name: expected default or members, found member\n');
  await place.write('policies/rooms.json', policy({ permissions: { '^a$': { publish: true, subscribe: true } } }));
  const explained = await run(place, ['explain', ...paths, '--name', 'rooms', '--room', 'a'], { env: {} });
  await rm(place.path('policies/rooms.json'));
  assert.match(explained.stdout, /^publish: yes\n/);
});
