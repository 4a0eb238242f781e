// SPDX-License-Identifier: MIT
// Goal: what FastCGI 1.0 has beside requests is answered as it says, even by the means that libfcgi lacks;
// and what is no FastCGI at all does no harm.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, describe, test } from 'node:test';
import { ask, begin, pairs, parameters, Peer, protocolStatus, readPairs, record, request, role, stream, type } from './support/fcgi.js';
import { openPlace } from './support/place.js';
import { limitedTo, serveTcp, serveUnix } from './support/roomkey.js';
import { verifyBuiltIn } from './support/tokens.js';

let place;
let servers;
before(async () => {
  place = await openPlace();
  servers = await Promise.all([serveUnix(place, { args: ['--threads', '1'] }), serveTcp(place, { args: ['--threads', '1'] })]);
});
after(() => place.close());

const names = ['FCGI_MAX_CONNS', 'FCGI_MAX_REQS', 'FCGI_MPXS_CONNS'];
const getValues = (asked) => record(type.getValues, pairs(asked.map((name) => [name, ''])), { id: 0 });

async function withPeer(use) {
  for (const { address } of servers) {
    const peer = await Peer.connect(address);
    await use(peer, address);
    peer.close();
  }
}

async function valuesOf(peer) {
  await peer.until('a result', () => peer.records.length > 0);
  const [{ type: kind, id, content }] = peer.records;
  peer.received = Buffer.alloc(0);
  assert.equal(kind, type.getValuesResult);
  assert.equal(id, 0);
  return readPairs(content);
}

async function stillServes() {
  for (const { address, child } of servers) {
    assert.ok(child.running);
    await verifyBuiltIn((await ask(address)).body);
  }
}

