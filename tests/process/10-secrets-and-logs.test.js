// SPDX-License-Identifier: MIT
// Goal: nothing that roomkey writes, and nothing that others can see of its process, holds a token, the
// secret, a body or a whole client id; what it does write is one line an event, in the form of its reader.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { ask, parameters, Peer, record, request, type } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { environment, roomkey, run, runCgi, serveUnix } from './support/roomkey.js';
import { channel, clientID, secret, verifyBuiltIn } from './support/tokens.js';
import { until } from './support/until.js';

let place;
before(async () => { place = await openPlace(); });
after(() => place.close());

const nobody = 65534;
const asRoot = process.getuid() === 0;

describe('what is written', () => {
  const longID = 'qX7:A-client-id-that-is-found-nowhere-else';
  const hidden = { 'the secret': secret, 'a client id': longID, 'a body': 'tell-tale-field', 'a token': /eyJ[\w-]{10,}/ };

  function leaksIn(text) {
    return Object.entries(hidden).filter(([, what]) => (what instanceof RegExp ? what.test(text) : text.includes(what))).map(([name]) => name);
  }

  test('the search finds what it looks for: in an answer, and in what a debugger would print', async () => {
    const { address } = await serveUnix(place);
    const { body } = await ask(address);
    assert.deepEqual(leaksIn(body), ['a token']);
    assert.deepEqual(leaksIn(`${secret} clientID=${longID}&tell-tale-field=1`), ['the secret', 'a client id', 'a body']);
  });

  test('by a server, in good days and bad ones, holds none of it', async () => {
    const policyFile = await place.write('marker-policy.json', '{"claims": {"client": "${form.clientID}", "exp": "${now+60}"}}');
    const secretFile = await place.write('marker.secret', secret);
    const { address, child } = await serveUnix(place, { args: ['--policy', policyFile, '--secret-file', secretFile], env: { SCALEDRONE_CHANNEL_ID: channel } });
    const body = `clientID=${longID}&tell-tale-field=1`;
    const encoded = encodeURIComponent(longID);
    const asked = [
      { body }, { body: `${body}&clientID=2` }, { body: `${body}%zz` }, { body: `clientID=${longID}%00` }, { body: `clientID=${longID.repeat(5)}` },
      { body, params: { CONTENT_TYPE: longID } }, { body, params: { CONTENT_LENGTH: longID } }, { body, params: { REQUEST_METHOD: longID } },
      { body, params: { QUERY_STRING: `${longID}=${encoded}&${longID}=1`, HTTP_ORIGIN: longID, HTTP_ACCEPT: longID, ROOMKEY_REQUEST_ID: longID } },
      { body: `{"clientID": ${longID}`, params: { CONTENT_TYPE: 'application/json' } },
      { body: `--x\r\n${longID}`, params: { CONTENT_TYPE: 'multipart/form-data; boundary=x' } },
    ];
    for (const one of asked) {
      const { status, stderr } = await ask(address, one);
      assert.ok(status >= 200);
      assert.equal(stderr, '', 'nothing for the log of the web server');
    }
    const rude = await Peer.connect(address);
    await rude.write(Buffer.concat([request({ body }).subarray(0, -8), record(type.abort)]));
    await rude.write(Buffer.from(longID));
    rude.close();

    await place.write('marker-policy.json', `{"claims": {"client": "${'${form.clientID'}"}}`);
    await place.write('marker.secret', `${secret}${'x'.repeat(5000)}`);
    child.kill('SIGHUP');
    await until('the complaint', () => /stay/.test(child.stderr));
    await child.stop();
    const written = child.stdout + child.stderr;
    assert.match(written, /marker-policy\.json/, 'the log does say what is wrong, and this test reads it');
    assert.deepEqual(leaksIn(written), []);
  });

  test('by a CGI program holds none of it but its answer', async () => {
    const body = `clientID=${longID}&tell-tale-field=1`;
    for (const params of [{}, { CONTENT_TYPE: longID }, { CONTENT_LENGTH: '3' }]) {
      const ended = await runCgi(place, parameters(params, body), { input: body });
      assert.deepEqual(leaksIn(ended.stderr), []);
    }
  });

  test('about a secret that is refused does not show it', async () => {
    for (const bad of [`YOUR_${secret}`, `<${secret}>`, secret.repeat(200)]) {
      const file = await place.write('bad.secret', bad);
      const ended = await run(place, ['mint', '--form', `clientID=${clientID}`, '--secret-file', file]);
      assert.equal(ended.status, 78);
      assert.deepEqual(leaksIn(ended.stdout + ended.stderr), []);
    }
  });
});

