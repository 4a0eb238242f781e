// SPDX-License-Identifier: MIT
// What a token's `permissions` allow. Each key is a regular expression that is searched in the
// room's name without anchors; each value says what may be done in the rooms that it finds.

import { shortenAll } from './ids.js';
import { isObject } from './json.js';

/** The ways to read several rules that match one room. */
export const permissionOrders = ['all', 'last'];

/** What a client may do where no token is asked for. */
export const everything = Object.freeze({
  canPublish: () => true,
  canSubscribe: () => true,
  historyLimit: () => Infinity,
});

/** What a client may do before its token was accepted. */
export const nothing = Object.freeze({
  canPublish: () => false,
  canSubscribe: () => false,
  historyLimit: () => 0,
});

/**
 * The permissions of one token. With the order `all`, every rule that matches a room must allow
 * (and the smallest history counts), which does not depend on the order of JSON's keys; with
 * `last`, the last one decides alone. A room that no rule matches is closed.
 */
export class Permissions {
  #rules;
  #patterns = null;
  #order;
  #warn;
  #hasWarned = false;

  /** `rules` is the claim; `warn` is told about what the token's author should know. */
  constructor(rules, { order = 'all', warn = () => {} } = {}) {
    this.#rules = Object.entries(rules);
    this.#order = order;
    this.#warn = warn;
  }

  canPublish(room) {
    return this.#decide(room).publish;
  }

  canSubscribe(room) {
    return this.#decide(room).subscribe;
  }

  /** How many messages of the past a subscriber may ask for. */
  historyLimit(room) {
    return this.#decide(room).history;
  }

  #decide(room) {
    const matches = this.#compiled()
      .filter(({ pattern }) => pattern?.test(room))
      .map(({ rule }) => readRule(rule));
    if (matches.length === 0) return readRule(null);
    this.#warnOfDisagreement(room, matches);
    if (this.#order === 'last') return matches.at(-1);
    return {
      publish: matches.every(({ publish }) => publish),
      subscribe: matches.every(({ subscribe }) => subscribe),
      history: Math.min(...matches.map(({ history }) => history)),
    };
  }

  // Compiled when first needed: a bad pattern spoils its own rule and not the authentication.
  #compiled() {
    this.#patterns ??= this.#rules.map(([source, rule]) => {
      return { pattern: this.#compile(source), rule };
    });
    return this.#patterns;
  }

  // Without the flag "u", under which an escaped punctuation mark such as "\:" is an error.
  #compile(source) {
    try {
      return new RegExp(source);
    } catch {
      const shown = JSON.stringify(shortenAll(source));
      this.#warn(`the pattern ${shown} is no regular expression; it matches nothing`);
      return null;
    }
  }

  #warnOfDisagreement(room, [first, ...others]) {
    if (this.#hasWarned || others.every((other) => isSame(first, other))) return;
    this.#hasWarned = true;
    const reading = this.#order === 'all' ? 'all must allow' : 'the last one decides';
    this.#warn(`rules disagree about the room ${shortenAll(room)}; here ${reading}, ` +
      'and how the hosted service decides is not documented');
  }
}

/** A rule with its defaults: whatever is not said is not allowed. */
function readRule(rule) {
  const { publish, subscribe, history } = isObject(rule) ? rule : {};
  return {
    publish: publish === true,
    subscribe: subscribe === true,
    history: typeof history === 'number' ? Math.max(0, Math.floor(history)) : 0,
  };
}

function isSame(a, b) {
  return a.publish === b.publish && a.subscribe === b.subscribe && a.history === b.history;
}
