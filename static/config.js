// Reads config.json, and says what to do where it is missing or wrong.

const isText = (value) => typeof value === 'string' && value !== '';

/** The configuration with its addresses made absolute. Throws an Error that names every mistake. */
export function checkConfig(given, page) {
  const {channel, rooms, names = 'chosen', ...rest} = given ?? {};
  const checked = {channel, rooms, names};
  const wrong = [];
  const must = (holds, sentence) => holds || wrong.push(sentence);
  must(isText(channel) && !/^YOUR_/.test(channel), '"channel" must be the id of your Scaledrone channel.');
  must(['chosen', 'signed'].includes(names), '"names" must be "chosen" or "signed".');
  for (const key of ['socket', 'script', 'auth']) {
    const url = isText(rest[key]) && URL.canParse(rest[key], page) && new URL(rest[key], page);
    if (url && key === 'socket') url.protocol = url.protocol.replace('http', 'ws'); // a path on this server
    must(/^(http|ws)s?:/.test(url.href), `"${key}" must be an address, or a path on this server.`);
    checked[key] = url.href;
    delete rest[key];
  }
  const list = Array.isArray(rooms) ? rooms : [];
  must(list.length, '"rooms" must be a list: [{"name": "observable-room", "title": "Public room"}].');
  list.forEach((room, at) => {
    const {name, title, history = 0} = room ?? {};
    const first = list.findIndex((other) => other?.name === name) === at;
    must(isText(name) && isText(title) && first, `"rooms": number ${at + 1} must have a "title", and a "name" of its own.`);
    must(history >= 0 && history <= 100, `"rooms": the "history" of number ${at + 1} must be 0 to 100.`);
  });
  for (const key in rest) must(false, `"${key}" is not known here.`);
  if (wrong.length) throw new Error(wrong.join('\n'));
  return checked;
}

export async function loadConfig() {
  const reply = await fetch('config.json', {cache: 'no-cache', signal: AbortSignal.timeout(10_000)});
  if (!reply.ok) throw new Error(`The web server answers ${reply.status}. The file belongs beside index.html.`);
  return checkConfig(await reply.json(), location.href);
}
