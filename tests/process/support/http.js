// SPDX-License-Identifier: MIT
// An HTTP client whose requests come from an address of their own in 127.0.0.0/8, since the site
// limits the requests of each address.

import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { once } from 'node:events';

import { patience } from './until.js';

let visitors = Math.floor(Math.random() * 60_000) * 250;

/** Another loopback address at each call; none ends in 0 or 255. */
export function visitor() {
  visitors = (visitors + 1) % (254 * 65_000);
  const network = Math.floor(visitors / 254) + 256;
  return `127.${network >> 8}.${network & 255}.${visitors % 254 + 1}`;
}

/** One request over a connection of its own; `chunked` sends the body without its length, `tls` are the options of TLS. */
export function send(port, path, { method = 'POST', headers = {}, body, chunked = false, host = '127.0.0.1', from = host === '::1' ? host : visitor(), tls, within = patience } = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined || chunked ? {} : { 'content-length': Buffer.byteLength(body) };
    const outgoing = (tls ? httpsRequest : httpRequest)({
      ...tls, host, port, path, method, agent: false, localAddress: from,
      headers: { ...length, ...headers },
    });
    outgoing.setTimeout(within, () => outgoing.destroy(new Error(`no answer within ${within} ms`)));
    outgoing.on('error', reject);
    outgoing.on('response', async (incoming) => {
      try {
        let text = '';
        for await (const piece of incoming.setEncoding('latin1')) text += piece;
        resolve({ status: incoming.statusCode, headers: incoming.headers, rawHeaders: incoming.rawHeaders, body: text });
      } catch (error) {
        reject(error);
      }
    });
    if (chunked) outgoing.setHeader('transfer-encoding', 'chunked');
    outgoing.end(body);
  });
}

/** A form's bytes as a browser sends them: its type and its body. */
export async function encode(form) {
  const response = new Response(form);
  return { headers: { 'content-type': response.headers.get('content-type') }, body: Buffer.from(await response.arrayBuffer()) };
}

export const urlencoded = (fields) => ({
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

/** Sends these bytes, and gives everything that comes back until the server closes. */
export async function sendRaw(port, bytes, from = visitor()) {
  const socket = connect({ host: '127.0.0.1', port, localAddress: from });
  const pieces = [];
  socket.on('data', (piece) => pieces.push(piece));
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(pieces).toString('latin1');
}
