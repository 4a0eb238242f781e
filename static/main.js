// Wires configuration, identity, connection, state and view. Each says in its own file what it does.

import {loadConfig} from './config.js';
import {connect} from './connection.js';
import {claims, earlierLinks, keep, kept} from './identity.js';
import {Chat} from './state.js';
import {cleanName} from './text.js';
import {createView} from './view.js';

function start(config) {
  const chat = new Chat(config);
  let typed = 0;
  let words; // about the trouble
  let since; // when there is trouble
  let told; // the person of it
  let timer;

  const me = () => chat.me ?? {name: kept.name ?? '', color: kept.color};
  const publish = ({key, isRoom}, message) => connection.publish(isRoom ? key : `private-room-${key}`, message);

  function send(thread, text, failed) {
    if (!chat.online) return false;
    const {name, color} = me();
    const message = chat.send(thread, me(), text, failed);
    publish(thread, {text, name, color}); // the name is for readers of the history
    typed = 0;
    // Without an echo for so long the connection is dead. A private message has none: no refusal is as good.
    setTimeout(() => {
      if (message.state !== 'pending') return;
      if (thread.isRoom) return connection.renew();
      message.state = '';
      view.update();
    }, thread.isRoom ? 10_000 : 3000);
    view.update();
    return true;
  }

  const view = createView(chat, {
    me,
    send,
    select(thread) {
      chat.select(thread);
      view.focus();
      view.update();
    },
    typing(thread) {
      // Not where a history is kept: it would fill with this.
      if (Date.now() - typed < 3000 || config.rooms.some(({name, history}) => history && name === thread.key)) return;
      typed = Date.now();
      publish(thread, {typing: true});
    },
    rename(text) {
      const name = cleanName(text);
      if (name && name !== me().name) {
        keep({name});
        connection.renew(); // the service takes a name with the handshake only
      }
      view.update();
    },
    retry: () => connection.hurry(true),
  });

  function tell(kind, said = 'Connecting…', urgent = false) {
    clearTimeout(timer);
    if (chat.online) {
      view.banner(told ? 'Connected again.' : '');
      timer = setTimeout(view.banner, 3000, '');
      told = since = 0;
      return;
    }
    if (kind !== 'connecting' || !told) words = said;
    since ||= Date.now();
    // A short interruption is not worth a word.
    timer = setTimeout(() => {
      told = true;
      view.banner(navigator.onLine ? words : `You are offline. ${words}`);
    }, told || urgent ? 0 : since + 2000 - Date.now());
  }

  async function reunite() {
    for (const person of chat.people) person.earlier ??= await earlierLinks(person.link);
    chat.reunite();
    view.update();
  }

  const connection = connect(config, claims, (event, ...heard) => {
    chat[event](...heard);
    if (event === 'status') tell(...heard);
    if (event.startsWith('member')) reunite();
    // A guest keeps the name and colour of the first token.
    if (chat.me && !kept.color) keep({name: chat.me.name, color: chat.me.color});
    view.update();
  });

  onoffline = ononline = connection.renew;
  document.onvisibilitychange = () => {
    chat.look(!document.hidden);
    connection.hurry();
    view.update();
  };
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
