// SPDX-License-Identifier: MIT
// The stand-in as a whole: one HTTP server that carries the socket protocol, the REST API and,
// for tests, the controls.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { WebSocketServer } from 'ws';

import { Channel } from './channel.js';
import { Controls, Faults } from './controls.js';
import { sendJson } from './http.js';
import { Refusal } from './refusal.js';
import { Rest } from './rest.js';
import { Session } from './session.js';
import { maxPayload, Socket } from './socket.js';
import { TokenVerifier } from './token.js';

const socketPath = '/v3/websocket';
const closeGrace = 300; // milliseconds that a peer has to answer a close frame

/** One channel of the service, in memory. */
export class Service {
  channelId;
  channel;
  verifier;
  requireAuth;
  faults = new Faults();
  log;
  #connections = new Set(); // of { socket, session }
  #rest;
  #controls;
  #http = createServer((request, response) => this.#answer(request, response));
  #sockets = new WebSocketServer({ noServer: true, path: socketPath, maxPayload });
  #pingInterval;
  #pings;

  /**
   * `secret` holds the key's bytes; without one no token is valid. `log` takes one line; `now`
   * gives the time and `pingInterval` is one, in milliseconds. The other options are those of
   * the command line (see options.js).
   */
  constructor({
    channelId, secret = randomBytes(32), requireAuth = true, history = false,
    permissionOrder = 'all', strictExp = false, controls = false,
    log = () => {}, now = Date.now, pingInterval = 25_000,
  }) {
    this.#pingInterval = pingInterval;
    this.channelId = channelId;
    this.requireAuth = requireAuth;
    this.log = log;
    const channel = this.channel = new Channel({ history, now });
    const verifier = this.verifier = new TokenVerifier({
      channelId, secret, strictExp, permissionOrder, now, warn: log,
    });
    this.#rest = new Rest({ channelId, secret, requireAuth, channel, verifier });
    if (controls) this.#controls = new Controls(this.#connections, channel, this.faults);
    this.#http.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#accept(ws));
    });
  }

  /** Listens; resolves to the base URL. Rejects with the system's error when it cannot. */
  async listen({ host = '127.0.0.1', port = 0 } = {}) {
    await new Promise((resolve, reject) => {
      this.#http.once('error', reject).listen({ host, port }, resolve);
    });
    this.#pings = setInterval(() => this.#pingAll(), this.#pingInterval);
    return `http://${isIPv6(host) ? `[${host}]` : host}:${this.#http.address().port}`;
  }

  /** Says goodbye to everybody and stops, within a moment whatever the peers do. */
  async close() {
    clearInterval(this.#pings);
    const closed = new Promise((resolve) => { this.#http.close(resolve); });
    this.#http.closeIdleConnections();
    for (const { socket } of this.#connections) socket.close(1001, 'The service stops');
    await Promise.race([closed, sleep(closeGrace, null, { ref: false })]);
    for (const { socket } of this.#connections) socket.drop();
    this.#http.closeAllConnections();
    await closed;
  }

  #accept(ws) {
    const session = new Session(this, (text) => socket.send(text));
    const socket = new Socket(ws, session, this.log);
    const connection = { socket, session };
    this.#connections.add(connection);
    ws.on('close', () => this.#connections.delete(connection));
    if (this.faults.freezesNewcomers) socket.freeze();
  }

  #pingAll() {
    for (const { socket } of this.#connections) socket.ping();
  }

  async #answer(request, response) {
    try {
      const { path, query } = parseTarget(request.url);
      if (this.#controls && path.length === 2 && path[0] === '_controls') {
        await this.#controls.handle(request, response, path[1]);
      } else {
        await this.#rest.handle(request, response, path, query);
      }
    } catch (error) {
      this.#answerError(error, request, response);
    }
  }

  #answerError(error, request, response) {
    if (request.destroyed && !request.complete) return; // the peer went away: nobody to answer
    const isRefusal = error instanceof Refusal;
    if (!isRefusal) this.log(`a request met a defect of this program: ${error.stack}`);
    const { status, message } = isRefusal ? error : { status: 500, message: 'Internal error' };
    if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="channel"');
    sendJson(response, status, { message });
  }
}

// By hand, because URL would resolve rooms named ".." before they are seen.
function parseTarget(target) {
  const [path, query] = target.split(/\?(.*)/s);
  try {
    return {
      path: path.split('/').slice(1).map(decodeURIComponent),
      query: new URLSearchParams(query),
    };
  } catch {
    throw new Refusal('The address is not percent-encoded UTF-8');
  }
}
