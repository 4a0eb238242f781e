// SPDX-License-Identifier: MIT
// A process manager in small, as systemd is one: it holds a listening socket, and starts roomkey on it as
// often as it is told, so that one process can follow another on the same socket.

import { open } from 'node:fs/promises';
import { environment, roomkey } from './roomkey.js';
import { until } from './until.js';

// Its fd 0 is the socket. It takes an order a line: to start one, or to tell the exit status of one.
// A shell gives /dev/null to what it starts in the background, so the socket gets another number first.
const script = `
exec 3<>"$1" 4<&0
shift
while read -r order pid <&3; do
  case $order in
    start) "$@" <&4 3<&- 4<&- & echo "started $!" ;;
    wait) wait "$pid"; echo "ended $pid $?" ;;
    quit) exit 0 ;;
  esac
done`;

function killIfThere(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already, and some test has failed because of that.
  }
}

let count = 0;

/** Holds a socket; `command` may stand in front of the program, and `env` is what that gets to know. */
export async function holdSocket(place, { args = [], command = [], env = environment } = {}) {
  const path = place.path(`held-${++count}.sock`);
  const fifo = place.path(`orders-${count}`);
  await place.run('mkfifo', [fifo]);
  const child = place.start('spawn-fcgi',
    ['-n', '-s', path, '-M', '0600', '--', '/bin/sh', '-c', script, 'sh', fifo, ...command, roomkey, ...args], { env });
  const orders = await open(fifo, 'r+');
  const order = (line) => orders.write(`${line}\n`);
  const running = new Set();
  place.defer(async () => {
    for (const pid of running) killIfThere(pid);
    await order('quit');
    await orders.close();
  });

  return {
    address: { path },
    log: () => child.stderr,

    /** Starts a process, and gives its id when it serves. */
    async start() {
      const said = child.stdout.length;
      const logged = child.stderr.length;
      await order('start');
      const [, pid] = await until('its start', () => /started (\d+)\n/.exec(child.stdout.slice(said)));
      running.add(Number(pid));
      await until('it serves', () => child.stderr.slice(logged).includes('serving FastCGI'));
      return Number(pid);
    },

    /** Stops a process, and gives its exit status. */
    async stop(pid, signal = 'SIGTERM') {
      process.kill(pid, signal);
      running.delete(pid);
      await order(`wait ${pid}`);
      const [, status] = await until('its end', () => new RegExp(`ended ${pid} (\\d+)\n`).exec(child.stdout));
      return Number(status);
    },
  };
}
