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

// One lightness for all names, whatever colour was sent: they can be read in both themes of style.css.
function paint(node, color) {
  node.style.color = /^#[0-9a-f]{6}$/i.test(color) ? `oklch(from ${color} var(--names) min(c, .15) h)` : '';
  return node;
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
    const follows = sameDay && from && from.key === last.from?.key && at - last.at < 300_000;
    last = {day, from, at};
    const row = {key, message, follows};
    return sameDay ? row : [{key: day, message: {note: calendar.format(at)}}, row];
  });
}

function linked(text) {
  const link = (href, part) => make('a', {href, target: '_blank', rel: 'noopener noreferrer'}, part);
  return pieces(text).map(({text: part, href}) => (href ? link(href, part) : part));
}

function textOf(text) {
  const node = make('p', {className: 'text', dir: 'auto'}, ...linked(text.slice(0, long)));
  const onclick = () => node.replaceChildren(...linked(text));
  if (text.length > long) node.append('… ', make('button', {onclick}, `Show all ${text.length} characters`));
  return node;
}

export function createView(chat, act) {
  const [log, toEnd, form, input, send, nameInput, status, retry] = [
    '.messages', '.to-end', 'form', 'textarea', 'form button', '.me input', '.banner p', '.banner button',
  ].map($);
  let thread; // that the log shows
  let listed; // threads at the side
  let newest; // message in it
  let atEnd = true;
  let planned;

  // --- Rooms and people ---

  function entry({isRoom}) {
    const content = [make('bdi', {className: 'name'}), make('span', {className: 'badge'})];
    return make('li', {}, make('button', {className: isRoom ? 'room' : 'member'}, ...content));
  }

  function fillEntry({firstChild: node}, its) {
    paint(node, its.color).onclick = () => act.select(its);
    node.ariaCurrent = its === thread;
    node.firstChild.textContent = chat.label(its);
    node.lastChild.textContent = its.unread || '';
  }

  function showLists() {
    const others = chat.all.filter((its) => its !== chat.me).sort((a, b) => !a.isRoom && a.name.localeCompare(b.name));
    const lists = {
      '.rooms': others.filter(({isRoom}) => isRoom),
      '.members-list': others.filter(({rooms}) => rooms?.size),
      '.gone-list': others.filter(({rooms, messages}) => rooms?.size === 0 && messages.length),
    };
    for (const selector in lists) sync($(selector), lists[selector], entry, fillEntry);
    listed = Object.values(lists).flat();
    paint(nameInput, act.me().color);
    if (nameInput !== document.activeElement) nameInput.value = act.me().name;
  }

  // --- Messages ---

  function row({message: {text, from, note, at, mine}}) {
    if (note) return make('li', {className: 'note'}, note);
    const author = make('span', {className: 'member name'}, from?.name ?? 'Server');
    paint(author, from?.color).onclick = () => from?.rooms?.size && !mine && act.select(from);
    const time = make('time', {dateTime: new Date(at).toISOString()}, clock.format(at));
    const head = make('p', {className: 'head'}, author, ' ', time);
    return make('li', {className: `message ${mine ? 'mine' : from ? '' : 'server'}`}, head, textOf(text), make('p', {className: 'state'}));
  }

  function fillRow(node, {message, follows}) {
    const {note, state, why} = message;
    if (note) return;
    node.classList.toggle('follows', Boolean(follows));
    if (node.dataset.state === state) return;
    node.dataset.state = state;
    const onclick = () => act.send(thread, message.text, message);
    node.lastChild.replaceChildren(...(state === 'failed' ? [`${why} `, make('button', {onclick}, 'Send again')] : []));
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
    const title = chat.label(thread);
    const closed = chat.closed(thread);
    const typists = chat.typists(thread);
    $('.chat-title').textContent = title;
    $('.typing').textContent = typists.length ? `${typists.length < 4 ? typists.join(', ') : 'Several'} typing…` : '';
    document.title = chat.unread ? `(${chat.unread}) ${title}` : title;
    input.placeholder = closed || (thread.isRoom ? 'Write to all' : `Write to ${title} alone`);
    input.disabled = closed;
    send.disabled = closed || !chat.online;
  }

  function render() {
    planned = false;
    showMessages();
    showLists();
    showFrame();
  }

  // --- What the person does ---

  function grow() {
    thread.draft = input.value;
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
    if (!text || !act.send(thread, text)) return;
    input.value = '';
    grow();
  };
  input.oninput = () => {
    grow();
    if (input.value.trim()) act.typing(thread);
  };
  input.onkeydown = (event) => {
    // Enter also chooses a word in an input method; Safari tells only by the old code 229.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    form.onsubmit(event);
  };
  onkeydown = ({key, altKey}) => {
    const step = altKey && {ArrowUp: -1, ArrowDown: 1}[key];
    if (step) act.select(listed.at((listed.indexOf(thread) + step) % listed.length));
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
    banner(text) {
      if (status.textContent !== text) status.textContent = text;
      retry.hidden = chat.online;
    },
  };
}
