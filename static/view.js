// Shows the state. Only this file knows the page's elements; text goes in as text, never as HTML.

import {pieces} from './text.js';

const long = 2000;
const clock = new Intl.DateTimeFormat([], {timeStyle: 'short'});
const calendar = new Intl.DateTimeFormat([], {dateStyle: 'full'});

const $ = (selector) => document.querySelector(selector);

function make(tag, properties, ...content) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...content);
  return node;
}

const button = (className, onclick, ...content) => make('button', {className, onclick}, ...content);

function paint(node, color) {
  node.style.setProperty('--color', /^#[0-9a-f]{6}$/i.test(color) ? color : 'currentcolor');
}

/** Makes `list` show `items`. What is there stays: so do focus and selection, and nothing is read out twice. */
function sync(list, items, create, fill) {
  const wanted = new Map(items.map((item) => [item.key, item]));
  const old = new Map([...list.children].map((node) => [node.key, node]));
  for (const [key, node] of old) if (!wanted.has(key)) node.remove();
  let at = list.firstChild;
  for (const [key, item] of wanted) {
    const node = old.get(key) ?? Object.assign(create(item), {key});
    fill(node, item);
    if (node === at) at = at.nextSibling;
    else list.insertBefore(node, at);
  }
}

/** The messages, with a row before each new day. */
function rowsOf(messages) {
  let last = {};
  return messages.flatMap((message) => {
    const {key, at, from} = message;
    const day = new Date(at).toDateString();
    const sameDay = day === last.day;
    const follows = sameDay && from && from === last.from && at - last.at < 300_000;
    last = {day, from, at};
    const row = {key, message, follows};
    return sameDay ? row : [{key: day, day: calendar.format(at)}, row];
  });
}

function linked(text) {
  const link = (href, part) => make('a', {href, target: '_blank', rel: 'noopener noreferrer'}, part);
  return pieces(text).map(({text: part, href}) => (href ? link(href, part) : part));
}

function textOf(text) {
  const node = make('p', {className: 'text', dir: 'auto'}, ...linked(text.slice(0, long)));
  const all = () => node.replaceChildren(...linked(text));
  if (text.length > long) node.append('… ', button('more', all, `Show all ${text.length} characters`));
  return node;
}

export function createView(chat, act) {
  const [log, toEnd, form, input, send, nameInput, retry] = [
    '.messages', '.to-end', '.message-form', 'textarea', '.message-form button', '.me input', '.banner button',
  ].map($);
  let thread; // that the log shows
  let newest; // message in it
  let atEnd = true;
  let planned;

  const titleOf = ({title, peer}) => title ?? chat.label(peer);

  // --- Rooms and people ---

  function entry({className}) {
    return make('li', {}, button(className, null, make('bdi', {className: 'name'}), make('span', {className: 'badge'})));
  }

  function fillEntry({firstChild: node}, {label, peer, its}) {
    paint(node, peer?.color);
    node.onclick = () => act.select(its ?? chat.threadWith(peer));
    node.ariaCurrent = its === thread;
    node.firstChild.textContent = label;
    node.lastChild.textContent = its?.unread || '';
  }

  function showPeople() {
    const listed = (its, className) => ({key: its.key, its, className, label: titleOf(its), peer: its.peer});
    const gone = chat.all.filter(({peer}) => peer && !chat.isHere(peer));
    const others = [...chat.people.values()].filter((person) => person !== chat.me);
    const people = others.map((peer) => {
      const its = chat.all.find((other) => other.peer === peer);
      return {key: peer.id, its, className: 'member', label: chat.label(peer), peer};
    });
    people.sort((a, b) => a.label.localeCompare(b.label));
    sync($('.rooms'), chat.all.filter(({room}) => room).map((its) => listed(its, 'room')), entry, fillEntry);
    sync($('.members-list'), people, entry, fillEntry);
    sync($('.gone-list'), gone.map((its) => listed(its, 'gone')), entry, fillEntry);
    const {name, color} = act.me();
    paint(nameInput, color);
    if (nameInput !== document.activeElement) nameInput.value = name;
  }

  // --- Messages ---

  function row({day, message}) {
    const {text, from, note, at, mine} = message ?? {note: day};
    if (note) return make('li', {className: 'note'}, note);
    const author = make('span', {className: 'member name'}, make('bdi', {}, from?.name ?? 'Server'));
    paint(author, from?.color);
    author.onclick = () => from && !mine && chat.isHere(from) && act.select(chat.threadWith(from));
    const time = make('time', {dateTime: new Date(at).toISOString()}, clock.format(at));
    const className = `message ${mine ? 'mine' : ''} ${from ? '' : 'server'}`;
    return make('li', {className}, make('p', {className: 'head'}, author, ' ', time), textOf(text), make('p', {className: 'state'}));
  }

  function fillRow(node, {message, follows}) {
    if (message?.text === undefined) return;
    const {state, why} = message;
    node.classList.toggle('follows', Boolean(follows));
    if (node.dataset.state === state) return;
    node.dataset.state = state;
    const again = button('more', () => act.again(thread, message), 'Send again');
    node.lastChild.replaceChildren(...(state === 'failed' ? [`Not sent: ${why} `, again] : []));
  }

  function showMessages() {
    const {messages, draft} = chat.current;
    if (thread !== chat.current) {
      thread = chat.current;
      input.value = draft;
      atEnd = true;
      // What was said here before is not news to read out.
      log.ariaLive = 'off';
      setTimeout(() => (log.ariaLive = 'polite'), 500);
    }
    sync(log.firstElementChild, rowsOf(messages), row, fillRow);
    const last = messages.at(-1);
    if (atEnd || last?.state === 'pending') toBottom();
    else if (last?.key > newest) toEnd.hidden = false;
    newest = last?.key;
  }

  function toBottom() {
    log.scrollTop = log.scrollHeight;
  }

  function showFrame() {
    const title = titleOf(thread);
    const closed = chat.closed(thread);
    const typists = chat.typists(thread);
    $('.chat-title').textContent = title;
    $('.private').hidden = !thread.peer;
    $('.typing').textContent = typists.length ? `${typists.length < 4 ? typists.join(', ') : 'Several'} typing…` : '';
    document.title = chat.unread ? `(${chat.unread}) ${title}` : title;
    input.disabled = Boolean(closed);
    input.placeholder = closed || `Write to ${title}`;
    send.disabled = closed || !act.online();
  }

  function render() {
    planned = false;
    showMessages();
    showPeople();
    showFrame();
  }

  // --- What the person does ---

  function grow() {
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight + 2}px`;
  }

  log.onscroll = () => {
    atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    if (atEnd) toEnd.hidden = true;
  };
  new ResizeObserver(() => atEnd && toBottom()).observe(log);
  toEnd.onclick = toBottom;
  retry.onclick = act.retry;
  nameInput.onchange = () => act.rename(nameInput.value);
  form.onsubmit = (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (send.disabled || !text) return;
    thread.draft = input.value = '';
    grow();
    act.send(thread, text);
  };
  input.oninput = () => {
    thread.draft = input.value;
    grow();
    if (input.value.trim()) act.typing(thread);
  };
  input.onkeydown = (event) => {
    // Enter also chooses a word in an input method; Safari tells only by the old code 229.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  };
  onkeydown = ({key, altKey}) => {
    const step = altKey && {ArrowUp: -1, ArrowDown: 1}[key];
    if (step) act.select(chat.all.at((chat.all.indexOf(thread) + step) % chat.all.length));
  };

  return {
    /** Shows the state soon, and once, however much has happened. */
    update() {
      planned ||= setTimeout(render, 16);
    },
    focus() {
      // On a touch screen the keyboard would cover what was chosen.
      (matchMedia('(pointer: coarse)').matches ? $('.chat-title') : input).focus();
    },
    banner(text, canRetry) {
      $('.banner p').textContent = text;
      retry.hidden = !canRetry;
    },
  };
}
