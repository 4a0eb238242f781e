// SPDX-License-Identifier: MIT
// The command line and the environment, read into the options of a Service.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { permissionOrders } from './permissions.js';

export const usage = `usage: node server.js --channel ID --secret-file FILE [options]

  --channel ID              the channel (or SCALEDRONE_CHANNEL_ID)
  --secret-file FILE        its secret, as raw bytes; one newline at the end is cut
                            (or SCALEDRONE_CHANNEL_SECRET, as text)
  --host ADDRESS            where to listen; 127.0.0.1 by default
  --port N                  0, the default, takes any free port
  --no-auth                 ask for no tokens; a secret is then optional
  --history                 keep the newest 100 messages of each room
  --permission-order ORDER  where several rules match a room: "all" must allow (the
                            default), or the "last" one decides
  --strict-exp              refuse tokens whose exp is in milliseconds
  --controls                serve /_controls/ for tests; on loopback only
  --help                    print this`;

/** Why the program does not start, in one line, and the status (sysexits) to end with. */
export class StartError extends Error {
  constructor(message, exitStatus) {
    super(message);
    this.exitStatus = exitStatus;
  }
}

const names = {
  channel: { type: 'string' },
  'secret-file': { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  port: { type: 'string', default: '0' },
  'no-auth': { type: 'boolean', default: false },
  history: { type: 'boolean', default: false },
  'permission-order': { type: 'string', default: 'all' },
  'strict-exp': { type: 'boolean', default: false },
  controls: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

/** The options in `argv`, completed from `env`. Throws a StartError. */
export function readOptions(argv, env) {
  const values = parse(argv);
  if (values.help) return { help: true };
  const channelId = values.channel || env.SCALEDRONE_CHANNEL_ID;
  if (!channelId) throw misuse('no channel: use --channel or SCALEDRONE_CHANNEL_ID');
  const secret = readSecret(values['secret-file'], env.SCALEDRONE_CHANNEL_SECRET);
  if (!secret && !values['no-auth']) {
    throw misuse('no secret: use --secret-file or SCALEDRONE_CHANNEL_SECRET');
  }
  if (values.controls && !isLoopback(values.host)) {
    throw misuse(`--controls needs a loopback --host, not ${values.host}`);
  }
  return {
    channelId,
    secret,
    host: values.host,
    port: readPort(values.port),
    requireAuth: !values['no-auth'],
    history: values.history,
    permissionOrder: readOrder(values['permission-order']),
    strictExp: values['strict-exp'],
    controls: values.controls,
  };
}

function parse(argv) {
  try {
    return parseArgs({ args: argv, options: names }).values;
  } catch (error) {
    throw misuse(error.message.split('\n')[0]);
  }
}

function readSecret(file, text) {
  if (!file) return text ? Buffer.from(text) : undefined;
  let bytes;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new StartError(`cannot read the secret file ${file}: ${error.code}`, 66);
  }
  const secret = bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  if (secret.length === 0) throw new StartError(`the secret file ${file} is empty`, 78);
  return secret;
}

function readPort(text) {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= 65535)) throw misuse(`--port ${text}: not a number from 0 to 65535`);
  return port;
}

function readOrder(order) {
  if (permissionOrders.includes(order)) return order;
  throw misuse(`--permission-order ${order}: neither ${permissionOrders.join(' nor ')}`);
}

function isLoopback(host) {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

function misuse(message) {
  return new StartError(`${message} (--help shows the options)`, 64);
}