/** Whether each of these texts is anywhere in what a process can write to. */
async function memoryHolds(pid, texts) {
  const maps = await readFile(`/proc/${pid}/maps`, 'latin1');
  const memory = await open(`/proc/${pid}/mem`);
  try {
    const found = texts.map(() => false);
    for (const [, from, to] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw.. .*$/gm)) {
      const [start, end] = [Number(`0x${from}`), Number(`0x${to}`)];
      const { buffer, bytesRead } = await memory.read(Buffer.alloc(end - start), 0, end - start, start);
      texts.forEach((text, i) => { found[i] ||= buffer.subarray(0, bytesRead).includes(text); });
    }
    return found;
  } finally {
    await memory.close();
  }
}

describe('what others can see of the process', () => {
  // Programs of another user can be started by root only; then the binary must be where they get at it.
  let count = 0;
  async function serveAsNobody() {
    const dir = place.path(`public-${++count}`);
    await mkdir(dir, { recursive: true });
    chmodSync(place.dir, 0o755);
    chmodSync(dir, 0o777);
    copyFileSync(roomkey, `${dir}/roomkey`);
    chmodSync(`${dir}/roomkey`, 0o755);
    const path = `${dir}/seen.sock`;
    const child = place.start(`${dir}/roomkey`, ['--socket', `unix:${path}`],
      { env: environment, cwd: dir, ...(asRoot ? { uid: nobody, gid: nobody } : {}) });
    await until('it serves', () => child.stderr.includes('serving FastCGI'));
    return { child, address: { path }, dir };
  }

  test('its command line has no secret, and its environment and memory belong to root', async () => {
    const { child } = await serveAsNobody();
    assert.doesNotMatch(await readFile(`/proc/${child.pid}/cmdline`, 'latin1'), new RegExp(secret));
    for (const name of ['environ', 'mem', 'maps']) assert.equal(statSync(`/proc/${child.pid}/${name}`).uid, 0, name);
    await child.stop();
  });

  test('what it was started with shows the secret no more, even to root, and a reload still has it', { skip: asRoot ? false : 'root alone may look' }, async () => {
    const { child, address } = await serveAsNobody();
    const shown = await readFile(`/proc/${child.pid}/environ`, 'latin1');
    assert.ok(shown.includes(channel), 'this is where it was');
    assert.ok(!shown.includes(secret) && !shown.includes('SCALEDRONE_CHANNEL_SECRET'));
    child.kill('SIGHUP');
    await until('the reload', () => child.stderr.includes('read again'));
    await verifyBuiltIn((await ask(address)).body);
    await child.stop();
  });

  test('a secret that was replaced is nowhere in its memory any more', { skip: asRoot ? false : 'root alone may look' }, async () => {
    const [first, second] = ['aFirstSecretOfThirtyTwoBytes....', 'aSecondSecretOfThirtyTwoBytes...'];
    const file = await place.write('replaced.secret', `${first}\n`);
    const { address, child } = await serveUnix(place, { args: ['--secret-file', file, '--threads', '1'], env: { SCALEDRONE_CHANNEL_ID: channel } });
    await verifyBuiltIn((await ask(address)).body, { key: first });
    assert.deepEqual(await memoryHolds(child.pid, [first, second]), [true, false]);
    await writeFile(file, `${second}\n`);
    child.kill('SIGHUP');
    await until('the reload', () => child.stderr.includes('read again'));
    await verifyBuiltIn((await ask(address)).body, { key: second });
    assert.deepEqual(await memoryHolds(child.pid, [first, second]), [false, true]);
    await child.stop();
  });

  test('it opens no file for writing, and leaves none', async () => {
    const path = place.path('written.sock');
    const trace = place.path('opened');
    const child = place.start('strace', ['-D', '-f', '-qq', '-o', trace, '-e', 'trace=open,openat,creat,memfd_create,rename,link', roomkey, '--socket', `unix:${path}`], { env: environment });
    const peer = await until('the socket', () => Peer.connect({ path }));
    await verifyBuiltIn((await peer.ask()).body);
    peer.close();
    await child.stop();
    const calls = await readFile(trace, 'utf8');
    assert.match(calls, /openat\(.*libcrypto/, 'the trace has what was opened');
    assert.deepEqual(calls.split('\n').filter((line) => /O_WRONLY|O_RDWR|O_CREAT|creat|rename|link\(/.test(line)), []);
  });

  test('it leaves no core, however large they may be', async () => {
    const { child, dir } = await serveAsNobody();
    const limits = await readFile(`/proc/${child.pid}/limits`, 'utf8');
    assert.match(limits, /Max core file size\s+0\s+0\s/);
    await child.stop('SIGABRT');
    assert.deepEqual(readdirSync(dir).filter((name) => name.includes('core')), []);
  });
});

/** A pipe that nobody writes to: whoever opens it as a file waits for ever. */
let pipes = 0;
function pipe() {
  const path = place.path(`pipe-${++pipes}`);
  execFileSync('mkfifo', [path]);
  return path;
}

function assertNoFile({ status, stdout, stderr }) {
  assert.equal(status, 78, stderr);
  assert.equal(stdout, '');
  assert.match(stderr, /^roomkey: [^\n]+: expected a regular file, found a (directory|pipe or device)\n$/);
}

describe('the secret file', () => {
  const mint = (file, options) => run(place, ['mint', '--form', `clientID=${clientID}`, '--secret-file', file], options);
  const key = 'aN0ther5ecretOfThirtyTwoBytes!!!';

  const rules = [
    ['that is empty', '', 0o600, 78, /found nothing/],
    ['of one newline', '\n', 0o600, 78, /found nothing/],
    ['with a placeholder', 'YOUR_SCALEDRONE_SECRET\n', 0o600, 78, /placeholder/],
    ['of over 4096 bytes', 'x'.repeat(5000), 0o600, 78, /4096/],
    ['that everyone may read', key, 0o604, 77, /everyone/],
    ['that the world may read, in the usual mode', key, 0o644, 77, /everyone/],
    ['for owner and group', key, 0o640, 0, /^$/],
    ['of 4097 bytes', 'x'.repeat(4097), 0o600, 78, /at most 4096 bytes, found more/],
    ['of 4097 bytes and a newline', `${'x'.repeat(4097)}\n`, 0o600, 78, /at most 4096 bytes, found more/],
    ['of 4096 bytes', 'x'.repeat(4096), 0o600, 0, /^$/],
    ['of 4096 bytes and a newline', `${'x'.repeat(4096)}\n`, 0o600, 0, /^$/],
    ['of 31 bytes, with a warning', key.slice(1), 0o600, 0, /at least 32 bytes .*found 31/],
    ['with a CR at its end, with a warning', `${key}\r\n`, 0o600, 0, /line end/],
  ];
  for (const [name, content, mode, status, text] of rules) {
    test(`${name}: ${status}`, async () => {
      const file = place.path(`rule-${rules.findIndex(([other]) => other === name)}`);
      await place.write(file.slice(place.dir.length + 1), content);
      chmodSync(file, mode);
      const ended = await mint(file);
      assert.equal(ended.status, status, ended.stderr);
      assert.match(ended.stderr, text);
      assert.ok(ended.stderr.split('\n').length <= 2, 'one line');
      assert.ok(!ended.stderr.includes(key) && !ended.stderr.includes('YOUR_SCALEDRONE'));
    });
  }

  test('that does not exist: 66', async () => {
    const ended = await mint(place.path('nowhere'));
    assert.equal(ended.status, 66);
    assert.match(ended.stderr, /nowhere/);
  });

  test('that is a device or a pipe: not taken, and not waited for', async () => {
    for (const file of ['/dev/zero', '/dev/null', pipe()]) assertNoFile(await mint(file));
  });

  test('that is a directory in a directory of secrets: not taken', async () => {
    await mkdir(place.path('of-directories/secret'), { recursive: true });
    assertNoFile(await mint(place.path('of-directories')));
  });

  test('that is a link is followed, as systemd and Kubernetes make them', async () => {
    await place.write('linked', key);
    await symlink(place.path('linked'), place.path('link'));
    assert.equal((await mint(place.path('link'))).status, 0);
  });

  test('that may not be read: 77', async () => {
    chmodSync(place.dir, 0o755);
    copyFileSync(roomkey, place.path('roomkey'));
    chmodSync(place.path('roomkey'), 0o755);
    await place.write('forbidden', key);
    if (!asRoot) chmodSync(place.path('forbidden'), 0);
    const ended = await place.run(place.path('roomkey'), ['mint', '--form', 'clientID=a', '--secret-file', place.path('forbidden')],
      { env: environment, ...(asRoot ? { uid: nobody, gid: nobody } : {}) });
    assert.equal(ended.status, 77);
  });

  test('missing altogether, and the channel too: both are told at once, 78', async () => {
    const ended = await run(place, ['mint', '--form', 'clientID=a'], { env: {} });
    assert.equal(ended.status, 78);
    assert.match(ended.stderr, /SCALEDRONE_CHANNEL_ID/);
    assert.match(ended.stderr, /secret/);
  });

  test('a policy or a file of rooms that does not exist: 66; that is no file: 78, and not waited for', async () => {
    for (const args of [['check', '--policy'], ['mint', '--form', 'clientID=a', '--policy'], ['explain', '--form', 'clientID=a', '--rooms']]) {
      assert.equal((await run(place, [...args, place.path('no.json')])).status, 66);
      for (const file of ['/dev/zero', pipe()]) assertNoFile(await run(place, [...args, file]));
    }
    assertNoFile(await run(place, ['explain', '--form', 'clientID=a', '--rooms', place.dir]));
    await mkdir(place.path('policies-of-directories/default.json'), { recursive: true });
    assertNoFile(await run(place, ['check', '--policy', place.path('policies-of-directories')]));
  });

  test('a server is not kept from a reload by a pipe that its policy has become', async () => {
    const policy = await place.write('becomes-a-pipe.json', '{"claims": {"exp": "${now+60}"}}');
    const { address, child } = await serveUnix(place, { args: ['--policy', policy] });
    rmSync(policy);
    execFileSync('mkfifo', [policy]);
    child.kill('SIGHUP');
    await until('the reload', () => /found a pipe or device[^]*stay in force/.test(child.stderr));
    assert.equal((await ask(address)).status, 200);
    assert.equal((await child.stop()).status, 0);
  });
});

describe('the log', () => {
  test('goes to stderr, a line an event, with the name of the program', async () => {
    const { child } = await serveUnix(place);
    await child.stop();
    for (const line of child.stderr.trimEnd().split('\n')) assert.match(line, /^roomkey: \S/);
    assert.equal(child.stdout, '');
  });

  /** What it writes to a file with this JOURNAL_STREAM in its environment, while it has no secret. */
  async function writtenWith(journalStream) {
    const path = await place.write('journal.log', '');
    const log = await open(path, 'w');
    try {
      const { dev, ino } = await log.stat({ bigint: true });
      const env = { ...environment, JOURNAL_STREAM: journalStream(dev, ino), SCALEDRONE_CHANNEL_SECRET: '' };
      await run(place, ['--socket', `unix:${place.path('j.sock')}`], { env, stdio: ['ignore', 'ignore', log.fd] });
    } finally {
      await log.close();
    }
    return readFile(path, 'utf8');
  }

  test('has priorities under systemd, which JOURNAL_STREAM shows', async () => {
    assert.match(await writtenWith((dev, ino) => `${dev}:${ino}`), /^<3>\S[^\n]*\n$/);
  });

  test('has none where stderr is not what JOURNAL_STREAM names', async () => {
    const others = [(dev, ino) => `${dev}:${ino + 1n}`, (dev, ino) => `${dev + 1n}:${ino}`, (dev, ino) => `${dev}:${ino}0`, () => '8:12345', () => ''];
    for (const other of others) assert.match(await writtenWith(other), /^roomkey: \S[^\n]*\n$/, String(other));
  });

  test('goes elsewhere when stderr is /dev/null, and roomkey serves and stops as ever', async () => {
    const path = place.path('null.sock');
    const child = place.start(roomkey, ['--socket', `unix:${path}`], { env: environment, stdio: 'ignore' });
    await until('it serves', () => existsSync(path));
    await verifyBuiltIn((await until('an answer', () => ask({ path }))).body);
    child.kill('SIGHUP');
    await verifyBuiltIn((await ask({ path })).body);
    assert.equal((await child.stop()).status, 0);
  });

  test('shows what does not belong in a line as a question mark', async () => {
    const { address, child } = await serveUnix(place);
    assert.equal((await ask(address, { params: { ROOMKEY_POLICY_NAME: 'a\nroomkey: forged\x1b[2J\x7f' } })).status, 500);
    await until('the line', () => child.stderr.includes('forged'));
    assert.match(child.stderr, /^roomkey: .*found a\?roomkey: forged\?\[2J\?$/m);
  });

  test('takes the id of a request as it is, or leaves it out: no line is forged', async () => {
    const path = place.path('ids.sock');
    // A kernel without randomness is the one failure that can be had from outside. With -D the process
    // that is started is roomkey itself.
    const child = place.start('strace', ['-D', '-f', '-qq', '-o', '/dev/null', '-e', 'inject=getrandom:error=EIO', roomkey, '--socket', `unix:${path}`], { env: environment });
    const peer = await until('the socket', () => Peer.connect({ path }));
    const ids = ['plain-1.2_X', 'a\nroomkey: forged', 'a\r\n<3>forged', 'x'.repeat(65), 'x'.repeat(64), 'ü', 'a b', '', '%s%n', '\x1b[31mred'];
    for (const id of ids) assert.equal((await peer.ask({ params: { ROOMKEY_REQUEST_ID: id } })).status, 500);
    peer.close();
    const lines = () => child.stderr.split('\n').filter((line) => line.includes('getrandom'));
    await until('all lines', () => lines().length === ids.length);
    const named = lines().map((line) => /request (\S+): /.exec(line)?.[1]);
    assert.deepEqual(named, ids.map((id) => (/^[\w.-]{1,64}$/.test(id) ? id : undefined)));
    assert.doesNotMatch(child.stderr, /forged|\x1b/);
  });
});
