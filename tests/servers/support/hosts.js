// SPDX-License-Identifier: MIT
// Hosts of a small network: each is a network namespace, with a cable (veth) to the first one. It has no
// name, and lives as long as a process that does nothing else: nothing is left, however a test ends.

import { readlink } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environment, roomkey } from '../../process/support/roomkey.js';
import { until } from '../../process/support/until.js';

const askerPath = fileURLToPath(new URL('asker.js', import.meta.url));

const networkOf = (pid) => readlink(`/proc/${pid}/ns/net`);

class Host {
  constructor(place, keeper, address) {
    Object.assign(this, { place, keeper, address });
    /** What stands in front of a command that is to run on this host. */
    this.prefix = ['nsenter', `--net=/proc/${keeper.pid}/ns/net`];
  }

  start(command, args, options) {
    return this.place.start(this.prefix[0], [...this.prefix.slice(1), command, ...args], options);
  }

  /** Sets up its network. */
  ip(...args) {
    execFileSync(this.prefix[0], [...this.prefix.slice(1), 'ip', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Whether a web server on this host gives tokens. */
  async answering(port) {
    const asker = this.start(process.execPath, [askerPath, port, 1], { input: '' });
    await asker.closed;
    return '200' in JSON.parse(asker.stdout).statuses;
  }

  /** Asks for tokens until `during` is over, which can wait for so many more answers; gives them all. */
  async askWhile(port, visitors, during) {
    const child = this.start(process.execPath, [askerPath, port, visitors], { stdio: ['pipe', 'pipe', 'pipe'] });
    const more = (count) => {
      const enough = child.stderr.length + count;
      return until(`${count} more answers`, () => child.stderr.length >= enough);
    };
    await during(more);
    child.process.stdin.end();
    await child.closed;
    if (!child.stdout) throw new Error(child.stderr);
    return JSON.parse(child.stdout);
  }

  /** Starts roomkey on this host, for the others. */
  async serve() {
    const child = this.start(roomkey, ['--socket', `${this.address}:9000`], { env: environment });
    await until('roomkey serving', () => child.stderr.includes('serving FastCGI'));
    return child;
  }

  /** Pulls the host's cable, or puts it back. */
  link(state) {
    this.ip('link', 'set', 'uplink', state);
  }
}

async function openHost(place, address) {
  // It reads from us, so it ends with us.
  const keeper = place.start('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'pipe'] });
  const separate = async () => await networkOf(keeper.pid) !== await networkOf('self');
  await until('a network of its own', async () => !keeper.running || separate());
  if (!keeper.running) {
    await keeper.closed;
    throw new Error(`each host here is a network namespace, and none can be made; that needs root, and in a container CAP_SYS_ADMIN: ${keeper.stderr}`);
  }
  const host = new Host(place, keeper, address);
  host.ip('link', 'set', 'lo', 'up');
  return host;
}

/** A host for the web server, and `count` others beside it. */
export async function openNetwork(place, count) {
  const web = await openHost(place, '127.0.0.1');
  const others = [];
  for (let number = 1; number <= count; number++) {
    const host = await openHost(place, `10.99.${number}.2`);
    web.ip('link', 'add', `to${number}`, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', String(host.keeper.pid));
    web.ip('addr', 'add', `10.99.${number}.1/24`, 'dev', `to${number}`);
    web.ip('link', 'set', `to${number}`, 'up');
    host.ip('addr', 'add', `${host.address}/24`, 'dev', 'uplink');
    host.link('up');
    others.push(host);
  }
  return { web, others };
}
