// Wires configuration, identity, connection, state and view. Each says in its own file what it does.

import {loadConfig} from './config.js';
import {connect} from './connection.js';
import {claims, earlierLinks, keep, kept} from './identity.js';
import {Chat} from './state.js';
import {cleanName} from './text.js';
import {createView} from './view.js';

function start(config) {
  const chat = new Chat(config);
  let online = false;
  let typed = 0;
  let told = false; // of trouble
  let timer;

  const me = () => chat.me ?? {name: kept.name ?? '', color: kept.color};
  const publish = ({room, peer}, message) => connection.publish(room ?? `private-room-${peer.id}`, message);

  const view = createView(chat, {
    me,
    online: () => online,
    select(thread) {
      chat.select(thread);
      view.focus();
      view.update();
    },
    send,
    again(thread, message) {
      if (!online) return;
      chat.drop(thread, message);
      send(thread, message.text);
    },
    typing(thread) {
      // Not where a history is kept: it would fill with this.
      if (Date.now() - typed < 3000 || config.rooms.some(({name, history}) => name === thread.room && history)) return;
      typed = Date.now();
      publish(thread, {typing: true});
    },
    rename(text) {
      const name = cleanName(text);
      if (!name || name === me().name) return view.update();
      keep({name});
      connection.renew(); // the service takes a name with the handshake only
    },
    retry: () => connection.hurry(true),
  });

  function send(thread, text) {
    const {name, color} = me();
    const message = chat.send(thread, me(), text);
    publish(thread, {text, name, color}); // the name is for readers of the history
    typed = 0;
    view.update();
    // Without an echo for so long the connection is dead. A private message has none: no refusal is as good.
    setTimeout(() => {
      if (message.state !== 'pending') return;
      if (thread.room) return connection.renew();
      message.state = '';
      view.update();
    }, thread.room ? 10_000 : 3000);
  }

  function status(kind, words = 'Connecting…', urgent = false) {
    online = kind === 'online';
    clearTimeout(timer);
    if (online) {
      view.banner(told ? 'Connected again.' : '');
      told = false;
      timer = setTimeout(view.banner, 3000, '');
      return;
    }
    // A short interruption is not worth a word.
    timer = setTimeout(() => {
      told = true;
      view.banner(navigator.onLine ? words : `You are offline. ${words}`, kind !== 'connecting');
    }, told || urgent ? 0 : 2000);
  }

  async function reunite() {
    for (const person of chat.people.values()) person.earlier ??= await earlierLinks(person.link);
    chat.reunite();
    view.update();
  }

  const connection = connect(config, claims, (event, ...heard) => {
    if (event === 'status') status(...heard);
    else chat[event](...heard);
    if (event.startsWith('member')) reunite();
    // A guest keeps the name and colour of the first token.
    if (chat.me && !kept.color) keep({name: chat.me.name, color: chat.me.color});
    view.update();
  });

  addEventListener('online', connection.renew);
  addEventListener('offline', connection.renew);
  document.addEventListener('visibilitychange', () => {
    chat.look(!document.hidden);
    connection.hurry();
    view.update();
  });
  // A machine that slept has a dead connection, and may not know. And typing ends without a word.
  let awake = Date.now();
  setInterval(() => {
    if (Date.now() - awake > 90_000) connection.renew();
    awake = Date.now();
    view.update();
  }, 2000);
}

loadConfig().then(start, ({message}) => {
  const problem = document.createElement('pre');
  problem.textContent = `This chat is not set up. Please look at its config.json:\n\n${message}`;
  document.body.replaceChildren(problem);
});
