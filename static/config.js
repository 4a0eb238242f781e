// Reads config.json, and says what to do where it is missing or wrong.

const known = ['channel', 'socket', 'script', 'auth', 'rooms', 'names'];

/** The configuration with absolute addresses. Throws an Error that names every mistake. */
export function checkConfig(given, page) {
  const config = {names: 'chosen', ...given};
  const {channel, rooms, names} = config;
  const wrong = [];
  const must = (holds, sentence) => holds || wrong.push(sentence);
  must(/^(?!YOUR_)./.test(channel ?? ''), '"channel" must be the id of your Scaledrone channel.');
  must(['chosen', 'signed'].includes(names), '"names" must be "chosen" or "signed".');
  const isRoom = (room) => room?.name && room.title;
  const example = '[{"name": "observable-room", "title": "Public room"}]';
  must(rooms?.length && [rooms].flat().every(isRoom), `"rooms" must be a list like ${example}.`);
  for (const key of ['socket', 'script', 'auth']) {
    const {href} = config[key] && URL.canParse(config[key], page) ? new URL(config[key], page) : {};
    must(/^(http|ws)s?:/.test(href), `"${key}" must be an address, or a path on this server.`);
    config[key] = key === 'socket' ? href?.replace(/^http/, 'ws') : href;
  }
  for (const key in config) must(known.includes(key), `"${key}" is not known here.`);
  if (wrong.length) throw new Error(wrong.join('\n'));
  return config;
}

export async function loadConfig() {
  const reply = await fetch('config.json', {cache: 'no-cache', signal: AbortSignal.timeout(10_000)});
  if (!reply.ok) throw new Error(`The web server answers ${reply.status}. The file belongs beside index.html.`);
  return checkConfig(await reply.json(), location.href);
}
