// SPDX-License-Identifier: MIT
// Somebody who is in the chat without our page, and shows and says what no page of ours would.

import { once } from 'node:events';
import { createRequire } from 'node:module';

import { SignJWT } from 'jose';

import { channel, secret } from './stack.js';

const WebSocket = createRequire(new URL('../../deploy/local-scaledrone/package.json', import.meta.url))('ws');
const all = { '.*': { publish: true, subscribe: true, history: 100 } };

/** A token of ours with any claims, for the connection `client`. */
export function sign(client, claims, key = secret) {
  return new SignJWT({ client, channel, permissions: all, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime(claims.exp ?? '3m')
    .sign(new TextEncoder().encode(key));
}

export class Guest {
  #socket;
  #asked = 0;

  /** Comes to the public room with any `data` in the token, and any `clientData`. */
  static async visit(stack, { data, clientData = null, room = 'observable-room' } = {}) {
    const guest = new Guest();
    guest.#socket = new WebSocket(stack.realtime());
    await once(guest.#socket, 'open');
    const { client_id: id } = await guest.#ask({ type: 'handshake', channel, version: 2, client_data: clientData });
    guest.id = id;
    await guest.#ask({ type: 'authenticate', token: await sign(id, { data }) });
    await guest.#ask({ type: 'subscribe', room });
    return guest;
  }

  /** Sends any message. The service answers in order: what is published before an answer has arrived. */
  publish(message, room = 'observable-room') {
    this.#socket.send(JSON.stringify({ type: 'publish', room, message }));
  }

  async leave() {
    const closed = once(this.#socket, 'close');
    this.#socket.terminate();
    await closed;
  }

  #ask(frame) {
    const callback = this.#asked++;
    this.#socket.send(JSON.stringify({ ...frame, callback }));
    return new Promise((resolve, reject) => {
      const listen = (text) => {
        const answer = JSON.parse(text);
        if (answer.callback !== callback) return;
        this.#socket.off('message', listen);
        this.#socket.off('close', reject);
        if (answer.error) reject(new Error(answer.error));
        else resolve(answer);
      };
      this.#socket.on('message', listen);
      this.#socket.on('close', reject);
    });
  }
}
