// SPDX-License-Identifier: MIT
// What a client received, for a test to wait for.

// Milliseconds after which a test fails; one that passes never waits for it.
const patience = 30_000;

/** A queue that can be awaited. */
export class Inbox {
  #items = [];
  #waiting = null;

  push(item) {
    this.#items.push(item);
    this.#waiting?.();
  }

  /** The oldest item that `isWanted`, as soon as there is one. The others stay. */
  async next(isWanted = () => true) {
    const deadline = Date.now() + patience;
    for (;;) {
      const index = this.#items.findIndex(isWanted);
      if (index >= 0) return this.#items.splice(index, 1)[0];
      await this.#change(deadline);
    }
  }

  get isEmpty() {
    return this.#items.length === 0;
  }

  /** The next `count` items. */
  async take(count) {
    const items = [];
    while (items.length < count) items.push(await this.next());
    return items;
  }

  #change(deadline) {
    return new Promise((resolve, reject) => {
      const seen = JSON.stringify(this.#items);
      const late = new Error(`nothing came that was waited for, only ${seen}`);
      const timer = setTimeout(() => reject(late), deadline - Date.now());
      this.#waiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
