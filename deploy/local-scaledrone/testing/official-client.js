// SPDX-License-Identifier: MIT
// The vendor's client for Node.js, with its events made awaitable.

import Scaledrone from 'scaledrone-node';

import { Inbox } from './inbox.js';
import { channelId, chatClaims, sign } from './service.js';

const roomEvents = [
  'open', 'members', 'member_join', 'member_leave', 'message', 'history_message',
];

/** A connected client that ends with the test `t`. Rejects when the handshake was refused. */
export async function openDrone(t, socketUrl, { channel = channelId, data = null } = {}) {
  const drone = new Scaledrone(channel, { url: socketUrl, data, autoReconnect: false });
  // The client rejects this promise of its own too when it reports an error to its listeners.
  for (const promise of Object.values(drone.eventPromises)) promise.catch(() => {});
  t.after(() => drone.close());
  const error = await nextEvent(drone, 'open');
  if (error) throw error;
  return drone;
}

/** Presents `token`. Rejects when it was refused. */
export async function authenticate(drone, token) {
  const answered = nextEvent(drone, 'authenticate');
  drone.authenticate(token);
  const error = await answered;
  if (error) throw error;
}

/** A client that is connected and has presented a chat's token with `name` in it. */
export async function openPerson(t, socketUrl, name) {
  const drone = await openDrone(t, socketUrl);
  await authenticate(drone, await sign(chatClaims(drone.clientId, { data: { name } })));
  return drone;
}

/** Subscribes; gives an inbox of `[event, value]` in the order in which the client told them. */
export function subscribe(drone, roomName, options) {
  const inbox = new Inbox();
  const room = drone.subscribe(roomName, options);
  for (const event of roomEvents) room.on(event, (value) => inbox.push([event, value]));
  return inbox;
}

/** The first argument of the next event `name`. */
export function nextEvent(emitter, name) {
  const inbox = new Inbox();
  emitter.once(name, (value) => inbox.push(value));
  return inbox.next();
}
