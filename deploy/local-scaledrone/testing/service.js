// SPDX-License-Identifier: MIT
// A service for one test, and the tokens for it.

import { CompactSign, SignJWT } from 'jose';

import { Service } from '../lib/service.js';

export const channelId = 'pXK3yq7Zb0aLmN4d';
export const secret = Buffer.from('k3Jq8vZ1mX5tB7nR2wY9cL4hD6fS0gPa');

/** Starts a service that ends with the test `t`; gives its addresses and its log. */
export async function startService(t, options = {}) {
  const lines = [];
  const log = (line) => lines.push(line);
  const service = new Service({ channelId, secret, log, ...options });
  const url = await service.listen();
  t.after(() => service.close());
  return { url, socketUrl: `${url.replace('http', 'ws')}/v3/websocket`, lines };
}

/** The claims of a chat's token: one public room, and one room for each person's post. */
export function chatClaims(clientId, others = {}) {
  return {
    client: clientId,
    channel: channelId,
    exp: inSeconds(180),
    data: { name: 'autumn_frog', color: '#146b3a' },
    permissions: {
      '^observable-room$': { publish: true, subscribe: true, history: 50 },
      [`^private-room-${clientId}$`]: { publish: false, subscribe: true },
      [`^private-room-(?!${clientId}$).+$`]: { publish: true, subscribe: false },
    },
    ...others,
  };
}

/** Signs `claims`; a claim that is undefined is left out. */
export function sign(claims, { key = secret, header = { alg: 'HS256', typ: 'JWT' } } = {}) {
  return new SignJWT(claims).setProtectedHeader(header).sign(key);
}

/** Signs any text as if it were claims. */
export function signText(text) {
  const bytes = new TextEncoder().encode(text);
  return new CompactSign(bytes).setProtectedHeader({ alg: 'HS256' }).sign(secret);
}

/** A token as an attacker writes it: nothing signs it. */
export function writeUnsigned(header, claims, signature = '') {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)));
  return [...parts.map((part) => part.toString('base64url')), signature].join('.');
}

/** Unix seconds, that far from now. */
export function inSeconds(seconds) {
  return Math.floor(Date.now() / 1000) + seconds;
}
