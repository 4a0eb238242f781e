// Keeps the page connected, with a new client and token each time: a token is for one connection.

import {readers} from './incoming.js';
import {fetchToken, Refused} from './token.js';

const patience = 10_000; // milliseconds, with each step
const maxPause = 30_000; // between attempts
const maxRefusals = 3; // until the person must ask
const wanted = new Error();

let online; // while messages can be sent
let endConnection; // or the attempt
let endPause;

export const publish = (room, message) => online?.publish({room, message});

export const endWaiting = () => endPause?.();

export function reconnect() {
	endConnection(wanted);
	endWaiting();
}

async function loadClient(src) {
	const script = Object.assign(document.createElement('script'), {src});
	await new Promise((done) => {
		script.onload = script.onerror = done;
		document.head.append(script);
	});
	if (!window.Scaledrone) throw new Error('The script of the chat service does not load. Is it blocked?');
}

const answer = (source, event) => new Promise((resolve, reject) => {
	source.on(event, (error) => (error ? reject(new Refused(`The chat service says: ${error.message}`)) : resolve()));
});

function subscribe(client, {name, history}, hear) {
	const room = client.subscribe(name, {historyCount: history});
	for (const event in readers) {
		room.on(event, (received) => {
			try {
				hear(event, name, readers[event](received));
			} catch (error) {
				console.error('Left out:', error);
			}
		});
	}
	return answer(room, 'open').then(() => hear('denied', name), ({message}) => hear('denied', name, message));
}

async function runConnection({channel, socket, script, auth, rooms}, hear) {
	const abort = new AbortController();
	const ended = new Promise((resolve, reject) => (endConnection = reject));
	ended.catch(() => {});
	const within = (step, who = 'The chat service') => {
		const timer = setTimeout(() => endConnection(new Error(`${who} does not answer.`)), patience);
		return Promise.race([step, ended]).finally(() => clearTimeout(timer));
	};
	if (!window.Scaledrone) await within(loadClient(script));
	const client = new Scaledrone(channel, {url: socket, autoReconnect: false});
	try {
		client.on('close', () => endConnection(new Error('No connection to the chat service.')));
		// An Event is the network failing, and `close` follows.
		client.on('error', (error) => error instanceof Error && hear('refused', error.message));
		await within(answer(client, 'open'));
		client.authenticate(await within(fetchToken(auth, client.clientId, abort.signal), 'The token server'));
		await within(answer(client, 'authenticate'));
		hear('connected', client.clientId);
		const own = {name: `private-room-${client.clientId}`};
		await within(Promise.all([...rooms, own].map((room) => subscribe(client, room, hear))));
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

/** `hear` is told what the methods of Chat are called. */
export async function connect(config, hear) {
	for (let failures = 0, refusals = 0; ; ) {
		hear('status', 'connecting');
		const began = Date.now();
		const error = await runConnection(config, hear).catch((reason) => reason);
		if (error === wanted) continue;
		failures = Date.now() - began > patience ? 0 : failures + 1;
		refusals = error instanceof Refused ? refusals + 1 : 0;
		const stopped = refusals && refusals % maxRefusals === 0;
		const pause = error.wait || Math.min(maxPause, 250 * 2 ** failures) * (0.5 + Math.random() / 2);
		hear('status', 'waiting', error.message);
		await new Promise((resolve) => {
			if (!stopped) setTimeout(resolve, pause);
			endPause = resolve;
		});
	}
}
