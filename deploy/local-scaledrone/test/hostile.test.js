// SPDX-License-Identifier: MIT
// Frames that a decent client would not send. Every answer must be JSON (the raw client parses
// each), and the service must go on serving.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Channel } from '../lib/channel.js';
import { RawClient } from '../testing/raw-client.js';
import { channelId, startService } from '../testing/service.js';

async function openAnybody(t, options) {
  const { socketUrl, ...rest } = await startService(t, { requireAuth: false, ...options });
  return { client: await RawClient.enter(t, socketUrl), socketUrl, ...rest };
}

for (const [name, frame, error] of [
  ['an empty frame', '', 'Invalid JSON'],
  ['half a frame', '{"type":', 'Invalid JSON'],
  ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'Text is not UTF-8'],
  ['null', 'null', 'Message is not an object'],
  ['a list', '[{"type":"publish"}]', 'Message is not an object'],
  ['a number', '7', 'Message is not an object'],
  ['no type', '{}', 'Message type is unknown'],
  ['a type that is no string', '{"type":{"a":1}}', 'Message type is unknown'],
  ['a type that is called like a method', '{"type":"constructor"}', 'Message type is unknown'],
  ['no room', '{"type":"publish","message":1}', 'Room name is missing'],
  ['an empty room', '{"type":"subscribe","room":""}', 'Room name is missing'],
  ['a room that is no string', '{"type":"subscribe","room":["r"]}', 'Room name is missing'],
  ['a huge room', JSON.stringify({ type: 'subscribe', room: 'r'.repeat(9000) }),
    'Room name is too long'],
  ['a room with a newline', '{"type":"subscribe","room":"r\\n"}',
    'Room name has control characters'],
  ['no message', '{"type":"publish","room":"r"}', 'Message is missing'],
  ['a huge frame', `"${'x'.repeat(64 * 1024)}"`, 'Message size limit exceeded'],
  ['deep nesting', `{"type":"publish","room":"r","message":${'['.repeat(9000)}${']'.repeat(9000)}}`,
    'JSON is nested too deeply'],
]) {
  test(`answers ${name} with an error, and goes on`, async (t) => {
    const { client, lines } = await openAnybody(t);
    client.send(frame);
    assert.deepEqual(await client.next(), { error });
    assert.equal((await client.ask({ type: 'subscribe', room: 'r' })).error, undefined);
    assert.ok(!lines.some((line) => line.includes('defect')), lines.join('\n'));
  });
}

test('answers to odd callbacks as if there were none', async (t) => {
  const { client } = await openAnybody(t);
  for (const callback of ['null', '"1"', 'true', '1.5', '1e999', '{}', '[0]']) {
    client.send(`{"type":"subscribe","callback":${callback}}`);
    assert.deepEqual(await client.next(), { error: 'Room name is missing' });
    client.send(`{"type":"unsubscribe","room":"r","callback":${callback}}`);
  }
  assert.deepEqual(await client.drain(), []);
});

test('rooms that are called like parts of an object are rooms like others', async (t) => {
  const { client } = await openAnybody(t, { history: true });
  for (const room of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    await client.ask({ type: 'subscribe', room });
    client.send({ type: 'publish', room, message: { room } });
    assert.deepEqual((await client.next()).message, { room });
    await client.ask({ type: 'subscribe', room, history_count: 9 });
    assert.deepEqual((await client.next()).message, { room });
  }
});

test('a message may have a member __proto__, and half a surrogate pair', async (t) => {
  const { client } = await openAnybody(t);
  await client.ask({ type: 'subscribe', room: 'r' });
  client.send('{"type":"publish","room":"r","message":{"__proto__":{"a":"\\ud83d"}}}');
  const { message } = await client.next();
  assert.equal(JSON.stringify(message), '{"__proto__":{"a":"\\ud83d"}}');
});

test('a frame of the largest size passes', async (t) => {
  const { client } = await openAnybody(t);
  await client.ask({ type: 'subscribe', room: 'r' });
  const frame = JSON.stringify({ type: 'publish', room: 'r', message: 'M' });
  const text = 'x'.repeat(64 * 1024 - frame.length + 1);
  client.send(frame.replace('M', text));
  assert.equal((await client.next()).message, text);
});

