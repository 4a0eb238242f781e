// Shows the state. Text goes in as text, never as HTML.

import {pieces} from './text.js';

const $ = (selector) => document.querySelector(selector);
const [log, toEnd, form, input, submit, nameInput, trouble, retry] = [
  '.messages', '.to-end', 'form', 'textarea', 'form button', '.me input', '.banner p', '.banner button',
].map($);
const clock = new Intl.DateTimeFormat([], {timeStyle: 'short'});
const calendar = new Intl.DateTimeFormat([], {dateStyle: 'full'});

let chat;
let thread; // that the log shows
let listed; // threads at the side
let newest; // message in the log
let atEnd;
let planned;

function make(tag, properties, ...content) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...content);
  return node;
}

// One lightness for all names, whatever colour was sent: readable in both themes.
function paint(node, color) {
  node.style.color = /^#[0-9a-f]{6}$/i.test(color) ? `oklch(from ${color} var(--names) min(c, .15) h)` : '';
  return node;
}

/** Makes `list` show `items`. What is there stays: focus, selection; nothing is read out twice. */
function sync(list, items, create, fill) {
  const old = new Map([...list.children].map((node) => [node.key, node]));
  const nodes = items.map((item) => old.get(item.key) ?? Object.assign(create(item), {key: item.key}));
  for (const node of old.values()) if (!nodes.includes(node)) node.remove();
  nodes.forEach((node, at) => {
    fill(node, items[at]);
    if (list.children[at] !== node) list.insertBefore(node, list.children[at]);
  });
}

function select(chosen) {
  chat.select(chosen);
  update();
  if (!matchMedia('(pointer: coarse)').matches) input.focus(); // no keyboard on a touch screen
}

function send(text, failed) {
  if (!chat.online || !text) return;
  chat.send(thread, text, failed);
  if (!failed) thread.draft = input.value = '';
  update();
}

function entry({isRoom}) {
  const node = make('button', {className: isRoom ? 'room' : 'member'});
  node.append(make('bdi', {className: 'name'}), make('span', {className: 'badge'}));
  return make('li', {}, node);
}

function fillEntry({firstChild: node}, its) {
  paint(node, its.color).onclick = () => select(its);
  node.ariaCurrent = its === thread;
  node.firstChild.textContent = its.name;
  node.lastChild.textContent = its.unread || '';
}

function showLists() {
  const {all, people, me} = chat;
  const lists = {
    '.rooms': all.filter(({isRoom}) => isRoom),
    '.members-list': people.filter((its) => its !== me).sort((a, b) => a.name.localeCompare(b.name)),
    '.gone-list': all.filter(({isRoom, rooms, messages}) => !isRoom && !rooms.size && messages.length),
  };
  for (const selector in lists) sync($(selector), lists[selector], entry, fillEntry);
  listed = Object.values(lists).flat();
  paint(nameInput, me.color).disabled = chat.names === 'signed';
  if (nameInput !== document.activeElement) nameInput.value = me.name ?? '';
}

function rowsOf(messages) {
  const rows = [];
  let last = {};
  for (const message of messages) {
    const {key, at, from} = message;
    const day = calendar.format(at);
    const follows = day === last.day && from?.key === last.from?.key && at - last.at < 300_000;
    if (day !== last.day) rows.push({key: day, message: {note: day}});
    rows.push({key, message, follows});
    last = {day, from, at};
  }
  return rows;
}

function linked(text) {
  const link = (href, part) => make('a', {href, target: '_blank', rel: 'noopener noreferrer'}, part);
  return pieces(text).map(({text: part, href}) => (href ? link(href, part) : part));
}

function row({message: {text, from, note, at, mine}}) {
  if (note) return make('li', {className: 'note'}, note);
  const author = paint(make('span', {className: 'member name'}, from?.name ?? 'Server'), from?.color);
  const time = make('time', {dateTime: new Date(at).toISOString()}, clock.format(at));
  const tabIndex = text.length > 1000 ? 0 : -1; // a long one scrolls
  const said = make('p', {className: 'text', dir: 'auto', tabIndex}, ...linked(text));
  const className = `message ${mine ? 'mine' : from ? '' : 'server'}`;
  return make('li', {className}, make('p', {className: 'head'}, author, ' ', time), said, make('p', {className: 'state'}));
}

function fillRow(node, {message, follows}) {
  const {note, state, why, text} = message;
  node.classList.toggle('follows', !note && follows);
  if (note || node.dataset.state === state) return;
  node.dataset.state = state;
  const again = make('button', {onclick: () => send(text, message)}, 'Send again');
  node.lastChild.replaceChildren(...(state === 'failed' ? [`${why} `, again] : []));
}

function showMessages() {
  const {messages, draft} = chat.current;
  if (thread !== chat.current) {
    thread = chat.current;
    input.value = draft;
    atEnd = true;
    // Not news to read out.
    log.ariaLive = 'off';
    setTimeout(() => (log.ariaLive = 'polite'), 500);
  }
  sync(log.firstChild, rowsOf(messages), row, fillRow);
  const last = messages.at(-1);
  if (atEnd || last?.state === 'pending') toBottom();
  else if (last?.key > newest) toEnd.hidden = false;
  newest = last?.key;
}

function toBottom() {
  log.scrollTop = log.scrollHeight;
}

function render() {
  planned = 0;
  showMessages();
  showLists();
  const {name} = thread;
  const closed = chat.closed(thread);
  const typists = chat.typists(thread).join(', ');
  $('.chat-title').textContent = name;
  $('.typing').textContent = typists && `${typists} typing…`;
  document.title = chat.unread ? `(${chat.unread}) ${name}` : name;
  input.placeholder = closed || `Write to ${name}`;
  input.disabled = closed;
  submit.disabled = closed || !chat.online;
}

/** Soon, and once, however much has happened. */
export function update() {
  planned ||= setTimeout(render, 16);
}

export function banner(text) {
  if (trouble.textContent !== text) trouble.textContent = text;
  retry.hidden = !chat || chat.online;
}

export function start(state, rename, tryNow) {
  chat = state;
  new ResizeObserver(() => atEnd && toBottom()).observe(log);
  log.onscroll = () => {
    atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    if (atEnd) toEnd.hidden = true;
  };
  toEnd.onclick = toBottom;
  retry.onclick = tryNow;
  nameInput.onchange = () => rename(nameInput.value);
  form.onsubmit = (event) => {
    event.preventDefault();
    send(input.value.trim());
  };
  input.oninput = () => {
    thread.draft = input.value;
    if (input.value.trim()) chat.type(thread);
  };
  input.onkeydown = (event) => {
    // Enter in an input method chooses a word; Safari tells by the code 229 only.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) form.onsubmit(event);
  };
  onkeydown = ({key, altKey}) => {
    const step = altKey && {ArrowUp: -1, ArrowDown: 1}[key];
    if (step) select(listed.at((listed.indexOf(thread) + step) % listed.length));
  };
}
