// SPDX-License-Identifier: MIT
// Goal: the command line is for people: mint prints a token that others verify, options win over the
// environment, and each kind of mistake has its exit status and one clear line.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openPlace } from './support/place.js';
import { environment, run } from './support/roomkey.js';
import { channel, clientID, secret, verify, verifyBuiltIn } from './support/tokens.js';

let place;
before(async () => { place = await openPlace(); });
after(() => place.close());

const form = ['--form', `clientID=${clientID}`];
const other = 'aN0ther5ecretOfThirtyTwoBytes!!!';

async function mint(args = [], options) {
  const ended = await run(place, ['mint', ...form, ...args], options);
  assert.equal(ended.status, 0, ended.stderr);
  return ended;
}

describe('mint', () => {
  test('prints a token and nothing else', async () => {
    const { stdout, stderr } = await mint();
    await verifyBuiltIn(stdout.replace(/\n$/, ''));
    assert.equal(stderr, '');
  });

  test('each token has a guest of its own', async () => {
    const guests = new Set();
    for (let i = 0; i < 8; i++) guests.add(JSON.stringify((await verify((await mint()).stdout.trim())).data));
    assert.ok(guests.size > 4);
  });

  test('--decode prints header and claims', async () => {
    const { stdout } = await mint(['--decode']);
    // The two objects of the text, however they are introduced.
    const [header, claims] = stdout.match(/\{[^]*?\n\}/g).map((text) => JSON.parse(text));
    assert.deepEqual(header, { alg: 'HS256', typ: 'JWT' });
    assert.equal(claims.client, clientID);
    assert.equal(claims.channel, channel);
    assert.doesNotMatch(stdout, /eyJ/);
  });

  test('--server gives what a web server would', async () => {
    const policy = await place.write('user.json', JSON.stringify({ claims: { user: '${server.ROOMKEY_USER}', exp: '${now+60}' } }));
    const { stdout } = await mint(['--policy', policy, '--server', 'ROOMKEY_USER=a=b']);
    assert.equal((await verify(stdout.trim())).user, 'a=b');
    const without = await run(place, ['mint', ...form, '--policy', policy]);
    assert.equal(without.status, 65);
    assert.equal(without.stdout, '');
  });

  test('without a required field exits 65 and says so', async () => {
    const ended = await run(place, ['mint']);
    assert.equal(ended.status, 65);
    assert.match(ended.stderr, /No clientID defined/);
    assert.equal(ended.stdout, '');
  });

  for (const [name, value] of [['empty', ''], ['too long', 'x'.repeat(129)], ['with a control character', 'a\tb']]) {
    test(`with a field that is ${name} exits 65`, async () => {
      const ended = await run(place, ['mint', '--form', `clientID=${value}`]);
      assert.equal(ended.status, 65);
      assert.equal(ended.stdout, '');
    });
  }

  test('with the same field twice exits 65', async () => {
    assert.equal((await run(place, ['mint', ...form, ...form])).status, 65);
  });
});

describe('the secret', () => {
  test('comes from --secret-file before CREDENTIALS_DIRECTORY before the environment', async () => {
    const file = await place.write('one.secret', `${other}1`);
    const named = await place.write('named.secret', `${other}2`);
    await place.write('secret', `${other}3\n`);
    const { SCALEDRONE_CHANNEL_ID } = environment;
    const all = { ...environment, ROOMKEY_SECRET_FILE: named, CREDENTIALS_DIRECTORY: place.dir };
    await verify((await mint(['--secret-file', file], { env: all })).stdout.trim(), `${other}1`);
    await verify((await mint([], { env: all })).stdout.trim(), `${other}2`);
    await verify((await mint([], { env: { ...environment, CREDENTIALS_DIRECTORY: place.dir } })).stdout.trim(), `${other}3`);
    await verify((await mint([], { env: { SCALEDRONE_CHANNEL_ID, SCALEDRONE_CHANNEL_SECRET: secret } })).stdout.trim(), secret);
  });

  test('is the raw bytes of its file less one newline', async () => {
    for (const [content, key] of [[`${other}\n`, other], [`${other}\n\n`, `${other}\n`], [other, other], [Buffer.from([...Array(40).keys()]), Buffer.from([...Array(40).keys()])]]) {
      const file = await place.write('raw.secret', content);
      const { stdout } = await mint(['--secret-file', file]);
      const [header, claims, signature] = stdout.trim().split('.');
      assert.equal(createHmac('sha256', key).update(`${header}.${claims}`).digest('base64url'), signature);
    }
  });
});

describe('options and environment', () => {
  const versioned = (version) => place.write(`v${version}.json`, JSON.stringify({ claims: { version, exp: '${now+60}' } }));

  test('--policy wins over ROOMKEY_POLICY, which wins over the built-in one', async () => {
    const [one, two] = [await versioned(1), await versioned(2)];
    const env = { ...environment, ROOMKEY_POLICY: two };
    assert.equal((await verify((await mint(['--policy', one], { env })).stdout.trim())).version, 1);
    assert.equal((await verify((await mint([], { env })).stdout.trim())).version, 2);
  });

  test('an empty variable is as good as none', async () => {
    const env = { ...environment, ROOMKEY_POLICY: '', ROOMKEY_SECRET_FILE: '', ROOMKEY_THREADS: '' };
    await verifyBuiltIn((await mint([], { env })).stdout.trim());
  });
});

describe('the rest of the command line', () => {
  test('--help and --version print to stdout and need no configuration', async () => {
    const help = await run(place, ['--help'], { env: {} });
    assert.equal(help.status, 0);
    assert.match(help.stdout, /^Usage: roomkey/);
    const version = await run(place, ['--version'], { env: {} });
    assert.equal(version.status, 0);
    assert.match(version.stdout, /^roomkey \d+\.\d+\.\d+\n$/);
  });

  for (const args of [['brew'], ['--no-such'], ['mint', 'extra'], ['mint', '--form'], ['mint', '--form', 'x'], ['mint', '--form', '=x'], ['--secret', 'x'], ['--polic', 'x'], ['mint', '--server', 'x'], ['serve', 'unix:/x']]) {
    test(`${args.join(' ')} is a usage error in one line`, async () => {
      const ended = await run(place, args);
      assert.equal(ended.status, 64);
      assert.equal(ended.stdout, '');
      assert.match(ended.stderr, /^roomkey: [^\n]+\n$/);
    });
  }

  test('the secret can not be given on the command line', async () => {
    const ended = await run(place, ['mint', ...form, `--secret=${other}`], { env: { SCALEDRONE_CHANNEL_ID: channel } });
    assert.equal(ended.status, 64);
  });
});
