// Keeps the page connected: a new client instance, client id and token for every attempt, for ever.
//
// The service's client can reconnect by itself, but where authentication is required it does not get in again: its
// token names the old client id. So it is told not to.

const patience = 10_000; // with each step
const longest = 30_000; // pause between attempts
const tries = 3; // refusals in a row, until the person is asked

/** A no, in words for the person. Asking again will hardly help. */
class Refused extends Error {}

const policy = globalThis.trustedTypes?.createPolicy('roomkey', {createScriptURL: (url) => url});

async function loadClient(url) {
  if (!window.Scaledrone) {
    const tag = document.createElement('script');
    tag.src = policy?.createScriptURL(url) ?? url;
    document.head.append(tag);
    await new Promise((done) => (tag.onload = tag.onerror = done));
    tag.remove();
  }
  if (window.Scaledrone) return window.Scaledrone;
  throw new Error('The script of the chat service does not load. Does a blocker or a firewall hold it back?');
}

async function fetchToken(url, clientId, signal) {
  const body = new FormData();
  body.append('clientID', clientId);
  const asked = fetch(url, {method: 'POST', body, signal}).then((reply) => Promise.all([reply, reply.text()]));
  const [{ok, status, headers}, text] = await asked.catch(() => {
    throw new Error('The server that gives tokens does not answer.');
  });
  const line = text.trim();
  const token = /"token" *: *"([^"]+)"/.exec(line)?.[1] ?? line;
  if (ok && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return token;
  // Its own words are for people when they are one short line of plain text.
  const own = !ok && /^text\/plain/.test(headers.get('Content-Type')) && /^.{1,200}$/.test(line);
  const later = status >= 500 || [408, 425, 429].includes(status);
  const error = new (later ? Error : Refused)(`The server says: ${own ? line : `status ${status}, and no token`}`);
  throw Object.assign(error, {urgent: true, wait: Math.min(headers.get('Retry-After') * 1000, 300_000)});
}

const answer = (source, event) => new Promise((resolve, reject) => {
  source.on(event, (error) => (error ? reject(new Refused(`The chat service says: ${error.message}`)) : resolve()));
});

/**
 * `hear(event, …)` is told status (online, connecting, waiting or stopped; words; whether they are urgent), connected,
 * lost, denied, refused, and what happens in the rooms. `claims()` is what the next connection says of itself.
 */
export function connect(config, claims, hear) {
  let online; // the client, while messages can be sent
  let end; // of the attempt, or of the connection
  let wake; // from the pause
  const renewed = new Error();

  async function live() {
    const abort = new AbortController();
    const ended = new Promise((resolve, reject) => (end = reject));
    ended.catch(() => {});
    const within = (step, who = 'The chat service') => {
      const timer = setTimeout(() => end(new Error(`${who} does not answer.`)), patience);
      return Promise.race([step, ended]).finally(() => clearTimeout(timer));
    };
    const Client = await within(loadClient(config.script));
    const client = new Client(config.channel, {url: config.socket, autoReconnect: false, data: await claims()});
    try {
      client.on('close', () => end(new Error('There is no connection to the chat service.')));
      // An Error is the service refusing a message; an Event is the network failing, and `close` follows.
      client.on('error', (error) => error instanceof Error && hear('refused', error.message));
      await within(answer(client, 'open'));
      const token = fetchToken(config.auth, client.clientId, abort.signal);
      client.authenticate(await within(token, 'The server that gives tokens'));
      await within(answer(client, 'authenticate'));
      hear('connected', client.clientId);
      await within(subscribe(client));
      online = client;
      hear('status', 'online');
      await ended;
    } finally {
      online = null;
      abort.abort();
      client.off();
      client.close();
      hear('lost');
    }
  }

  async function subscribe(client) {
    const open = ({name, history}) => {
      const room = client.subscribe(name, {historyCount: history});
      for (const event of ['members', 'member_join', 'member_leave', 'message', 'history_message']) {
        room.on(event, (data) => hear(event, name, data));
      }
      return answer(room, 'open').then(() => hear('denied', name, ''), (error) => hear('denied', name, error.message));
    };
    await Promise.all([...config.rooms, {name: `private-room-${client.clientId}`}].map(open));
  }

  async function forever() {
    for (let failures = 0, refusals = 0; ; ) {
      hear('status', 'connecting');
      const began = Date.now();
      const error = await live().catch((reason) => reason);
      if (error === renewed) continue;
      failures = Date.now() - began > patience ? 0 : failures + 1;
      refusals = error instanceof Refused ? refusals + 1 : 0;
      const stopped = refusals === tries;
      const pause = error.wait || Math.min(longest, 250 * 2 ** failures) * (0.5 + Math.random() / 2);
      hear('status', stopped ? 'stopped' : 'waiting', error.message, stopped || error.urgent);
      await new Promise((resolve) => {
        if (!stopped) setTimeout(resolve, pause);
        // Who said no, or when to come back, is left alone until the person asks.
        wake = (asked) => (asked || !(stopped || error.wait)) && resolve();
      });
      if (stopped) refusals = 0;
    }
  }
  forever();

  return {
    publish: (room, message) => online?.publish({room, message}),
    hurry: (asked) => wake?.(asked),
    /** Begins a new connection, whatever state the present one is in. */
    renew() {
      end(renewed);
      wake?.();
    },
  };
}
