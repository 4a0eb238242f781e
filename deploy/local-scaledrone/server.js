// SPDX-License-Identifier: MIT
// The command line: reads the options, starts a Service, and stops it when told to.

import { readOptions, StartError, usage } from './lib/options.js';
import { Service } from './lib/service.js';

try {
  await main();
} catch (error) {
  console.error(`local-scaledrone: ${error instanceof StartError ? error.message : error.stack}`);
  process.exitCode = error.exitStatus ?? 70;
}

async function main() {
  const { help, host, port, ...options } = readOptions(process.argv.slice(2), process.env);
  if (help) return console.log(usage);
  const service = new Service({ ...options, log: (line) => console.error(line) });
  // Only the first signal: whoever sends a second one wants the program to end at once.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => service.close());
  const url = await listen(service, { host, port });
  console.log('Local Scaledrone: a stand-in for demo and tests, not a production server');
  console.log(`Listening on ${url} (socket ${url.replace('http', 'ws')}/v3/websocket)`);
}

async function listen(service, address) {
  try {
    return await service.listen(address);
  } catch (error) {
    const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : error.code;
    throw new StartError(`cannot listen on ${address.host}, port ${address.port}: ${reason}`, 1);
  }
}
