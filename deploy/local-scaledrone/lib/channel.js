// SPDX-License-Identifier: MIT
// The state of one channel: who is in which room, and what each of them is told. It knows neither
// sockets nor permissions: a member is anything with `id`, `authData`, `clientData` and
// `send(text)`.

import { History } from './history.js';
import { makeMessageId } from './ids.js';
import { Refusal } from './refusal.js';

const maxRoomNameLength = 255;
const maxRoomsPerMember = 1000;

/** Returns `room`, or throws a Refusal when it cannot name a room. */
export function requireRoomName(room) {
  if (typeof room !== 'string' || room === '') throw new Refusal('Room name is missing');
  if (room.length > maxRoomNameLength) throw new Refusal('Room name is too long');
  // "$" means different things before a final newline in Perl and in JavaScript: no such names.
  if (/\p{Cc}/u.test(room)) throw new Refusal('Room name has control characters');
  return room;
}

/** Only rooms with this prefix tell their members about each other. */
function isObservable(room) {
  return room.startsWith('observable-');
}

/** A member as others see it; what was never given is left out. */
function present({ id, authData, clientData }) {
  return { id, authData, clientData };
}

/** Whatever it sends, all members of a room receive in the same order. */
export class Channel {
  #roomsOf = new Map(); // member -> set of room names; holds every connected client
  #membersOf = new Map(); // room name -> set of members; holds no empty room
  #history;
  #now;

  /** `now` gives milliseconds, as Date.now does. Without `history` no message is kept. */
  constructor({ history = false, now = Date.now } = {}) {
    this.#history = history ? new History() : null;
    this.#now = now;
  }

  /** Counts `member` as a user of the channel; it is in no room yet. */
  enter(member) {
    this.#roomsOf.set(member, new Set());
  }

  /** Takes `member` out of its rooms and out of the channel. */
  leave(member) {
    for (const room of this.#roomsOf.get(member) ?? []) this.unsubscribe(member, room);
    this.#roomsOf.delete(member);
  }

  /** Throws a Refusal when `member` cannot take one more room. */
  requireSpace(member, room) {
    const rooms = this.#roomsOf.get(member);
    if (!rooms.has(room) && rooms.size >= maxRoomsPerMember) {
      throw new Refusal('Room limit exceeded');
    }
  }

  /**
   * Puts `member` into `room`, tells it who is there (itself included) and the others that it
   * came. A second time it is told again, and nobody else is.
   */
  subscribe(member, room) {
    const isNew = !this.#roomsOf.get(member).has(room);
    this.#roomsOf.get(member).add(room);
    if (!this.#membersOf.has(room)) this.#membersOf.set(room, new Set());
    this.#membersOf.get(room).add(member);
    if (!isObservable(room)) return;
    const data = [...this.#membersOf.get(room)].map(present);
    member.send(JSON.stringify({ type: 'observable_members', room, data }));
    if (isNew) this.#announce('observable_member_join', room, member);
  }

  /** Takes `member` out of `room` and tells the others; nothing happens when it was not in. */
  unsubscribe(member, room) {
    if (!this.#roomsOf.get(member)?.delete(room)) return;
    const members = this.#membersOf.get(room);
    members.delete(member);
    if (members.size === 0) this.#membersOf.delete(room);
    else if (isObservable(room)) this.#announce('observable_member_leave', room, member);
  }

  /** Sends `message` to everybody in `room`. A message over REST has no author. */
  publish(room, message, author = null) {
    const entry = {
      room,
      message,
      client_id: author?.id,
      id: makeMessageId(),
      timestamp: Math.floor(this.#now() / 1000),
    };
    this.#history?.add(room, entry);
    const text = JSON.stringify({ type: 'publish', ...entry });
    for (const member of this.#membersOf.get(room) ?? []) member.send(text);
  }

  /** Sends the newest `count` messages of `room` to `member`, the oldest of them as index 0. */
  replay(member, room, count) {
    const entries = this.#history?.newest(room, count) ?? [];
    entries.forEach((entry, index) => {
      member.send(JSON.stringify({ type: 'history_message', ...entry, index }));
    });
  }

  /** The number of connected clients, whether in a room or not. */
  get userCount() {
    return this.#roomsOf.size;
  }

  /** The rooms `member` is in. */
  roomsOf(member) {
    return [...(this.#roomsOf.get(member) ?? [])];
  }

  /** The ids of those who are in at least one room. */
  memberIds() {
    return [...this.#roomsOf].filter(([, rooms]) => rooms.size > 0).map(([{ id }]) => id);
  }

  /** The rooms that somebody is in. */
  rooms() {
    return [...this.#membersOf.keys()];
  }

  /** The ids of those in `room`; none for a room that nobody is in. */
  memberIdsIn(room) {
    return [...(this.#membersOf.get(room) ?? [])].map(({ id }) => id);
  }

  #announce(type, room, member) {
    const text = JSON.stringify({ type, room, data: present(member) });
    for (const other of this.#membersOf.get(room)) {
      if (other !== member) other.send(text);
    }
  }
}
