// Asks for the token of a connection. By the last one, the server knows us again.

export class Refused extends Error {} // asking again will hardly help

// For the tab: two tabs are two people. Without storage, a reload forgets.
const kept = {};

try {
	Object.assign(kept, JSON.parse(sessionStorage.roomkey));
} catch {}

/** `name` is chosen for the next token, `token` was the last. */
export function keep(change) {
	Object.assign(kept, change);
	try {
		sessionStorage.roomkey = JSON.stringify(kept);
	} catch {}
}

export async function fetchToken(url, clientId, signal) {
	const body = new FormData();
	body.append('clientID', clientId);
	if (kept.name) body.append('name', kept.name);
	if (kept.token) body.append('previous', kept.token);
	const asked = fetch(url, {method: 'POST', body, signal}).then((reply) => Promise.all([reply, reply.text()]));
	const [{ok, status, headers}, reply] = await asked.catch(() => {
		throw new Error('The token server does not answer.');
	});
	const text = reply.trim();
	if (ok && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) {
		keep({token: text});
		return text;
	}
	// A short line of plain text is for people.
	const forPeople = !ok && /^text\/plain/.test(headers.get('Content-Type')) && /^.{1,200}$/.test(text);
	const Kind = status >= 500 || [408, 429].includes(status) ? Error : Refused;
	const error = new Kind(`The server says: ${forPeople ? text : `status ${status}, no token`}`);
	error.wait = Math.min(headers.get('Retry-After') * 1000, 300_000);
	throw error;
}
