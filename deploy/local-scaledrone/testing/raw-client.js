// SPDX-License-Identifier: MIT
// A bare WebSocket, for what the vendor's client would not send or not show.

import { once } from 'node:events';

import { WebSocket } from 'ws';

import { Inbox } from './inbox.js';
import { channelId, chatClaims, sign } from './service.js';

/** Sends whatever it is told to; every frame that it receives must be JSON. */
export class RawClient {
  id;
  #ws;
  #inbox = new Inbox();
  #codes = new Inbox();
  #callback = 0;

  static async open(t, socketUrl) {
    const client = new RawClient(new WebSocket(socketUrl));
    t.after(() => client.#ws.terminate());
    await once(client.#ws, 'open');
    return client;
  }

  /** A client after its handshake. */
  static async enter(t, socketUrl) {
    const client = await RawClient.open(t, socketUrl);
    ({ client_id: client.id } = await client.ask({ type: 'handshake', channel: channelId }));
    return client;
  }

  /** A client that has presented a chat's token, or the one with these `claims`. */
  static async enterWith(t, socketUrl, claims = {}) {
    const client = await RawClient.enter(t, socketUrl);
    const token = await sign(chatClaims(client.id, claims));
    const { error } = await client.ask({ type: 'authenticate', token });
    if (error) throw new Error(error);
    return client;
  }

  /** Two clients with a chat's tokens, who came in this order. */
  static async enterPair(t, socketUrl) {
    const first = await RawClient.enterWith(t, socketUrl);
    return [first, await RawClient.enterWith(t, socketUrl)];
  }

  constructor(ws) {
    this.#ws = ws;
    ws.on('close', (code) => this.#codes.push(code));
    ws.on('message', (bytes) => this.#inbox.push(JSON.parse(bytes)));
  }

  /** Sends an object as JSON, and a string or bytes as they are. */
  send(frame) {
    const isRaw = typeof frame === 'string' || Buffer.isBuffer(frame);
    this.#ws.send(isRaw ? frame : JSON.stringify(frame));
  }

  /** Sends a text frame whose bytes are no text. */
  sendBrokenText() {
    this.#ws.send(Buffer.from([0xff]), { binary: false });
  }

  /** Sends `frame` with a callback number; gives the answer to it. */
  ask(frame) {
    const callback = this.#callback++;
    this.send({ ...frame, callback });
    return this.#inbox.next((answer) => answer.callback === callback);
  }

  /** The next frame, whatever it is. */
  next() {
    return this.#inbox.next();
  }

  /** Waits for the end of the connection; gives the code. */
  waitForClose() {
    return this.#codes.next();
  }

  get hasNothing() {
    return this.#inbox.isEmpty;
  }

  /** Everything that the service sent before it answers one more frame. */
  async drain() {
    const frames = [];
    const callback = this.#callback++;
    this.send({ type: 'unsubscribe', room: 'no-such-room', callback });
    for (;;) {
      const frame = await this.next();
      if (frame.callback === callback) return frames;
      frames.push(frame);
    }
  }

  /** Stops reading, so that what is sent to it piles up. */
  stopReading() {
    this.#ws.pause();
  }

  close(code, reason) {
    this.#ws.close(code, reason);
  }
}
