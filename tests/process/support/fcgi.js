// SPDX-License-Identifier: MIT
// A FastCGI client that can also misbehave: it builds records (FastCGI 1.0, sections 3 and 8), sends
// any bytes at any moment, and parses what comes back.

import { connect as connectSocket } from 'node:net';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { patience, soon } from './until.js';

export const type = {
  begin: 1, abort: 2, end: 3, params: 4, stdin: 5, stdout: 6, stderr: 7, data: 8,
  getValues: 9, getValuesResult: 10, unknown: 11,
};
export const role = { responder: 1, authorizer: 2, filter: 3 };
export const protocolStatus = { complete: 0, cantMultiplex: 1, overloaded: 2, unknownRole: 3 };

export function record(kind, content = '', { id = 1, padding = 0, version = 1 } = {}) {
  const bytes = Buffer.from(content);
  const header = Buffer.from([version, kind, id >> 8, id & 255, bytes.length >> 8, bytes.length & 255, padding, 0]);
  return Buffer.concat([header, bytes, Buffer.alloc(padding, 0xaa)]);
}

function length(size) {
  if (size < 128) return Buffer.from([size]);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((size | 0x80000000) >>> 0);
  return bytes;
}

/** Name-value pairs; given as an object, or as an array of pairs where names repeat. */
export function pairs(values) {
  const entries = Array.isArray(values) ? values : Object.entries(values);
  return Buffer.concat(entries.flatMap(([name, value]) => {
    const [nameBytes, valueBytes] = [Buffer.from(name), Buffer.from(value)];
    return [length(nameBytes.length), length(valueBytes.length), nameBytes, valueBytes];
  }));
}

export function begin({ id = 1, keep = true, as = role.responder } = {}) {
  return record(type.begin, Buffer.from([as >> 8, as & 255, keep ? 1 : 0, 0, 0, 0, 0, 0]), { id });
}

/** A stream of records with its end, cut into pieces of at most `piece` bytes. */
export function stream(kind, content, { id = 1, piece = 65535, padding = 0 } = {}) {
  const bytes = Buffer.from(content);
  const records = [];
  for (let at = 0; at < bytes.length; at += piece) {
    records.push(record(kind, bytes.subarray(at, at + piece), { id, padding }));
  }
  return Buffer.concat([...records, record(kind, '', { id })]);
}

/** What a web server sends for a good request; `params` replaces and adds, undefined leaves out. */
export function parameters(params = {}, body = '') {
  const all = {
    REQUEST_METHOD: 'POST',
    QUERY_STRING: '',
    CONTENT_TYPE: 'application/x-www-form-urlencoded',
    CONTENT_LENGTH: String(Buffer.byteLength(body)),
    ...params,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** All records of one request. */
export function request({ params, body = 'clientID=bcI:GPhz6A2T', id = 1, keep = true, ...how } = {}) {
  return Buffer.concat([
    begin({ id, keep }),
    stream(type.params, Array.isArray(params) ? pairs(params) : pairs(parameters(params, body)), { id }),
    stream(type.stdin, body, { id, ...how }),
  ]);
}

/** The whole records at the front of `bytes`. */
export function readRecords(bytes) {
  const records = [];
  let rest = bytes;
  while (rest.length >= 8) {
    const size = rest.readUInt16BE(4);
    const whole = 8 + size + rest[6];
    if (rest.length < whole) break;
    records.push({ version: rest[0], type: rest[1], id: rest.readUInt16BE(2), content: rest.subarray(8, 8 + size) });
    rest = rest.subarray(whole);
  }
  return records;
}

/** Name-value pairs of a GET_VALUES_RESULT, with short lengths only. */
export function readPairs(content) {
  const found = [];
  for (let at = 0; at < content.length;) {
    const [nameSize, valueSize] = [content[at], content[at + 1]];
    const name = content.toString('latin1', at + 2, at + 2 + nameSize);
    at += 2 + nameSize + valueSize;
    found.push([name, content.toString('latin1', at - valueSize, at)]);
  }
  return found;
}

/** A CGI answer (RFC 3875 6) in its parts; header names in lower case. */
export function parseAnswer(bytes) {
  const text = Buffer.from(bytes).toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) throw new Error(`no header block in ${JSON.stringify(text)}`);
  const headers = {};
  for (const line of text.slice(0, end).split('\r\n')) {
    const colon = line.indexOf(': ');
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 1 || name in headers) throw new Error(`bad or repeated header ${JSON.stringify(line)}`);
    headers[name] = line.slice(colon + 2);
  }
  return { status: Number(headers.status?.slice(0, 3)), headers, body: text.slice(end + 4) };
}

