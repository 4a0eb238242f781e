// SPDX-License-Identifier: MIT
// Hosts of a small network: each is a network namespace, with a cable (veth) to the first one.

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { environment, roomkey } from '../../process/support/roomkey.js';
import { until } from '../../process/support/until.js';

const askerPath = fileURLToPath(new URL('asker.js', import.meta.url));
const names = new Set();
process.on('exit', () => { for (const name of [...names]) removeHost(name); });

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

function removeHost(name) {
  names.delete(name);
  try {
    ip('netns', 'del', name);
  } catch {
    // It went with what was in it.
  }
}

function addHost(name) {
  try {
    ip('netns', 'add', name);
  } catch (error) {
    throw new Error(`no network namespace can be made here; it needs root, iproute2 and CAP_SYS_ADMIN: ${error.stderr}`);
  }
  names.add(name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
}

class Host {
  constructor(place, name, address) {
    Object.assign(this, { place, name, address });
    this.prefix = ['ip', 'netns', 'exec', name];
  }

  start(command, args, options) {
    return this.place.start('ip', [...this.prefix.slice(1), command, ...args], options);
  }

  /** Whether a web server on this host gives tokens. */
  async answering(port) {
    const { stdout } = await this.place.run('ip', [...this.prefix.slice(1), process.execPath, askerPath, port, 1], { input: '' });
    return '200' in JSON.parse(stdout).statuses;
  }

  /** Asks for tokens until `during` is over; gives the answers. */
  async askWhile(port, visitors, during) {
    const child = this.start(process.execPath, [askerPath, port, visitors], { stdio: ['pipe', 'pipe', 'pipe'] });
    await during();
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
    ip('-n', this.name, 'link', 'set', 'uplink', state);
  }
}

/** A host for the web server, and `count` others beside it. */
export function openNetwork(place, count) {
  const tag = `rk${process.pid}`;
  const web = new Host(place, `${tag}-web`, '127.0.0.1');
  addHost(web.name);
  place.defer(() => removeHost(web.name));
  const others = Array.from({ length: count }, (_, index) => {
    const host = new Host(place, `${tag}-${index + 1}`, `10.99.${index + 1}.2`);
    addHost(host.name);
    place.defer(() => removeHost(host.name));
    ip('-n', web.name, 'link', 'add', `to${index + 1}`, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', host.name);
    ip('-n', web.name, 'addr', 'add', `10.99.${index + 1}.1/24`, 'dev', `to${index + 1}`);
    ip('-n', web.name, 'link', 'set', `to${index + 1}`, 'up');
    ip('-n', host.name, 'addr', 'add', `${host.address}/24`, 'dev', 'uplink');
    host.link('up');
    return host;
  });
  return { web, others };
}