describe('GET_VALUES', () => {
  test('alone, as the first record of a connection, is answered at once', () => withPeer(async (peer) => {
    await peer.write(getValues(names));
    const found = Object.fromEntries(await valuesOf(peer));
    assert.deepEqual(Object.keys(found).sort(), names);
    assert.equal(found.FCGI_MPXS_CONNS, '0');
    assert.match(found.FCGI_MAX_CONNS, /^[1-9]\d*$/);
    assert.match(found.FCGI_MAX_REQS, /^[1-9]\d*$/);
  }));

  // 64 descriptors are for other things, each thread has its share of the rest, and at least one.
  for (const [descriptors, threads, most] of [[100, 1, '36'], [100, 3, '12'], [66, 1, '2'], [50, 1, '1'], [66, 4, '1']]) {
    test(`tells of ${most} connections a thread, with ${descriptors} descriptors and ${threads} threads`, async () => {
      const { address, child } = await serveUnix(place, { command: limitedTo(descriptors), args: ['--threads', String(threads)] });
      const peer = await Peer.connect(address);
      await peer.write(getValues(['FCGI_MAX_CONNS']));
      assert.deepEqual(await valuesOf(peer), [['FCGI_MAX_CONNS', most]]);
      peer.close();
      assert.equal((await child.stop()).status, 0);
    });
  }

  test('is answered for the names that are asked for only', () => withPeer(async (peer) => {
    await peer.write(getValues(['FCGI_MPXS_CONNS', 'FCGI_UNHEARD_OF']));
    assert.deepEqual(await valuesOf(peer), [['FCGI_MPXS_CONNS', '0']]);
    await peer.write(getValues([]));
    assert.deepEqual(await valuesOf(peer), []);
  }));

  test('with a request behind it: both are answered', () => withPeer(async (peer) => {
    await peer.write(Buffer.concat([getValues(names), request()]));
    await peer.until('both', () => peer.records.some(({ type: kind }) => kind === type.end));
    assert.equal(peer.records[0].type, type.getValuesResult);
  }));

  test('between two requests is answered, too', () => withPeer(async (peer) => {
    await verifyBuiltIn((await peer.ask()).body);
    await peer.write(getValues(names));
    assert.equal((await valuesOf(peer)).length, 3);
    await verifyBuiltIn((await peer.ask()).body);
  }));

  for (const repeats of [2, 4, 64, 1000]) {
    test(`with the same name ${repeats} times names it once, and does not overflow anything`, () => withPeer(async (peer) => {
      await peer.write(getValues(Array(repeats).fill('FCGI_MAX_CONNS')));
      assert.equal((await valuesOf(peer)).length, 1);
      await verifyBuiltIn((await peer.ask()).body);
    }));
  }

  test('in pieces of a byte is answered, too', () => withPeer(async (peer) => {
    for (const byte of getValues(names)) await peer.write(Buffer.from([byte]));
    assert.equal((await valuesOf(peer)).length, 3);
  }));

  const kindsOf = (peer) => peer.records.map(({ type: kind }) => kind);

  test('in pieces, with a request right behind the last one: both are answered', () => withPeer(async (peer) => {
    const asked = getValues(names);
    await peer.write(asked.subarray(0, 12));
    await sleep(20);  // else the pieces might be one when they are looked at
    await peer.write(Buffer.concat([asked.subarray(12), request()]));
    await peer.until('both', () => kindsOf(peer).includes(type.end), 1000);
    assert.equal(kindsOf(peer)[0], type.getValuesResult);
  }));

  // FastCGI 1.0 (sections 3.3 and 4.1) binds it to no time, though HAProxy, the one server that is known to
  // send it, does so at the start of a connection only.
  test('within a request, at each place, is answered, and so is the request', () => withPeer(async (peer) => {
    const body = 'clientID=bcI:GPhz6A2T';
    const parts = [begin(), record(type.params, pairs(parameters({}, body))), record(type.params), record(type.stdin, body), record(type.stdin)];
    for (let at = 1; at < parts.length; at++) {
      for (const gap of [0, 20]) {
        peer.received = Buffer.alloc(0);
        for (const bytes of [[...parts.slice(0, at), getValues(names)], parts.slice(at)]) {
          await peer.write(Buffer.concat(bytes));
          if (gap > 0) await sleep(gap);
        }
        await peer.until(`both, with it at ${at}`, () => kindsOf(peer).includes(type.end), 1000);
        assert.equal(kindsOf(peer)[0], type.getValuesResult);
        peer.received = peer.received.subarray(8 + peer.received.readUInt16BE(4) + peer.received[6]);
        await verifyBuiltIn((await peer.answer()).body);
      }
    }
  }));

  test('two hundred times within a request does not keep others waiting', async () => {
    for (const { address } of servers) {
      const rude = await Peer.connect(address);
      await rude.write(Buffer.concat([begin(), ...Array(200).fill(getValues(['FCGI_MAX_CONNS']))]));
      const start = performance.now();
      await verifyBuiltIn((await ask(address)).body);
      assert.ok(performance.now() - start < 2500);
      await rude.until('all answers', () => rude.records.length === 200);
      rude.close();
    }
  });

  test('with lengths that lie is survived', async () => {
    for (const content of [[255], [5, 5, 65], [0x80, 0, 0], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [1, 0x7f, 65]]) {
      await withPeer(async (peer) => {
        await peer.write(record(type.getValues, Buffer.from(content), { id: 0 }));
        await peer.until('an answer or the end', () => peer.ended || peer.records.length > 0);
      });
    }
    await stillServes();
  });

  test('health probes in a row on one connection are all answered', () => withPeer(async (peer) => {
    for (let i = 0; i < 50; i++) {
      await peer.write(getValues(['FCGI_MAX_CONNS']));
      assert.equal((await valuesOf(peer)).length, 1);
    }
  }));
});

describe('other management records', () => {
  for (const kind of [12, 100, 255]) {
    test(`of the unknown type ${kind} are answered with UNKNOWN_TYPE, and the connection serves on`, () => withPeer(async (peer) => {
      await peer.write(record(kind, 'abc', { id: 0 }));
      await peer.until('an answer', () => peer.records.length > 0);
      const [{ type: answered, id, content }] = peer.records;
      assert.equal(answered, type.unknown);
      assert.equal(id, 0);
      assert.equal(content[0], kind);
      assert.equal(content.length, 8);
      peer.received = Buffer.alloc(0);
      await verifyBuiltIn((await peer.ask()).body);
    }));
  }
});

describe('roles', () => {
  for (const [name, as] of [['authorizer', role.authorizer], ['filter', role.filter], ['unknown', 9], ['zero', 0], ['a large number', 0x0101]]) {
    test(`${name}: END_REQUEST with UNKNOWN_ROLE and no token`, () => withPeer(async (peer) => {
      await peer.write(Buffer.concat([
        begin({ as, id: 7 }), stream(type.params, pairs(parameters({}, 'clientID=a')), { id: 7 }), stream(type.stdin, 'clientID=a', { id: 7 }),
      ]));
      const answer = await peer.answer();
      assert.equal(answer.id, 7);
      assert.equal(answer.protocolStatus, protocolStatus.unknownRole);
      assert.equal(answer.stdout.length, 0);
    }));
  }
});

