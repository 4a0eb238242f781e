// SPDX-License-Identifier: MIT
// Tokens, checked as the service documents them and with a library that shares no code with
// roomkey. The checks run in a fixed order, so that each bad token has one predictable answer.

import { compactVerify } from 'jose';

import { decodeJson, isObject } from './json.js';
import { Permissions } from './permissions.js';
import { Refusal } from './refusal.js';

// As seconds this lies in the year 5138, as milliseconds in 1973: a larger `exp` was meant in
// milliseconds, and would keep the token valid for some 50,000 years.
const largestPlausibleExp = 1e11;

/** Checks tokens of one channel. */
export class TokenVerifier {
  #channelId;
  #secret;
  #strictExp;
  #permissionOrder;
  #now;
  #warn;

  /**
   * `secret` holds the raw bytes of the key. `now` gives milliseconds. With `strictExp` an `exp`
   * in milliseconds is refused, otherwise `warn` is told of it.
   */
  constructor({ channelId, secret, strictExp, permissionOrder, now = Date.now, warn }) {
    this.#channelId = channelId;
    this.#secret = secret;
    this.#strictExp = strictExp;
    this.#permissionOrder = permissionOrder;
    this.#now = now;
    this.#warn = warn;
  }

  /**
   * What a token gives to the connection `clientId`: its `permissions`, and `data`, which others
   * see as `authData`. Throws a Refusal that names the first check that failed.
   */
  async verifyForSocket(token, clientId) {
    const claims = await this.#verifyCommon(token);
    if (claims.client !== clientId) throw refuse('JWT client does not match');
    return this.#accept(claims);
  }

  /** The same for a REST call, which has no connection: the token must not name one. */
  async verifyForRest(token) {
    const claims = await this.#verifyCommon(token);
    if (claims.client !== undefined) throw refuse('JWT client must not be set for REST');
    return this.#accept(claims);
  }

  async #verifyCommon(token) {
    const { header, claims } = decode(token);
    if (header.alg !== 'HS256') throw refuse('JWT algorithm is not HS256');
    await this.#requireSignature(token);
    this.#requireFutureExp(claims.exp);
    if (claims.channel !== this.#channelId) throw refuse('JWT channel does not match');
    return claims;
  }

  async #requireSignature(token) {
    try {
      await compactVerify(token, this.#secret, { algorithms: ['HS256'] });
    } catch {
      throw refuse('JWT signature is invalid');
    }
  }

  #requireFutureExp(exp) {
    if (exp === undefined) throw refuse('JWT exp is missing');
    if (!Number.isFinite(exp)) throw refuse('JWT exp is not a number');
    if (exp > largestPlausibleExp) this.#meetMilliseconds();
    if (exp <= this.#now() / 1000) throw refuse('JWT has expired');
  }

  #meetMilliseconds() {
    if (this.#strictExp) throw refuse('JWT exp is in milliseconds');
    this.#warn('WARNING: a token has its exp in milliseconds. Read as seconds, as the service ' +
      'does, it does not expire in this age. Divide it by 1000');
  }

  #accept({ permissions, data }) {
    if (!isObject(permissions)) throw refuse('JWT permissions is not an object');
    const options = { order: this.#permissionOrder, warn: this.#warn };
    return { permissions: new Permissions(permissions, options), data };
  }
}

function decode(token) {
  const parts = typeof token === 'string' ? token.split('.') : [];
  if (parts.length !== 3) throw refuse('JWT does not have 3 parts');
  // Decoders skip what is no base64url; a skipped character would be an unsigned difference.
  if (!parts.every((part) => /^[A-Za-z0-9_-]*$/.test(part))) throw refuse('JWT is malformed');
  const [header, claims] = parts.slice(0, 2).map(decodePart);
  return { header, claims };
}

function decodePart(part) {
  try {
    const value = decodeJson(Buffer.from(part, 'base64url'));
    if (isObject(value)) return value;
  } catch {
    // The same answer as for a part that holds no object.
  }
  throw refuse('JWT is malformed');
}

function refuse(message) {
  return new Refusal(message, 401);
}
