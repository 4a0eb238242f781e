// SPDX-License-Identifier: MIT
// One WebSocket: frames in, texts out, each in order and within limits. What they mean is the
// session's affair (session.js).

const maxFrameBytes = 64 * 1024;

/** What the WebSocket library collects for one frame before it gives up by itself (code 1009). */
export const maxPayload = 16 * maxFrameBytes;

// What waits for a slow peer, or for a slow answer of ours, must not grow without end. Each frame
// counts a little more than its bytes, because a million empty ones weigh something too.
const maxWaitingBytes = 16 * 1024 * 1024;
const frameOverhead = 100;

/** A WebSocket that hands its frames to a session, one at a time. */
export class Socket {
  #ws;
  #session;
  #log;
  #tail = Promise.resolve(); // settles when all that was received so far is handled
  #waitingBytes = 0;
  #isClosed = false;
  #isAlive = true;
  #frozen = null; // while frozen: what to send later, and the gate before what was received

  /**
   * The session gets `receive(bytes)` for a frame, the next one only after that promise settled;
   * `refuse(message)` for one that is too large; and `leave(code)` once, at the end.
   */
  constructor(ws, session, log) {
    this.#ws = ws;
    this.#session = session;
    this.#log = log;
    ws.on('message', (bytes) => this.#enqueue(bytes));
    ws.on('pong', () => { this.#isAlive = true; });
    ws.on('error', (error) => log(`a socket failed: ${error.message}`));
    ws.on('close', (code) => this.#end(code));
  }

  /** Sends `text`. A peer that does not read for too long is dropped. */
  send(text) {
    if (this.#frozen) this.#hold(text);
    else if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(text);
    if (this.#ws.bufferedAmount > maxWaitingBytes) this.drop();
  }

  /** Ends the connection politely. */
  close(code, reason) {
    this.#ws.close(code, reason);
  }

  /** Cuts the connection, which the peer sees as code 1006. */
  drop() {
    this.#ws.terminate();
  }

  /** Drops a peer that did not answer the last ping, and sends the next one. */
  ping() {
    if (!this.#isAlive) return this.drop();
    this.#isAlive = false;
    this.#ws.ping();
  }

  get isFrozen() {
    return this.#frozen !== null;
  }

  /** Neither handles nor sends anything until `unfreeze`, as a server that hangs. */
  freeze() {
    if (this.#frozen) return;
    this.#frozen = { texts: [], bytes: 0 };
    this.#frozen.gate = new Promise((resolve) => { this.#frozen.open = resolve; });
  }

  /** Sends and handles, in order, what was held. */
  unfreeze() {
    const frozen = this.#frozen;
    if (!frozen) return;
    this.#frozen = null;
    for (const text of frozen.texts) this.send(text);
    frozen.open();
  }

  #hold(text) {
    this.#frozen.texts.push(text);
    this.#frozen.bytes += text.length;
    if (this.#frozen.bytes > maxWaitingBytes) this.drop();
  }

  #enqueue(bytes) {
    const weight = bytes.length + frameOverhead;
    this.#waitingBytes += weight;
    if (this.#waitingBytes > maxWaitingBytes) return this.drop();
    this.#tail = this.#tail.then(async () => {
      await this.#frozen?.gate;
      if (!this.#isClosed) await this.#deliver(bytes);
      this.#waitingBytes -= weight;
    });
  }

  async #deliver(bytes) {
    if (bytes.length > maxFrameBytes) return this.#session.refuse('Message size limit exceeded');
    try {
      await this.#session.receive(bytes);
    } catch (error) {
      this.#log(`a frame met a defect of this program: ${error.stack}`);
      this.close(1011);
    }
  }

  #end(code) {
    this.#isClosed = true;
    this.#session.leave(code);
  }
}