// A test that fails leaves its connections open, which must not keep its file from ending.
const open = new Set();
after(() => {
  for (const peer of open) peer.close();
});

/** One connection to a FastCGI server. */
export class Peer {
  received = Buffer.alloc(0);
  ended = false;
  error = undefined;
  #news = () => {};

  constructor(address) {
    // Half-open: that the server ends its side is something to observe, and no reason to end ours.
    this.socket = connectSocket({ ...address, allowHalfOpen: true });
    open.add(this);
    this.socket.on('close', () => open.delete(this));
    this.socket.on('error', (error) => { this.error = error; });
    this.socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.#news();
    });
    for (const event of ['end', 'close']) {
      this.socket.on(event, () => {
        this.ended = true;
        this.#news();
      });
    }
  }

  static async connect(address, deadline = performance.now() + patience) {
    const peer = new Peer(address);
    try {
      await new Promise((resolve, reject) => {
        peer.socket.once('connect', resolve);
        peer.socket.once('error', reject);
      });
    } catch (error) {
      // The queue of a UNIX socket is full, where one of TCP lets its peer wait.
      if (error.code !== 'EAGAIN' || performance.now() > deadline) throw error;
      await sleep(10);
      return Peer.connect(address, deadline);
    }
    peer.socket.setNoDelay?.(true);
    return peer;
  }

  /** Gives the bytes to the kernel. */
  write(bytes) {
    return new Promise((resolve) => { this.socket.write(bytes, () => resolve()); });
  }

  close() {
    this.socket.destroy();
  }

  get records() {
    return readRecords(this.received);
  }

  /** Waits for the end of a request, and takes its records off what was received. */
  async answer({ within } = {}) {
    await this.until('END_REQUEST', () => this.ended || this.records.some(({ type: kind }) => kind === type.end), within);
    const { records } = this;
    const last = records.findIndex(({ type: kind }) => kind === type.end);
    if (last < 0) throw new Error(`the connection ended without an answer${this.error ? `: ${this.error.message}` : ''}`);
    const mine = records.slice(0, last + 1);
    this.#forget(mine.length);
    const joined = (kind) => Buffer.concat(mine.filter((one) => one.type === kind).map(({ content }) => content));
    const end = mine[last].content;
    return {
      id: mine[last].id,
      appStatus: end.readUInt32BE(0),
      protocolStatus: end[4],
      stderr: joined(type.stderr).toString(),
      stdout: joined(type.stdout),
      ...(joined(type.stdout).length ? parseAnswer(joined(type.stdout)) : {}),
    };
  }

  #forget(count) {
    let rest = this.received;
    for (let i = 0; i < count; i++) rest = rest.subarray(8 + rest.readUInt16BE(4) + rest[6]);
    this.received = Buffer.from(rest);
  }

  /** Sends a request and waits for its answer. */
  async ask(options) {
    await this.write(request(options));
    return this.answer(options);
  }

  untilEnded(within) {
    return this.until('the end of the connection', () => this.ended, within);
  }

  /** Waits for a condition on what was received, which it asks whenever something is. */
  async until(what, condition, within) {
    const done = async () => {
      while (!condition()) await new Promise((resolve) => { this.#news = resolve; });
    };
    await soon(what, done(), within);
  }
}

/** One request over a connection of its own. */
export async function ask(address, options = {}) {
  const peer = await Peer.connect(address);
  try {
    return await peer.ask({ keep: false, ...options });
  } finally {
    peer.close();
  }
}
