// SPDX-License-Identifier: MIT
// Names that the service gives out, and how they look in a log.

import { randomInt } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A new client id in the shape that the hosted service uses: `bcI:GPhz6A2T`. */
export function makeClientId() {
  return `${random(3)}:${random(8)}`;
}

/** A new message id. */
export function makeMessageId() {
  return random(10);
}

/** A client id as logs show it: enough to follow a connection, too little to pose as it. */
export function shorten(clientId) {
  return `${clientId.slice(0, 3)}…`;
}

/** `text` with every client id in it shortened: rooms and patterns are made of them. */
export function shortenAll(text) {
  return text.replace(/([A-Za-z0-9]{1,3})[A-Za-z0-9.+\\]*:[A-Za-z0-9.+\\]+/g, '$1…');
}

function random(length) {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
