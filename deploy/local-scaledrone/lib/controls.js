// SPDX-License-Identifier: MIT
// What tests do to the service: make it slow, silent or rude. Off unless asked for.

import { setTimeout as sleep } from 'node:timers/promises';

import { readBody, sendJson } from './http.js';
import { makeClientId } from './ids.js';
import { decodeJson, isObject } from './json.js';
import { Refusal } from './refusal.js';

/** The misbehaviour that is in force; none at first. */
export class Faults {
  freezesNewcomers = false;
  authenticateDelay = 0; // milliseconds
  refusals = { count: 0, text: '' };
  clientIds = []; // given to the next connections

  nextClientId() {
    return this.clientIds.shift() ?? makeClientId();
  }

  /** Waits, or throws the Refusal that a test ordered. */
  async beforeAuthenticate() {
    if (this.authenticateDelay > 0) await sleep(this.authenticateDelay, null, { ref: false });
    if (this.refusals.count === 0) return;
    this.refusals.count--;
    throw new Refusal(this.refusals.text, 401);
  }
}

/** The HTTP side of the controls, under `/_controls/`. */
export class Controls {
  #connections;
  #faults;
  #channel;

  /** `connections` is the service's live set of `{ socket, session }`. */
  constructor(connections, channel, faults) {
    this.#connections = connections;
    this.#channel = channel;
    this.#faults = faults;
  }

  /** Answers a request whose path is `/_controls/` and `name`. Throws a Refusal. */
  async handle(request, response, name) {
    if (request.method === 'GET' && name === 'connections') {
      return sendJson(response, 200, this.#list());
    }
    const action = request.method === 'POST' && Object.hasOwn(actions, name) && actions[name];
    if (!action) throw new Refusal('There is no such control', 404);
    const order = await readOrder(request);
    sendJson(response, 200, { connections: action(order, this.#selected(order), this.#faults) });
  }

  #list() {
    return [...this.#connections].map(({ socket, session }) => ({
      client_id: session.id,
      authenticated: session.isAuthenticated,
      rooms: this.#channel.roomsOf(session),
      frozen: socket.isFrozen,
    }));
  }

  #selected({ client }) {
    const all = [...this.#connections];
    if (client === undefined) return all.map(({ socket }) => socket);
    const chosen = all.filter(({ session }) => session.id === client);
    if (client === null || chosen.length === 0) throw new Refusal('There is no such client', 404);
    return chosen.map(({ socket }) => socket);
  }
}

// Each takes the order, the sockets it is about and the faults, and returns how many it changed.
const actions = {
  drop: (order, sockets) => forEach(sockets, (socket) => socket.drop()),

  close({ code = 1000, reason = '' }, sockets) {
    const isSendable = code === 1000 || (isCount(code) && code >= 3000 && code < 5000) ||
      [1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].includes(code);
    if (!isSendable) throw new Refusal('code is none that a server may send');
    if (typeof reason !== 'string' || Buffer.byteLength(reason) > 123) {
      throw new Refusal('reason is no string of at most 123 bytes');
    }
    return forEach(sockets, (socket) => socket.close(code, reason));
  },

  freeze({ client }, sockets, faults) {
    if (client === undefined) faults.freezesNewcomers = true;
    return forEach(sockets, (socket) => socket.freeze());
  },

  unfreeze({ client }, sockets, faults) {
    if (client === undefined) faults.freezesNewcomers = false;
    return forEach(sockets, (socket) => socket.unfreeze());
  },

  'delay-authenticate': ({ ms }, sockets, faults) => {
    if (!isCount(ms) || ms > 600_000) throw new Refusal('ms is no number from 0 to 600000');
    faults.authenticateDelay = ms;
    return 0;
  },

  'refuse-authenticate': ({ count = 1, text = 'JWT refused by a test' }, sockets, faults) => {
    if (!isCount(count)) throw new Refusal('count is no number');
    if (typeof text !== 'string' || text === '') throw new Refusal('text is missing');
    faults.refusals = { count, text };
    return 0;
  },

  'client-ids': ({ ids }, sockets, faults) => {
    const isList = Array.isArray(ids) && ids.every((id) => typeof id === 'string' && id !== '');
    if (!isList) throw new Refusal('ids is no list of strings');
    faults.clientIds = ids;
    return 0;
  },

  reset(order, sockets, faults) {
    Object.assign(faults, new Faults());
    return forEach(sockets, (socket) => socket.unfreeze());
  },
};

async function readOrder(request) {
  const body = await readBody(request);
  if (body.length === 0) return {};
  const order = decodeJson(body);
  if (!isObject(order)) throw new Refusal('Send an object');
  return order;
}

function forEach(sockets, change) {
  sockets.forEach(change);
  return sockets.length;
}

function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}
