// SPDX-License-Identifier: MIT
// A real ejabberd on loopback, and a client that speaks as much XMPP as it takes to log in and to say
// something: over TCP with STARTTLS, and over WebSocket.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import WebSocket from 'ws';
import { freePort } from '../../process/support/port.js';
import { answers } from '../../process/support/roomkey.js';
import { until } from '../../process/support/until.js';

const domain = 'chat.example.com';

/** Starts it; `conf` are lines for ejabberd.yml. It has no node name, so it needs no epmd. */
export async function startEjabberd(place, conf) {
  const certificate = place.path('certificate.pem');
  const { status, stderr } = await place.run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', `/CN=${domain}`,
    '-addext', `subjectAltName=DNS:${domain}`, '-keyout', certificate, '-out', certificate,
  ]);
  assert.equal(status, 0, stderr);
  const [tcp, http] = [await freePort(), await freePort()];
  const config = await place.write('ejabberd.yml', `
${conf}
hosts: [${domain}]
certfiles: [${certificate}]
loglevel: info
listen:
  - {port: ${tcp}, ip: 127.0.0.1, module: ejabberd_c2s, starttls_required: true}
  - {port: ${http}, ip: 127.0.0.1, module: ejabberd_http, request_handlers: {/ws: ejabberd_http_ws}}
modules: {}
`);
  const [, libraries] = /(\S+)\/ejabberd-[^/]+\/ebin\/ejabberd\.app/.exec((await place.run('dpkg-query', ['-L', 'ejabberd'])).stdout);
  const child = place.start('erl', ['-noinput', '+sbwt', 'none', '-mnesia', 'dir', JSON.stringify(place.path('data')), '-s', 'ejabberd'], {
    env: {
      HOME: place.dir, LANG: 'C.UTF-8', ERL_LIBS: libraries, ERL_CRASH_DUMP: '/dev/null',
      EJABBERD_CONFIG_PATH: config, EJABBERD_LOG_PATH: place.path('ejabberd.log'),
    },
  });
  for (const port of [tcp, http]) {
    await until('ejabberd listening', () => {
      assert.ok(child.running, `ejabberd ended: ${child.stdout}${child.stderr}`);
      return answers({ host: '127.0.0.1', port });
    }, { within: 120_000 });
  }
  return { place, tcp, http, certificate: readFileSync(certificate, 'utf8') };
}

/** What one side of a conversation sends and gets; text that was read is gone. */
class Stream {
  #text = '';
  #ended = false;

  hear(socket, event) {
    socket.on(event, (data) => { this.#text += data; }).on('close', () => { this.#ended = true; }).on('error', () => {});
    return socket;
  }

  async expect(pattern) {
    let found;
    await until(`${pattern}, found ${this.#text}`, () => {
      found = pattern.exec(this.#text);
      return found || this.#ended;
    });
    assert.ok(found, `expected ${pattern}, found the end after ${this.#text}`);
    this.#text = this.#text.slice(found.index + found[0].length);
    return found;
  }
}

export class TcpStream extends Stream {
  /** Up to the features that come with TLS: without it there is no login. */
  async open(server) {
    this.socket = this.hear(connectTcp(server.tcp, '127.0.0.1'), 'data');
    server.place.defer(() => this.socket.destroy());
    const [plain] = await this.restart();
    assert.doesNotMatch(plain, /<mechanism>/);
    this.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await this.expect(/<proceed [^>]*>/);
    this.socket.removeAllListeners('data');
    this.socket = this.hear(connectTls({ socket: this.socket, ca: server.certificate, servername: domain }), 'data');
    await once(this.socket, 'secureConnect');
    return this.restart();
  }

  restart() {
    this.send(`<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='${domain}'>`);
    return this.expect(/<stream:features>[^]*<\/stream:features>/);
  }

  send(text) {
    this.socket.write(text);
  }
}

export class WebSocketStream extends Stream {
  async open(server) {
    this.socket = this.hear(new WebSocket(`ws://127.0.0.1:${server.http}/ws`, 'xmpp'), 'message');
    server.place.defer(() => this.socket.terminate());
    await once(this.socket, 'open');
    return this.restart();
  }

  restart() {
    this.send(`<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' to='${domain}'/>`);
    return this.expect(/<stream:features[^]*<\/stream:features>/);
  }

  send(text) {
    this.socket.send(text);
  }
}

/** Logs in with the token as password, and gives the stream with its JID; fails with the server's reason. */
export async function logIn(server, Kind, user, token, { as = '' } = {}) {
  const stream = new Kind();
  const [features] = await stream.open(server);
  assert.match(features, /<mechanism>PLAIN<\/mechanism>/);
  const login = Buffer.from(`${as}\0${user}\0${token}`).toString('base64');
  stream.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${login}</auth>`);
  const [, refused] = await stream.expect(/<success [^>]*>|<failure [^>]*><([a-z-]+)\/>[^]*<\/failure>/);
  if (refused) throw new Error(refused);
  await stream.restart();
  stream.send("<iq type='set' id='bind' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  [, stream.jid] = await stream.expect(/<jid>([^<]*)<\/jid>/);
  return stream;
}

/** Sends a chat message, and waits until the other one has it, from this one. */
export async function tell(from, to, text) {
  from.send(`<message xmlns='jabber:client' type='chat' to='${to.jid}'><body>${text}</body></message>`);
  const [, sender] = await to.expect(new RegExp(`<message [^>]*from=['"]([^'"]*)['"][^>]*>[^]*?<body>${text}</body>`));
  assert.equal(sender, from.jid);
}
