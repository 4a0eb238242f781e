// SPDX-License-Identifier: MIT
// The policies that ship as their readers use them: tokens that the real binary makes of them, and
// what their comments say about the engine, taken from there so that the comments stay true.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { root, run, runCgi } from '../../process/support/roomkey.js';
import { openPlace } from '../../process/support/place.js';
import { urlencoded } from '../../process/support/http.js';
import { secret } from '../../process/support/tokens.js';
import { until } from '../../process/support/until.js';

export const wrongKey = 'not the key of this engine, but one as long';
const read = (policy) => readFileSync(`${root}deploy/policies/${policy}.json`, 'utf8');

/** The lines of a policy's comment that `from` to `to` match, as they are written there. */
export function fromComment(policy, from, to = from) {
  const lines = read(policy).split('\n').filter((line) => line.startsWith('//')).map((line) => line.replace(/^\/\/ */, ''));
  const start = lines.findIndex((line) => from.test(line));
  const end = lines.findIndex((line, i) => i >= start && to.test(line));
  assert.ok(start >= 0 && end >= start, `the comment of ${policy}.json has ${from} to ${to}`);
  return lines.slice(start, end + 1).join('\n');
}

/** Runs a command of a comment, with the places of this test in it. */
export async function runCommented(place, command, replaced = {}) {
  let text = command.replace('/etc/roomkey/secret', await place.write('secret', `${secret}\n`));
  for (const [from, to] of Object.entries(replaced)) {
    assert.ok(text.includes(from), `${text} has ${from}`);
    text = text.replace(from, to);
  }
  const { status, stdout, stderr } = await place.run('/bin/sh', ['-c', text]);
  assert.equal(status, 0, stderr);
  return stdout;
}

let count = 0;

async function fileOf(place, policy, change) {
  const text = change(read(policy));
  assert.ok(change === unchanged || text !== read(policy), `the change found its place in ${policy}.json`);
  return place.write(`policy-${++count}.json`, text);
}
const unchanged = (text) => text;

/** A token of the policy as it ships, unless `change` says how its text is changed. */
export async function mint(place, policy, { user, form = {}, key = secret, env = {}, change = unchanged }) {
  const args = ['mint', '--policy', await fileOf(place, policy, change), '--server', `ROOMKEY_USER=${user}`];
  for (const [name, value] of Object.entries(form)) args.push('--form', `${name}=${value}`);
  const { status, stdout, stderr } = await run(place, args, { env: { ...env, SCALEDRONE_CHANNEL_SECRET: key } });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

/** The same with a life of a second, which is over. */
export async function mintExpired(place, policy, given) {
  const token = await mint(place, policy, { ...given, change: (text) => text.replace(/now\+\d+/, 'now+1') });
  await expiryOf(token);
  return token;
}

/** Waits until a token has expired for every engine: some count whole seconds. */
export function expiryOf(token) {
  const { exp } = JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));
  return until('the token to expire', () => Date.now() / 1000 >= exp + 1);
}

/** What a web server is answered, which has this user logged in: the status, and the text. */
export async function answered(place, policy, { user, form = {} }) {
  const { headers, body } = urlencoded(form);
  const { stdout } = await runCgi(place, {
    REQUEST_METHOD: 'POST', CONTENT_TYPE: headers['content-type'], CONTENT_LENGTH: String(body.length), ROOMKEY_USER: user,
  }, { env: { SCALEDRONE_CHANNEL_SECRET: secret, ROOMKEY_POLICY: await fileOf(place, policy, unchanged) }, input: body });
  const [head, text] = stdout.split('\r\n\r\n');
  return { status: Number(/^Status: (\d+)/.exec(head)[1]), text: text.trim() };
}

/** That the policy was tried with the version that is installed: its comment begins with "NAME VERSION". */
export async function assertTriedWith(place, policy, debianPackage) {
  const { stdout } = await place.run('dpkg-query', ['-W', '-f', '${Version}', debianPackage]);
  const [, version] = /^\/\/ \w+ ([\d.]+)/.exec(read(policy));
  assert.ok(stdout.startsWith(`${version}.`) || stdout.startsWith(`${version}-`), `${policy}.json: expected ${version}, found ${stdout}`);
}

/** A place whose close() also sees that no process is left which was started there or by one that was. */
export async function openEnginePlace() {
  const place = await openPlace();
  const ours = () => readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').includes(place.dir);
    } catch {
      return false;  // it has ended, or is somebody else's
    }
  });
  const close = place.close.bind(place);
  place.close = async () => {
    await close();
    await until('no process left', () => ours().length === 0);
  };
  return place;
}
