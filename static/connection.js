// Keeps the page connected, with a new client and token each time: a token is for one connection.

const patience = 10_000; // with each step
const longest = 30_000; // pause between attempts
const tries = 3; // until the person who is refused must ask

class Refused extends Error {} // asking again will hardly help

const renewed = new Error();
const signer = 'The token server';

let online; // the client, while messages can be sent
let end; // of the attempt, or of the connection
let wake; // from the pause

export const publish = (room, message) => online?.publish({room, message});

export const hurry = () => wake?.();

export function renew() {
  end(renewed);
  hurry();
}

async function loadClient(src) {
  const load = (done) => {
    document.head.append(Object.assign(document.createElement('script'), {src, onload: done, onerror: done}));
  };
  if (!window.Scaledrone) await new Promise(load);
  if (window.Scaledrone) return window.Scaledrone;
  throw new Error('The script of the chat service does not load. Is it blocked?');
}

async function fetchToken(url, clientId, signal) {
  const body = new FormData();
  body.append('clientID', clientId);
  const asked = fetch(url, {method: 'POST', body, signal}).then((reply) => Promise.all([reply, reply.text()]));
  const [{ok, status, headers}, text] = await asked.catch(() => {
    throw new Error(`${signer} does not answer.`);
  });
  const line = text.trim();
  if (ok && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(line)) return line;
  // A short line of plain text is for people.
  const own = !ok && /^text\/plain/.test(headers.get('Content-Type')) && /^.{1,200}$/.test(line);
  const Kind = status >= 500 || [408, 429].includes(status) ? Error : Refused;
  const error = new Kind(`The server says: ${own ? line : `status ${status}, no token`}`);
  error.wait = Math.min(headers.get('Retry-After') * 1000, 300_000);
  throw error;
}

const answer = (source, event) => new Promise((resolve, reject) => {
  source.on(event, (error) => (error ? reject(new Refused(`The chat service says: ${error.message}`)) : resolve()));
});

async function live({channel, socket, script, auth, rooms}, claims, hear) {
  const abort = new AbortController();
  const ended = new Promise((resolve, reject) => (end = reject));
  ended.catch(() => {});
  const within = (step, who = 'The chat service') => {
    const timer = setTimeout(() => end(new Error(`${who} does not answer.`)), patience);
    return Promise.race([step, ended]).finally(() => clearTimeout(timer));
  };
  const Client = await within(loadClient(script));
  const client = new Client(channel, {url: socket, autoReconnect: false, data: await claims()});
  const subscribe = ({name, history}) => {
    const room = client.subscribe(name, {historyCount: history});
    for (const event of ['members', 'member_join', 'member_leave', 'message', 'history_message']) {
      room.on(event, (data) => hear(event, name, data));
    }
    return answer(room, 'open').then(() => hear('denied', name), ({message}) => hear('denied', name, message));
  };
  try {
    client.on('close', () => end(new Error('No connection to the chat service.')));
    // An Event is the network failing, and `close` follows.
    client.on('error', (error) => error instanceof Error && hear('refused', error.message));
    await within(answer(client, 'open'));
    client.authenticate(await within(fetchToken(auth, client.clientId, abort.signal), signer));
    await within(answer(client, 'authenticate'));
    hear('connected', client.clientId);
    await within(Promise.all([...rooms, {name: `private-room-${client.clientId}`}].map(subscribe)));
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

/** `hear` is told status, connected, lost, denied, refused, and what happens in the rooms. */
export async function connect(config, claims, hear) {
  for (let failures = 0, refusals = 0; ; ) {
    hear('status', 'connecting');
    const began = Date.now();
    const error = await live(config, claims, hear).catch((reason) => reason);
    if (error === renewed) continue;
    failures = Date.now() - began > patience ? 0 : failures + 1;
    refusals = error instanceof Refused ? refusals + 1 : 0;
    const stopped = refusals && refusals % tries === 0;
    const pause = error.wait || Math.min(longest, 250 * 2 ** failures) * (0.5 + Math.random() / 2);
    hear('status', 'waiting', error.message);
    await new Promise((resolve) => {
      if (!stopped) setTimeout(resolve, pause);
      wake = resolve;
    });
  }
}