test('a frame far over the limit ends its connection and no other', async (t) => {
  const { client, socketUrl } = await openAnybody(t);
  const other = await RawClient.enter(t, socketUrl);
  client.send('x'.repeat(2 * 1024 * 1024));
  assert.equal(await client.waitForClose(), 1009);
  assert.deepEqual(await other.drain(), []);
});

test('a text frame that is not UTF-8 ends its connection and no other', async (t) => {
  const { client, socketUrl } = await openAnybody(t);
  const other = await RawClient.enter(t, socketUrl);
  client.sendBrokenText();
  assert.equal(await client.waitForClose(), 1007);
  assert.deepEqual(await other.drain(), []);
});

test('a flood of bad frames is answered frame by frame', async (t) => {
  const { client, socketUrl } = await openAnybody(t);
  const other = await RawClient.enter(t, socketUrl);
  const count = 5000;
  for (let n = 0; n < count; n++) client.send('{');
  assert.deepEqual(await other.drain(), []);
  const answers = await client.drain();
  assert.equal(answers.length, count);
  assert.ok(answers.every(({ error }) => error === 'Invalid JSON'));
});

test('a reader that stops reading is dropped, and the others are served', async (t) => {
  const { client: slow, socketUrl } = await openAnybody(t);
  const quick = await RawClient.enter(t, socketUrl);
  const room = 'observable-flood';
  await quick.ask({ type: 'subscribe', room });
  await slow.ask({ type: 'subscribe', room });
  await quick.drain();
  slow.stopReading();
  const message = 'x'.repeat(60 * 1024);
  for (;;) {
    quick.send({ type: 'publish', room, message });
    const [first] = await quick.drain();
    const { type } = first;
    if (type === 'observable_member_leave') break;
    assert.equal(type, 'publish');
  }
});

test('a peer that does not answer pings is dropped, and one that does is not', async (t) => {
  const { client, socketUrl } = await openAnybody(t, { pingInterval: 200 });
  const room = 'observable-room';
  await client.ask({ type: 'subscribe', room });
  const deaf = await RawClient.enter(t, socketUrl);
  await deaf.ask({ type: 'subscribe', room });
  await client.drain();
  deaf.stopReading();
  const { type, data } = await client.next();
  assert.deepEqual([type, data.id], ['observable_member_leave', deaf.id]);
});

test('a client cannot be in more rooms than the limit', async (t) => {
  const { client } = await openAnybody(t);
  for (let n = 0; n < 1000; n++) client.send({ type: 'subscribe', room: `room-${n}` });
  const beyond = await client.ask({ type: 'subscribe', room: 'one more' });
  assert.equal(beyond.error, 'Room limit exceeded');
  assert.equal((await client.ask({ type: 'subscribe', room: 'room-7' })).error, undefined);
  await client.ask({ type: 'unsubscribe', room: 'room-7' });
  assert.equal((await client.ask({ type: 'subscribe', room: 'one more' })).error, undefined);
});

test('publishing to ever new rooms does not fill the memory', () => {
  const channel = new Channel({ history: true });
  const received = [];
  const member = { id: 'm', send: (text) => received.push(JSON.parse(text).message) };
  for (let n = 0; n < 200; n++) channel.publish(`room-${n}`, n);
  for (let n = 0; n < 200; n++) channel.replay(member, `room-${n}`, 1);
  assert.deepEqual(received, Array.from({ length: 100 }, (_, n) => n + 100));
});

test('a connection that never shakes hands is no user and harms nobody', async (t) => {
  const { client, socketUrl, url } = await openAnybody(t);
  const stranger = await RawClient.open(t, socketUrl);
  const { users_count: count } = await (await fetch(`${url}/${channelId}/stats`)).json();
  assert.equal(count, 1);
  stranger.close(1000);
  assert.equal(await stranger.waitForClose(), 1000);
  assert.deepEqual(await client.drain(), []);
});
