// Wires the parts.

import {loadConfig} from './config.js';
import {connect, hurry, publish, renew} from './connection.js';
import {claims, earlierLinks, keep, kept} from './identity.js';
import {Chat} from './state.js';
import {banner, start, update} from './view.js';

// Without a configuration nothing more happens.
const config = await loadConfig().catch(({message}) => new Promise(() => {
  banner(`config.json is missing or wrong.\n${message}`);
}));
const chat = new Chat(config, kept, publish);

function rename(name) {
  keep({name});
  renew(); // the service takes a name with the handshake only
}

start(chat, rename, hurry);

let words; // about trouble
let late; // enough to tell
let timer;

function tell(kind, said) {
  clearTimeout(timer);
  if (chat.online) {
    banner(late < Date.now() ? 'Connected.' : '');
    timer = setTimeout(banner, 3000, '');
    words = late = undefined;
    return;
  }
  words = said ?? words ?? 'Connecting…';
  late ??= Date.now() + 2000; // a short interruption is not worth a word
  timer = setTimeout(() => banner(navigator.onLine ? words : `You are offline. ${words}`), late - Date.now());
}

async function reunite() {
  for (const person of chat.people) person.earlier ??= await earlierLinks(person.link);
  chat.reunite();
  update();
}

connect(config, claims, (event, ...heard) => {
  chat[event](...heard);
  if (event === 'status') tell(...heard);
  if (event.startsWith('member')) {
    // A guest keeps those of the first token.
    const {name, color} = chat.me;
    if (!kept.name && name) keep({name, color});
    reunite();
  }
  update();
});

onoffline = ononline = renew;
(document.onvisibilitychange = () => {
  chat.look(!document.hidden);
  hurry();
  update();
})();

let awake = Date.now();
setInterval(() => {
  // What does not echo is dead, and so is what slept.
  if (chat.isOverdue() || Date.now() - awake > 90_000) renew();
  awake = Date.now();
  update(); // typing ends without a word
}, 2000);
