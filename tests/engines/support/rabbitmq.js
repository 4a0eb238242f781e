// SPDX-License-Identifier: MIT
// Real nodes of RabbitMQ in one cluster, on loopback, with an epmd of their own; and the people who
// talk to them by MQTT over WebSocket.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import mqtt from 'mqtt';
import { freePort } from '../../process/support/port.js';
import { answers } from '../../process/support/roomkey.js';
import { soon, until } from '../../process/support/until.js';

/** Starts a node for each name; `advanced` is the text of their advanced.config. */
export async function startCluster(place, names, { conf, advanced }) {
  const epmd = await freePort();
  place.start('epmd', ['-port', epmd, '-address', '127.0.0.1']);
  await until('epmd listening', () => answers({ host: '127.0.0.1', port: epmd }));
  const cookie = randomUUID();
  const nodes = [];
  for (const name of names) {
    const dir = place.path(name);
    await mkdir(dir);
    // Erlang takes no cookie that others may read.
    await place.write(`${name}/.erlang.cookie`, cookie, 0o400);
    const port = await freePort();
    await place.write(`${name}/advanced.config`, advanced);
    await place.write(`${name}/plugins`, '[rabbitmq_auth_backend_oauth2, rabbitmq_web_mqtt].\n');
    await place.write(`${name}/rabbitmq.conf`, `
      ${conf}
      listeners.tcp = none
      mqtt.listeners.tcp = none
      web_mqtt.tcp.ip = 127.0.0.1
      web_mqtt.tcp.port = ${port}
      cluster_formation.peer_discovery_backend = classic_config
      cluster_formation.discovery_retry_interval = 100
      ${names.map((each, i) => `cluster_formation.classic_config.nodes.${i + 1} = ${each}@localhost`).join('\n      ')}
      log.console = true
      log.console.level = debug
      log.file = false`);
    const env = {
      HOME: dir, LANG: 'C.UTF-8',
      ERL_EPMD_PORT: epmd, ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: `${name}@localhost`, RABBITMQ_DIST_PORT: await freePort(),
      RABBITMQ_CONF_ENV_FILE: '/dev/null', RABBITMQ_CONFIG_FILE: `${dir}/rabbitmq.conf`,
      RABBITMQ_ADVANCED_CONFIG_FILE: `${dir}/advanced.config`, RABBITMQ_ENABLED_PLUGINS_FILE: `${dir}/plugins`,
      RABBITMQ_MNESIA_BASE: `${dir}/data`, RABBITMQ_LOG_BASE: `${dir}/log`, RABBITMQ_PID_FILE: `${dir}/pid`,
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +sbwt none',
      // The script becomes the node then, instead of waiting for it.
      RUNNING_UNDER_SYSTEMD: 'true',
    };
    nodes.push(new Node(place, port, env));
  }
  // One after the other: of some that begin at once, each may take itself for the first.
  for (const node of nodes) await node.start();
  return nodes;
}

class Node {
  constructor(place, port, env) {
    Object.assign(this, { place, port, env });
  }

  /** Megabytes that it has to itself. */
  get memory() {
    return Math.round(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${this.child.pid}/smaps_rollup`, 'utf8'))[1] / 1000);
  }

  async start() {
    this.child = this.place.start('/usr/lib/rabbitmq/bin/rabbitmq-server', [], { env: this.env });
    await until('RabbitMQ listening', async () => {
      assert.ok(this.child.running, `RabbitMQ ended: ${this.child.stdout}${this.child.stderr}`);
      return (await answers({ host: '127.0.0.1', port: this.port })) && this.child.stdout.includes('Server startup complete');
    }, { within: 300_000 });
  }

  /** Waits for a line that comes into the log from now on. */
  logs(line) {
    const from = this.child.stdout.length;
    return until(`${line} in the log`, () => line.test(this.child.stdout.slice(from)));
  }

  /** That this is refused, and that the node's log says for which reason. */
  async refuses(attempt, reason) {
    await Promise.all([this.logs(reason), assert.rejects(attempt, /closed by the node/)]);
  }
}

/** Someone who is connected to a node. */
class Person {
  heard = [];

  constructor(client) {
    this.client = client;
    this.closed = once(client, 'close');
    client.on('error', () => {});  // what it means is that the connection closes
    client.on('message', (topic, text) => { this.heard.push(`${topic} ${text}`); });
  }

  /** The result of an operation; RabbitMQ closes the connection on what it refuses. */
  async #unlessClosed(operation) {
    return soon('an answer of the node', Promise.race([
      operation, this.closed.then(() => { throw new Error('closed by the node'); }),
    ]));
  }

  connected() {
    return this.#unlessClosed(once(this.client, 'connect'));
  }

  subscribe(topic) {
    return this.#unlessClosed(this.client.subscribeAsync(topic, { qos: 0 }));
  }

  /** Returns when the node has taken it. */
  publish(topic, text) {
    return this.#unlessClosed(this.client.publishAsync(topic, text, { qos: 1 }));
  }

  /** As when the network is gone: without a word. */
  async drop() {
    this.client.stream.destroy();
    await this.closed;
  }

  hears(line) {
    return until(`${line}, heard: ${this.heard}`, () => this.heard.includes(line));
  }
}

/** Connects as a page does: the token is the password. Fails if the node refuses it. */
export async function connect(node, user, token, { id = `${user}:${randomUUID()}`, will } = {}) {
  const client = mqtt.connect(`ws://127.0.0.1:${node.port}/ws`, {
    username: user, password: token, clientId: id, will, reconnectPeriod: 0, protocolVersion: 4,
  });
  node.place.defer(() => client.end(true));
  const person = new Person(client);
  await person.connected();
  return person;
}
