// SPDX-License-Identifier: MIT
// What the REST API and the controls share: bodies in, JSON out.

import { Refusal } from './refusal.js';

const maxBodyBytes = 64 * 1024;

/** The whole body of `request`. Rejects with a Refusal (413) as soon as it is over 64 KiB. */
export function readBody(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    let length = 0;
    // The rest of a large body is read and forgotten: a peer that is still sending when the
    // connection closes may never see the answer.
    request.on('data', (chunk) => {
      length += chunk.length;
      if (length <= maxBodyBytes) chunks.push(chunk);
      else reject(new Refusal('Message size limit exceeded', 413));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

/** Answers with `value` as JSON. */
export function sendJson(response, status, value) {
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify(value));
}
