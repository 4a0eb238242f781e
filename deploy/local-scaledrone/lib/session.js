// SPDX-License-Identifier: MIT
// One client's conversation in protocol v3: handshake, authenticate, subscribe, unsubscribe,
// publish. It receives bytes and sends texts, and knows nothing of sockets.

import { requireRoomName } from './channel.js';
import { shorten } from './ids.js';
import { decodeJson, isObject } from './json.js';
import { everything, nothing } from './permissions.js';
import { Refusal } from './refusal.js';

/** A member of the channel, from its first frame to its last. */
export class Session {
  id = null; // given by the handshake
  authData; // what the token said about the person
  clientData; // what the person said
  send;
  #service;
  #permissions;
  #isAuthenticated = false;

  /** `service` is what all sessions share (see Service); `send` takes one text. */
  constructor(service, send) {
    this.#service = service;
    this.#permissions = service.requireAuth ? nothing : everything;
    this.send = send;
  }

  get isAuthenticated() {
    return this.#isAuthenticated;
  }

  /** Handles one frame. Whatever it holds, the answer is a frame and not an exception. */
  async receive(bytes) {
    let frame = {};
    try {
      frame = requireFrame(decodeJson(bytes));
      await this.#perform(frame);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refuse(error.message, frame);
    }
  }

  /** Reports an error, as the answer to `frame` when that asked for one. */
  refuse(message, frame = {}) {
    this.#sendFrame({ ...answerTo(frame), error: message });
  }

  /** The connection is gone. */
  leave(code) {
    if (this.id === null) return;
    this.#service.channel.leave(this);
    this.#log(`left (${code})`);
  }

  async #perform(frame) {
    if (this.id === null && frame.type !== 'handshake') throw new Refusal('Handshake required');
    switch (frame.type) {
      case 'handshake': return this.#handshake(frame);
      case 'authenticate': return this.#authenticate(frame);
      case 'subscribe': return this.#subscribe(frame);
      case 'unsubscribe': return this.#unsubscribe(frame);
      case 'publish': return this.#publish(frame);
      default: throw new Refusal('Message type is unknown');
    }
  }

  #handshake(frame) {
    const { channelId, channel, faults, requireAuth } = this.#service;
    if (this.id !== null) throw new Refusal('Handshake is already done');
    if (frame.channel !== channelId) throw new Refusal('Channel not found');
    this.id = faults.nextClientId();
    this.clientData = frame.client_data ?? undefined;
    channel.enter(this);
    this.#log('connected');
    this.#confirm(frame, { client_id: this.id, require_auth: requireAuth });
  }

  // A later token replaces the permissions of an earlier one; a refused one changes nothing.
  async #authenticate(frame) {
    const { permissions, data } = await this.#checkToken(frame.token);
    if (this.#service.requireAuth) this.#permissions = permissions;
    this.authData = data;
    this.#isAuthenticated = true;
    this.#log('authenticated');
    this.#confirm(frame);
  }

  async #checkToken(token) {
    try {
      await this.#service.faults.beforeAuthenticate();
      return await this.#service.verifier.verifyForSocket(token, this.id);
    } catch (error) {
      this.#log(`was refused: ${error.message}`);
      throw error;
    }
  }

  // The order of the frames is reply, members, history: the reply opens the room at the client.
  #subscribe(frame) {
    const { channel } = this.#service;
    const room = requireRoomName(frame.room);
    if (!this.#permissions.canSubscribe(room)) throw new Refusal('Unauthorized');
    channel.requireSpace(this, room);
    this.#confirm(frame);
    channel.subscribe(this, room);
    channel.replay(this, room, Math.min(historyCount(frame), this.#permissions.historyLimit(room)));
  }

  #unsubscribe(frame) {
    this.#service.channel.unsubscribe(this, requireRoomName(frame.room));
    this.#confirm(frame);
  }

  #publish(frame) {
    const room = requireRoomName(frame.room);
    if (!this.#permissions.canPublish(room)) throw new Refusal('Unauthorized');
    if (frame.message === undefined) throw new Refusal('Message is missing');
    this.#service.channel.publish(room, frame.message, this);
    this.#confirm(frame);
  }

  #confirm(frame, fields = {}) {
    const answer = answerTo(frame);
    if (answer) this.#sendFrame({ ...answer, ...fields });
  }

  #sendFrame(frame) {
    this.send(JSON.stringify(frame));
  }

  #log(event) {
    this.#service.log(`${shorten(this.id)} ${event}`);
  }
}

function requireFrame(value) {
  if (!isObject(value)) throw new Refusal('Message is not an object');
  return value;
}

/** The start of an answer to `frame`, or null when it asked for none. The number 0 asks. */
function answerTo({ callback }) {
  return Number.isSafeInteger(callback) ? { callback } : null;
}

/** How much history is asked for; `history` is the field's old name. */
function historyCount({ history_count: count, history: oldCount }) {
  const asked = count ?? oldCount;
  return Number.isSafeInteger(asked) && asked > 0 ? asked : 0;
}
