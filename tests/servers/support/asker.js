// SPDX-License-Identifier: MIT
// Asks for tokens over and over until its stdin ends, as several visitors at once, and then says how
// many answers of each status there were. It is a program of its own to be run on another host, and
// writes a dot for each answer on stderr.
//
// usage: asker.js PORT VISITORS

import { send, urlencoded } from '../../process/support/http.js';
import { clientID } from '../../process/support/tokens.js';

const [port, visitors] = process.argv.slice(2).map(Number);
const statuses = {};
let slowest = 0;
let stopping = false;
process.stdin.resume().on('end', () => { stopping = true; });

async function ask() {
  const start = performance.now();
  const status = await send(port, '/auth', urlencoded({ clientID }))
    .then((answer) => answer.status, (error) => error.message);
  slowest = Math.max(slowest, performance.now() - start);
  statuses[status] = (statuses[status] ?? 0) + 1;
  process.stderr.write('.');
}

await Promise.all(Array.from({ length: visitors }, async () => {
  do await ask(); while (!stopping);
}));
process.stdout.write(JSON.stringify({ statuses, slowest: Math.round(slowest) }));
