// SPDX-License-Identifier: MIT
// Requests that wait for their answers: wrk counts what was answered, this counts what was not.

import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';

export const channel = 'KtJ2qzvQx1bnkwSv';
export const secret = 'benchmark-key-of-thirty-two-byte'; // signs nothing but benchmarks
const clientID = 'bcI:GPhz6A2T';
const boundary = '----WebKitFormBoundaryxkL7q2Vd0uB3mTzA';

export const forms = {
  multipart: {
    type: `multipart/form-data; boundary=${boundary}`,
    body: `--${boundary}\r\nContent-Disposition: form-data; name="clientID"\r\n\r\n${clientID}\r\n--${boundary}--\r\n`,
  },
  urlencoded: { type: 'application/x-www-form-urlencoded', body: `clientID=${encodeURIComponent(clientID)}` },
};

/** The status and the text of the answer to one form. */
export function post(port, form, agent) {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': form.type, 'Content-Length': Buffer.byteLength(form.body) };
    const asked = request({ host: '127.0.0.1', port, path: '/auth', method: 'POST', headers, agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk) => (text += chunk));
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
      answer.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(form.body);
  });
}

/** What is wrong with a token, checked without roomkey's help; nothing if it is a good one. */
export function fault(text) {
  const [header, payload, signature, ...rest] = text.split('.');
  if (!signature || rest.length > 0) return 'no token';
  if (createHmac('sha256', secret).update(`${header}.${payload}`).digest('base64url') !== signature) return 'a bad signature';
  const { alg } = JSON.parse(Buffer.from(header, 'base64url'));
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  const rights = ([publish, subscribe]) => JSON.stringify({ publish, subscribe });
  const expected = {
    '^observable-room$': rights([true, true]),
    [`^private-room-${clientID}$`]: rights([false, true]),
    [`^private-room-(?!${clientID}$).+$`]: rights([true, false]),
  };
  const granted = Object.entries(claims.permissions ?? {});
  const left = claims.exp - Date.now() / 1000;
  const wrong = {
    alg: alg !== 'HS256',
    client: claims.client !== clientID,
    channel: claims.channel !== channel,
    exp: !(left > 170 && left < 185),
    name: !/^[a-z]+_[a-z]+$/.test(claims.data?.name),
    color: !/^#[0-9a-f]{6}$/.test(claims.data?.color),
    permissions: granted.length !== 3 || granted.some(([room, right]) => rights([right.publish, right.subscribe]) !== expected[room]),
  };
  const names = Object.keys(wrong).filter((name) => wrong[name]);
  return names.length > 0 ? `wrong: ${names.join(', ')}` : '';
}

/**
 * `clients` clients at once, each with a connection of its own and `each` requests one after the
 * other. Counts those who still wait `patience` milliseconds after the start.
 */
export async function countPending(port, form, { clients = 64, each = 10, patience = 5000 } = {}) {
  const counts = { answered: 0, failed: 0, pending: clients };
  const agents = [];
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    agents.push(agent);
    for (let i = 0; i < each; i++) {
      const { status } = await post(port, form, agent).catch(() => ({ status: 0 }));
      counts[status === 200 ? 'answered' : 'failed']++;
    }
    counts.pending--;
  };
  let timer;
  const patienceOver = new Promise((resolve) => (timer = setTimeout(resolve, patience)));
  await Promise.race([Promise.all(Array.from({ length: clients }, client)), patienceOver]);
  clearTimeout(timer);
  const result = { ...counts };
  agents.forEach((agent) => agent.destroy());
  return result;
}
