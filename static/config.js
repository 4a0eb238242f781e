/** Makes its addresses absolute. Throws an Error that names every mistake. */
export function checkConfig(given, page) {
	const config = {names: 'signed', ...given};
	const {channel, rooms, names, socket, script, auth, ...unknown} = config;
	const wrong = Object.keys(unknown).map((key) => `"${key}" is not known here.`);
	const must = (holds, sentence) => holds || wrong.push(sentence);
	must(/^(?!YOUR_)./.test(channel ?? ''), '"channel" must be the id of your Scaledrone channel.');
	must(/^(chosen|signed)$/.test(names), '"names" must be "chosen" or "signed".');
	const isList = rooms?.length && [rooms].flat().every((room) => room?.name && room.title);
	must(isList, '"rooms" must be a list like [{"name": "observable-room", "title": "Public room"}].');
	for (const [key, value] of Object.entries({socket, script, auth})) {
		const {href} = value && URL.canParse(value, page) ? new URL(value, page) : {};
		must(/^(http|ws)s?:/.test(href), `"${key}" must be an address, or a path on this server.`);
		config[key] = key === 'socket' ? href?.replace(/^http/, 'ws') : href;
	}
	if (wrong.length) throw new Error(wrong.join('\n'));
	return config;
}

export async function loadConfig() {
	const reply = await fetch('config.json', {cache: 'no-cache', signal: AbortSignal.timeout(10_000)});
	if (!reply.ok) throw new Error(`The web server answers ${reply.status}. The file belongs beside index.html.`);
	return checkConfig(await reply.json(), location.href);
}
