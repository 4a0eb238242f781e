// SPDX-License-Identifier: MIT
// Waiting for a condition, never for a time.

import { setTimeout as sleep } from 'node:timers/promises';

/** How long a test waits for what is certain to come, on however busy a machine: milliseconds. */
export const patience = 60_000;

/** Asks `condition` until it gives something true, and gives that back; an error counts as not yet. */
export async function until(what, condition, { within = patience } = {}) {
  const deadline = performance.now() + within;
  let reason;
  do {
    try {
      const value = await condition();
      if (value) return value;
    } catch (error) {
      reason = error;
    }
    await sleep(10);
  } while (performance.now() < deadline);
  throw new Error(`waited ${within} ms in vain: ${what}${reason ? ` (${reason.message})` : ''}`, { cause: reason });
}

/** The value of `promise`, or an error if it takes longer than `within` milliseconds. */
export async function soon(what, promise, within = patience) {
  const stop = new AbortController();
  const late = sleep(within, undefined, { signal: stop.signal, ref: true }).then(() => {
    throw new Error(`waited ${within} ms in vain: ${what}`);
  }, () => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    stop.abort();
  }
}
