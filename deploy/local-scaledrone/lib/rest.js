// SPDX-License-Identifier: MIT
// The REST API of one channel: servers publish and ask who is there.

import { createHash, timingSafeEqual } from 'node:crypto';

import { requireRoomName } from './channel.js';
import { readBody, sendJson } from './http.js';
import { decodeJson, decodeText } from './json.js';
import { everything } from './permissions.js';
import { Refusal } from './refusal.js';

const anyRoom = Symbol('any room');

// The first that fits answers, so a literal stands before a room that is called the same.
const routes = [
  { method: 'POST', path: ['publish', 'rooms'], run: publishToMany },
  { method: 'POST', path: [anyRoom, 'publish'], run: publishToOne },
  { method: 'GET', path: ['stats'], run: ({ channel }) => ({ users_count: channel.userCount }) },
  { method: 'GET', path: ['members'], run: ({ channel }) => channel.memberIds() },
  { method: 'GET', path: ['rooms'], run: ({ channel }) => channel.rooms() },
  { method: 'GET', path: ['room-members'], run: ({ channel }) => membersByRoom(channel) },
  { method: 'GET', path: [anyRoom, 'members'], run: membersOfRoom },
];

/** Answers `/{channel}/...`. */
export class Rest {
  #channelId;
  #channel;
  #verifier;
  #requireAuth;
  #credentials;

  constructor({ channelId, secret, requireAuth, channel, verifier }) {
    this.#channelId = channelId;
    this.#channel = channel;
    this.#verifier = verifier;
    this.#requireAuth = requireAuth;
    this.#credentials = Buffer.concat([Buffer.from(`${channelId}:`), secret]);
  }

  /** Answers a request for `path` (decoded segments) and `query`. Throws a Refusal. */
  async handle(request, response, path, query) {
    const [channelId, ...callPath] = path;
    if (channelId !== this.#channelId) throw new Refusal('Channel not found', 404);
    const route = findRoute(request.method, callPath, response);
    const permissions = await this.#authorize(request.headers.authorization);
    const call = { channel: this.#channel, path: callPath, query, permissions, request };
    sendJson(response, 200, await route.run(call));
  }

  /** The permissions of the caller: all of them for who has the secret, else the token's. */
  async #authorize(authorization = '') {
    if (!this.#requireAuth) return everything;
    const [scheme, value = ''] = authorization.trim().split(/ +/);
    if (scheme.toLowerCase() === 'basic' && this.#isSecret(Buffer.from(value, 'base64'))) {
      return everything;
    }
    if (scheme.toLowerCase() === 'bearer') {
      return (await this.#verifier.verifyForRest(value)).permissions;
    }
    throw new Refusal('Unauthorized', 401);
  }

  // Of the hashes, because they have one length whatever was sent.
  #isSecret(credentials) {
    return timingSafeEqual(sha256(credentials), sha256(this.#credentials));
  }
}

function publishToMany(call) {
  return publish(call, call.query.getAll('r'));
}

function publishToOne(call) {
  return publish(call, [call.path[0]]);
}

/** Sends one message to each room, or to none when one of them is refused. */
async function publish({ channel, permissions, request }, rooms) {
  if (rooms.length === 0) throw new Refusal('Room name is missing');
  for (const room of rooms) {
    if (!permissions.canPublish(requireRoomName(room))) throw new Refusal('Unauthorized', 403);
  }
  const message = await readMessage(request);
  for (const room of new Set(rooms)) channel.publish(room, message);
  return {};
}

function membersOfRoom({ channel, path: [room] }) {
  return channel.memberIdsIn(room);
}

// Not by assignment, which would take a room named "__proto__" for something else.
function membersByRoom(channel) {
  return Object.fromEntries(channel.rooms().map((room) => [room, channel.memberIdsIn(room)]));
}

/** The body: a JSON value where the content type says so, otherwise a text. */
async function readMessage(request) {
  const body = await readBody(request);
  if (body.length === 0) throw new Refusal('Message is missing');
  const [mediaType] = (request.headers['content-type'] ?? '').split(';');
  const isJson = mediaType.trim().toLowerCase() === 'application/json';
  return isJson ? decodeJson(body) : decodeText(body);
}

function findRoute(method, path, response) {
  const found = routes.filter((route) => route.path.length === path.length &&
    route.path.every((part, index) => part === anyRoom || part === path[index]));
  const route = found.find((candidate) => candidate.method === method);
  if (route) return route;
  if (found.length === 0) throw new Refusal('Not found', 404);
  response.setHeader('Allow', found[0].method);
  throw new Refusal('Method not allowed', 405);
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest();
}
