// SPDX-License-Identifier: MIT
// A peer: the same work inside nginx, in its JavaScript.
const crypto = require('crypto');

const secret = process.env.BENCH_SECRET;
const channel = process.env.BENCH_CHANNEL;
const adjectives = ['amber', 'brisk', 'calm', 'daring', 'eager', 'fair', 'gentle', 'happy'];
const nouns = ['acorn', 'birch', 'comet', 'delta', 'ember', 'falcon', 'glacier', 'heron'];
const header = Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url');

// The field of a multipart or urlencoded body.
function field(type, body, name) {
  if (type.startsWith('multipart/form-data')) {
    const boundary = '--' + type.slice(type.indexOf('boundary=') + 9);
    const parts = body.split(boundary);
    for (let i = 1; i < parts.length - 1; i++) {
      const end = parts[i].indexOf('\r\n\r\n');
      if (parts[i].slice(0, end).indexOf(`name="${name}"`) >= 0) return parts[i].slice(end + 4, -2);
    }
    return '';
  }
  return require('querystring').parse(body)[name] || '';
}

function pick(list) {
  return list[Math.floor(Math.random() * list.length)];
}

function auth(r) {
  const client = field(r.headersIn['Content-Type'], r.requestText, 'clientID');
  if (!client) {
    r.return(422, 'No clientID defined');
    return;
  }
  const quoted = client.replace(/[\^$\\.*+?()[\]{}|\/]/g, '\\$&');
  const permissions = { '^observable-room$': { publish: true, subscribe: true } };
  permissions[`^private-room-${quoted}$`] = { publish: false, subscribe: true };
  permissions[`^private-room-(?!${quoted}$).+$`] = { publish: true, subscribe: false };
  const claims = JSON.stringify({
    client,
    channel,
    exp: Math.floor(Date.now() / 1000) + 180,
    data: {
      name: pick(adjectives) + '_' + pick(nouns),
      color: '#' + Math.floor(Math.random() * 0x1000000).toString(16).padStart(6, '0'),
    },
    permissions,
  });
  const message = header + '.' + Buffer.from(claims).toString('base64url');
  r.headersOut['Content-Type'] = 'text/plain; charset=utf-8';
  r.headersOut['Cache-Control'] = 'no-store';
  r.return(200, message + '.' + crypto.createHmac('sha256', secret).update(message).digest('base64url'));
}

export default { auth };
