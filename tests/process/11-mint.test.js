// SPDX-License-Identifier: MIT
// Goal: the command line is for people: mint prints a token that others verify, options win over the
// environment, and each kind of mistake has its exit status and one clear line.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { openPlace } from './support/place.js';
import { environment, roomkey, run, runMeasured } from './support/roomkey.js';
import { channel, clientID, secret, verify, verifyBuiltIn } from './support/tokens.js';
import { until } from './support/until.js';

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
    assert.match(without.stderr, /^roomkey: Not logged in; --server ROOMKEY_NAME=VALUE gives [^\n]*\n$/);
  });

  test('without a required field exits 65 and says so', async () => {
    const ended = await run(place, ['mint']);
    assert.equal(ended.status, 65);
    assert.equal(ended.stderr, 'roomkey: No clientID defined; --form clientID=VALUE gives it\n');
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
    // The unit has credentials, but none of this name.
    await verify((await mint([], { env: { ...environment, CREDENTIALS_DIRECTORY: '/nowhere' } })).stdout.trim(), secret);
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

describe('check', () => {
  test('prints five mistakes of one file in five lines, each with its place', async () => {
    const policy = await place.write('five.json', `{
      "claims": {
        "exp": 1700000000000,
        "name": "\${form}",
        "permissions": {"^a-\${form.b}": {"publish": "yes"}}
      },
      "replay": "json"
    }`);
    const { status, stdout, stderr } = await run(place, ['check', '--policy', policy]);
    assert.equal(status, 78);
    assert.equal(stdout, '');
    const lines = stderr.trimEnd().split('\n').filter((line) => line.includes(policy));
    assert.deepEqual(lines.map((line) => line.replace(/^[^/]*/, '').slice(policy.length + 1).replace(/: expected.*/, '')).sort(),
      ['/claims/exp', '/claims/name', '/claims/permissions/^a-${form.b}', '/claims/permissions/^a-${form.b}/publish', '/replay']);
    const { stdout: json } = await run(place, ['check', '--policy', policy, '--json']);
    const report = JSON.parse(json);
    assert.equal(report.valid, false);
    assert.equal(report.errors.length, 5);
    for (const error of report.errors) assert.ok(stderr.includes(error), error);
  });

  test('counts the warnings, which are no errors', async () => {
    const policy = await place.write('doubtful.json', '{"claims": {"exp": "${now+60}", "sub": "${form.u}", "permissions": {"^a|b$": {}}}}');
    const { status, stdout, stderr } = await run(place, ['check', '--policy', policy]);
    assert.equal(status, 0);
    assert.equal(stdout, 'The configuration is valid, with 2 warnings.\n');
    assert.match(stderr, /^roomkey: [^\n]*not anchored[^\n]*\nroomkey: [^\n]*visitor[^\n]*\n$/);
  });

  test('the largest policy is checked in bounded time, whatever its patterns are', async () => {
    const hard = ['(a|aa)+(a|aa)+(a|aa)+', 'a?'.repeat(400), '(a*)*b', '((a?){1,9}){1,9}', '('.repeat(300), '(?=a*)'.repeat(100), '[a-z]*'.repeat(100), '(?R)', 'a{999999999}'];
    const entries = [];
    for (let i = 0, size = 0; size < 60_000; i++) {
      const entry = `"^${i}${hard[i % hard.length]}$": {"publish": true}, "^${i}${'a'.repeat(100)}b$": {}`;
      entries.push(entry);
      size += entry.length + 1;
    }
    const policy = await place.write('hard.json', `{"claims": {"exp": "\${now+60}", "permissions": {${entries.join()}}}}`);
    // Patterns that are good, and take long with each of the rooms that others name.
    const slow = {};
    for (let i = 0, size = 0; size < 45_000; i++) {
      const [pattern, rights] = i % 4 ? [`^a*a*${i}x$`, { publish: true }] : [`^${'a'.repeat(200)}${i}x$`, {}];
      slow[pattern] = rights;
      size += pattern.length + JSON.stringify(rights).length + 4;
    }
    const rooms = await place.write('slow.json', JSON.stringify({ claims: { exp: '${now+60}', permissions: slow } }));
    for (const [file, expected] of [[policy, 78], [rooms, 0]]) {
      const { status, stderr, cpu } = await runMeasured(place, ['check', '--policy', file]);
      assert.equal(status, expected, stderr);
      assert.ok(cpu < 10, `${cpu} s`);
    }
  });
});

describe('explain', () => {
  test('shows a file of rooms as a table, with the rules that decided', async () => {
    const rooms = await place.write('rooms', `observable-room\r\nprivate-room-${clientID}\nlobby\n`);
    const { status, stdout } = await run(place, ['explain', ...form, '--rooms', rooms]);
    assert.equal(status, 0);
    assert.equal(stdout, [
      'room                       publish  subscribe  history  rules',
      'observable-room            yes      yes        0        ^observable-room$',
      `private-room-${clientID}  no       yes        0        ^private-room-${clientID}$`,
      'lobby                      no       no         0        none',
      ''].join('\n'));
  });

  test('--json is an object a line, for each room', async () => {
    const { stdout } = await run(place, ['explain', ...form, '--room', 'lobby', '--room', 'observable-room', '--json']);
    const [lobby, open] = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(lobby, { room: 'lobby', publish: false, subscribe: false, history: 0, rules: [], undecided: [] });
    assert.deepEqual(open, { room: 'observable-room', publish: true, subscribe: true, history: 0, undecided: [],
      rules: [{ pattern: '^observable-room$', publish: true, subscribe: true, history: 0 }] });
  });

  test('needs no secret, and no room that is none', async () => {
    const env = { SCALEDRONE_CHANNEL_ID: channel };
    assert.equal((await run(place, ['explain', ...form, '--room', 'lobby'], { env })).status, 0);
    for (const room of ['', 'a\nb', 'x'.repeat(257)]) {
      const { status, stderr } = await run(place, ['explain', ...form, '--room', room], { env });
      assert.equal(status, 64);
      assert.match(stderr, /^roomkey: explain: expected a room of 1 to 256 bytes[^\n]*\n$/);
    }
  });
});

describe('the rest of the command line', () => {
  test('a variable that only a server reads disturbs nobody else, nor where an option wins', async () => {
    const env = { ...environment, ROOMKEY_THREADS: 'many', ROOMKEY_SOCKET: 'nowhere' };
    for (const args of [['--help'], ['--version'], ['check'], ['mint', ...form], ['explain', ...form, '--room', 'a']]) {
      assert.equal((await run(place, args, { env })).status, 0, args.join(' '));
    }
    const server = place.start(roomkey, ['--socket', `unix:${place.path('wins')}`, '--threads', '1'], { env });
    await until('roomkey serving', () => /serving FastCGI on .* with 1 thread\n/.test(server.stderr));
    await server.stop();
    const { status, stderr } = await run(place, ['--socket', `unix:${place.path('other')}`], { env });
    assert.equal(status, 64);
    assert.match(stderr, /ROOMKEY_THREADS: expected a number from 1 to 64, found many/);
  });

  test('--help and --version print to stdout and need no configuration', async () => {
    const help = await run(place, ['--help'], { env: {} });
    assert.equal(help.status, 0);
    assert.match(help.stdout, /^Usage: roomkey/);
    const version = await run(place, ['--version'], { env: {} });
    assert.equal(version.status, 0);
    assert.match(version.stdout, /^roomkey \d+\.\d+\.\d+\n$/);
  });

  for (const args of [['brew'], ['--no-such'], ['mint', 'extra'], ['mint', '--form'], ['mint', '--form', 'x'], ['mint', '--form', '=x'], ['--secret', 'x'], ['--polic', 'x'], ['mint', '--server', 'x'], ['mint', '--server', 'REMOTE_USER=x'], ['mint', '--room', 'x'], ['check', '--form', 'a=b'], ['explain', ...form], ['serve', 'unix:/x']]) {
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
