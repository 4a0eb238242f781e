// Reads config.json; where it is missing or wrong, says in sentences what to do.

const isText = (value) => typeof value === 'string' && value !== '';

/** The configuration, its addresses made absolute on `page`. Throws an Error that names every mistake. */
export function checkConfig(given, page) {
  const {channel, rooms, names = 'chosen', ...others} = given ?? {};
  const checked = {channel, rooms, names};
  const wrong = [];
  const must = (holds, sentence) => holds || wrong.push(sentence);

  must(isText(channel) && !channel.startsWith('YOUR_'), '"channel" must be the id of your Scaledrone channel.');
  must(['chosen', 'signed'].includes(names), '"names" must be "chosen" or "signed".');
  const list = Array.isArray(rooms) ? rooms : [];
  must(list.length, '"rooms" must list a room: [{"name": "observable-room", "title": "Public room"}].');
  list.forEach((room, at) => {
    const {name, title, history = 0} = room ?? {};
    must(isText(name) && isText(title), `"rooms": number ${at + 1} needs a "name" and a "title".`);
    must(list.findIndex((other) => other?.name === name) === at, `"rooms": "${name}" is there twice.`);
    must(history >= 0 && history <= 100, `"rooms": the "history" of "${name}" must be 0 to 100.`);
  });
  for (const [key, schemes] of [['socket', /^wss?:/], ['script', /^https?:/], ['auth', /^https?:/]]) {
    const url = isText(others[key]) && URL.canParse(others[key], page) && new URL(others[key], page);
    // A path, as socket address, is one on this web server.
    if (url && key === 'socket') url.protocol = url.protocol.replace('http', 'ws');
    must(url && schemes.test(url.protocol), `"${key}" must be an address or a path on this server.`);
    checked[key] = url.href;
    delete others[key];
  }
  for (const key of Object.keys(others)) must(false, `"${key}" is unknown here.`);
  if (wrong.length) throw new Error(wrong.join('\n'));
  return checked;
}

export async function loadConfig() {
  const reply = await fetch('config.json', {cache: 'no-cache', signal: AbortSignal.timeout(10_000)}).catch(() => {
    throw new Error('The web server does not answer. Is it running?');
  });
  if (!reply.ok) throw new Error(`The web server answers ${reply.status}: the file belongs beside index.html.`);
  return checkConfig(await reply.json(), location.href);
}
