// Reads what others send, whatever JSON it is. Nothing else in the page sees the original.

const maxText = 65_536; // characters of a message
const maxJson = 2000; // of one that is shown as JSON

// Characters that control, hide, turn or pad the text around them; joiners may join.
const tricks = /[\p{Cc}\u2028\u2029\u2800]|(?!(?<=[^\s\p{DI}]\ufe0f?)[\u200c\u200d\ufe0f])\p{DI}/gu;

const readString = (value) => (typeof value === 'string' ? value : '');

/** Short, flat and visible, or ''. */
export function readName(value) {
	const plain = readString(value).slice(0, 500).normalize('NFC').replace(tricks, ' ').replace(/\s+/g, ' ').trim();
	return [...plain].slice(0, 40).join('').trim();
}

function readLook({name, color}) {
	return {name: readName(name) || 'Someone', color: /^#[0-9a-f]{6}$/i.exec(readString(color))?.[0] ?? ''};
}

function withoutDepths(value, depth) {
	if (Object(value) !== value) return value;
	if (!depth) return '…';
	const copy = Array.isArray(value) ? [] : Object.create(null);
	for (const key of Object.keys(value).slice(0, maxJson)) copy[key] = withoutDepths(value[key], depth - 1);
	return copy;
}

function readText(data) {
	const text = data?.text ?? data;
	if (typeof text === 'string') return text.slice(0, maxText);
	const json = JSON.stringify(withoutDepths(data, 5), null, 2);
	return json.length > maxJson ? `${json.slice(0, maxJson - 1)}…` : json;
}

// A person has connections; one, where the token has no id.
function readMember({id: connection, authData}) {
	const id = readString(authData?.id);
	return {connection, person: id ? `id ${id}` : `connection ${connection}`, ...readLook(authData ?? {})};
}

// This page sends {text, name, color} or {typing: true}. What comes over REST has no connection.
function readMessage({id, clientId: connection, timestamp, data}) {
	const at = timestamp * 1000 || Date.now();
	return {id, connection, at, typing: data?.typing === true, text: readText(data), ...readLook(data ?? {})};
}

export const readers = {
	members: (list) => list.map(readMember),
	member_join: readMember,
	member_leave: readMember,
	message: readMessage,
	history_message: readMessage,
};