describe('against the protocol', () => {
  test('a second BEGIN with another id is told that nothing is multiplexed, and the first request goes on', () => withPeer(async (peer) => {
    const first = request({ id: 1 });
    await peer.write(Buffer.concat([first.subarray(0, 16), request({ id: 2 }), first.subarray(16)]));
    const rejected = await peer.answer();
    assert.equal(rejected.id, 2);
    assert.equal(rejected.protocolStatus, protocolStatus.cantMultiplex);
    assert.equal(rejected.stdout.length, 0);
    const served = await peer.answer();
    assert.equal(served.id, 1);
    await verifyBuiltIn(served.body);
    await verifyBuiltIn((await peer.ask()).body);
  }));

  const params = stream(type.params, pairs(parameters({}, 'clientID=a')));
  const stdin = stream(type.stdin, 'clientID=a');
  const wrong = {
    'a second BEGIN with the same id': Buffer.concat([begin(), begin(), params, stdin]),
    'version 0': record(type.begin, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]), { version: 0 }),
    'version 2': record(type.begin, Buffer.from([0, 1, 0, 0, 0, 0, 0, 0]), { version: 2 }),
    'version 2 in the middle': Buffer.concat([begin(), record(type.params, '', { version: 2 })]),
    'no BEGIN': Buffer.concat([params, stdin]),
    'a body before the parameters': Buffer.concat([begin(), stdin, params]),
    'parameters after their end': Buffer.concat([begin(), params, params, stdin]),
    'an unknown type within a request': Buffer.concat([begin(), record(99, 'x'), params, stdin]),
    'a BEGIN that is too short': record(type.begin, Buffer.from([0, 1])),
    'a BEGIN that is too long': record(type.begin, Buffer.alloc(9, 1)),
    'records of the server': Buffer.concat([begin(), record(type.stdout, 'x'), record(type.end, Buffer.alloc(8))]),
    'an HTTP request': Buffer.from('POST /auth HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nclientID=a'),
    'a TLS handshake': Buffer.from('16030100c8010000c40303', 'hex'),
    'an abort of nothing': record(type.abort),
    'parameters with a length of 2 GB': Buffer.concat([
      begin(), record(type.params, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 65])), record(type.params), stdin]),
    'parameters that end in a length': Buffer.concat([begin(), record(type.params, Buffer.from([5])), record(type.params), stdin]),
    'parameters that end in a name': Buffer.concat([begin(), record(type.params, Buffer.from([50, 0, 65])), record(type.params), stdin]),
  };
  for (const [name, bytes] of Object.entries(wrong)) {
    test(`${name}: no token, the connection ends, and others are served`, async () => {
      await withPeer(async (peer) => {
        await peer.write(bytes);
        peer.socket.end();
        await peer.untilEnded(2000);
        assert.doesNotMatch(peer.received.toString('latin1'), /eyJ/);
      });
      await stillServes();
    });
  }

  test('random bytes, a thousand times: no token, no end', async () => {
    const { address, child } = servers[0];
    for (let i = 0; i < 1000; i++) {
      const noise = randomBytes(1 + (i % 200));
      // Half of them begin like a record, or like a request.
      if (i % 4 === 1) noise[0] = 1;
      const peer = await Peer.connect(address);
      await peer.write(i % 4 === 3 ? Buffer.concat([begin(), noise]) : noise);
      peer.socket.end();
      await peer.untilEnded();
      assert.doesNotMatch(peer.received.toString('latin1'), /eyJ/, noise.toString('hex'));
      peer.close();
    }
    assert.ok(child.running);
    await stillServes();
  });

  test('a good request with one byte changed, for each of its bytes: an answer or an end, and no harm', async () => {
    const { address } = servers[0];
    const good = request();
    for (let at = 0; at < good.length; at++) {
      const bytes = Buffer.from(good);
      bytes[at] ^= 1 << (at % 8);
      const peer = await Peer.connect(address);
      await peer.write(bytes);
      peer.socket.end();
      await peer.until('an answer or the end', () => peer.ended || peer.records.some(({ type: kind }) => kind === type.end), 2000);
      peer.close();
    }
    await stillServes();
  });
});
