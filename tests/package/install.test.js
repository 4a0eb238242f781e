// SPDX-License-Identifier: MIT
// Goal: `cmake --install` brings everything to where the shipped files look for it: below /usr and /etc,
// or the same tree below any other prefix; and a second one overwrites nothing that was edited.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const build = fileURLToPath(new URL('../../build/dev', import.meta.url));
const place = mkdtempSync(join(realpathSync(tmpdir()), 'roomkey-install-'));
after(() => rmSync(place, { recursive: true }));

function install(prefix, env = {}) {
  execFileSync('cmake', ['--install', build, '--prefix', prefix], { env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' });
}

/** Every file below a folder, links too. */
const filesOf = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => !entry.isDirectory()).map((entry) => relative(folder, join(entry.path, entry.name))).sort();

const staged = join(place, 'staged');
const prefix = join(place, 'opt');
let manifest;
before(() => {
  install('/usr', { DESTDIR: staged });
  install(prefix);
  manifest = readFileSync(join(build, 'install_manifest.txt'), 'utf8').trim().split('\n');
});

test('below /usr and /etc is what README and manual page name', () => {
  const files = filesOf(staged);
  for (const path of [
    'usr/bin/roomkey', 'usr/lib/cgi-bin/roomkey', 'usr/share/man/man8/roomkey.8', 'usr/share/man/man5/roomkey-policy.5',
    'usr/share/roomkey/www/index.html', 'usr/share/roomkey/www/config.json', 'usr/share/roomkey/policies/chat.json',
    'usr/share/bash-completion/completions/roomkey', 'usr/lib/systemd/system/roomkey.socket',
    'usr/lib/systemd/system/roomkey.service', 'usr/lib/systemd/system/roomkey@.service',
    'etc/nginx/roomkey/roomkey.conf', 'etc/nginx/roomkey/upstream.conf', 'etc/nginx/roomkey/examples/login-basic.conf',
    'etc/roomkey/environment', 'etc/roomkey/config.json', 'usr/share/doc/roomkey/examples/apache/roomkey.conf',
  ]) assert.ok(files.includes(path), path);
  assert.deepEqual(files.filter((path) => !/^(usr|etc)\//.test(path)), []);
});

test('a prefix of its own has the same tree', () => {
  assert.deepEqual(filesOf(prefix).map((path) => (path.startsWith('etc/') ? path : `usr/${path}`)).sort(), filesOf(staged));
  for (const path of filesOf(prefix)) {
    assert.ok(existsSync(join(prefix, path)), `${path} leads somewhere`);
    const there = join(staged, path.startsWith('etc/') ? path : `usr/${path}`);
    if (!existsSync(there)) continue;  // a link out of the staged tree
    const text = readFileSync(join(prefix, path), 'latin1').replaceAll(`${prefix}/etc`, '/etc').replaceAll(prefix, '/usr');
    assert.equal(text, readFileSync(there, 'latin1'), path);
  }
});

test('the manifest, by which it is removed, names every file', () => {
  assert.deepEqual(manifest.map((path) => relative(prefix, path)).sort(), filesOf(prefix));
});

test('and its files name the paths of that prefix', () => {
  const named = new Set();
  for (const folder of ['lib/systemd/system', 'etc', 'share/doc/roomkey/examples']) {
    for (const name of filesOf(join(prefix, folder)).filter((each) => !each.endsWith('.json'))) {
      const text = readFileSync(join(prefix, folder, name), 'utf8');
      assert.doesNotMatch(text, /(?<![\w-])\/(usr\/bin(?!\/multiwatch)|usr\/share\/roomkey|etc\/roomkey)\b/, `${folder}/${name}`);
      for (const [path] of text.matchAll(/(?<=[\s=:"])\/[\w/.-]*roomkey[\w/.-]*\w/g)) if (path.startsWith(prefix)) named.add(path);
    }
  }
  assert.ok(named.size > 5, [...named].join('\n'));
  // What the administrator makes: see the README.
  const own = ['etc/roomkey/secret', 'etc/roomkey/policy.json'].map((path) => join(prefix, path));
  for (const path of named) assert.ok(own.includes(path) || existsSync(path), path);
});

test('a second installation leaves alone what is there to be edited, and takes the rest', () => {
  const edited = ['etc/roomkey/environment', 'etc/roomkey/config.json', 'etc/nginx/roomkey/upstream.conf', 'etc/nginx/roomkey/local.conf',
    'etc/nginx/roomkey/endpoints.conf', 'etc/nginx/roomkey/limits.conf'];
  for (const path of [...edited, 'etc/nginx/roomkey/roomkey.conf']) writeFileSync(join(prefix, path), 'mine\n');
  install(prefix);
  for (const path of edited) assert.equal(readFileSync(join(prefix, path), 'utf8'), 'mine\n', path);
  assert.match(readFileSync(join(prefix, 'etc/nginx/roomkey/roomkey.conf'), 'utf8'), /location = \/@roomkey/);
});

test('what is run is executable, and what is read is not', () => {
  for (const path of filesOf(prefix)) {
    const executable = (statSync(join(prefix, path)).mode & 0o111) !== 0;
    assert.equal(executable, /(bin|cgi-bin|spawn-fcgi)\/roomkey$/.test(path), path);
  }
});
