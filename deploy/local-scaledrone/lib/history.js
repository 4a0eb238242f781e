// SPDX-License-Identifier: MIT
// The messages that a channel remembers.

const maxPerRoom = 100; // the hosted service's limit
const maxRooms = 100; // ours: publishing to ever new rooms must not fill the memory

/** The newest messages of the rooms that were published to last. */
export class History {
  #rooms = new Map(); // in order of the last message, oldest first

  /** Remembers `entry` as the newest of `room`. */
  add(room, entry) {
    const entries = this.#rooms.get(room) ?? [];
    entries.push(entry);
    if (entries.length > maxPerRoom) entries.shift();
    this.#rooms.delete(room);
    this.#rooms.set(room, entries);
    if (this.#rooms.size > maxRooms) this.#rooms.delete(this.#rooms.keys().next().value);
  }

  /** At most `count` entries of `room`: the newest ones, oldest first. */
  newest(room, count) {
    return count > 0 ? (this.#rooms.get(room) ?? []).slice(-count) : [];
  }
}
