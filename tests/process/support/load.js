// SPDX-License-Identifier: MIT
// Clients that ask over and over. What they wait for at the end counts, too: a program that measures
// finished requests only does not see those that hang.

import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { until } from './until.js';

/** What became of the requests of one run. */
class Tally {
  answered = 0;
  failed = [];
  longest = 0;
  /** How long this process itself was kept from running, at most: nobody's fault but the machine's. */
  lag = 0;

  add(took, failure) {
    this.longest = Math.max(this.longest, took);
    if (failure === undefined) this.answered += 1;
    else this.failed.push(failure);
  }
}

async function client(ask, tally, stopped) {
  while (!stopped()) {
    const start = performance.now();
    let failure;
    try {
      failure = await ask();
    } catch (error) {
      failure = error.message;
    }
    tally.add(performance.now() - start, failure);
  }
}

/**
 * Starts `clients` that call `ask` again and again; it gives (or throws) what went wrong, or undefined.
 * stop() waits for all of them, so that the longest wait includes the requests under way. They end with
 * the test `t` at the latest.
 */
export function startLoad(t, clients, ask) {
  const tally = new Tally();
  const lag = monitorEventLoopDelay({ resolution: 10 });
  lag.enable();
  let stopping = false;
  t.after(() => { stopping = true; });
  const all = Array.from({ length: clients }, () => client(ask, tally, () => stopping));
  return {
    tally,
    /** Waits until so many more requests were answered. */
    async more(count) {
      const goal = tally.answered + count;
      await until(`${goal} answers`, () => tally.answered >= goal || tally.failed.length > 0);
    },
    async stop() {
      stopping = true;
      await Promise.all(all);
      lag.disable();
      tally.lag = lag.max / 1e6;
      return tally;
    },
  };
}

/** In words, for a test's diagnostic. */
function describe({ answered, failed, longest, lag }) {
  return `${answered} answered, ${failed.length} failed, longest wait ${longest.toFixed(0)} ms, of them ours up to ${lag.toFixed(0)} ms`;
}

/** Asserts that every request was answered, and none was left waiting for a time-out. */
export function assertNoneFailed(t, tally, longest = 3000) {
  t.diagnostic(describe(tally));
  assert.ok(tally.longest - tally.lag < longest, `one waited ${tally.longest} ms`);
  assert.deepEqual([...new Set(tally.failed)], [], `${tally.failed.length} failed`);
}
