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
let marked; // entry at the side
let newest; // message in the log
let atEnd;
let planned;

function make(tag, className, ...content) {
  const node = Object.assign(document.createElement(tag), {className});
  node.append(...content);
  return node;
}

// One lightness for all names: readable in both themes.
function paint(node, color) {
  node.style.color = /^#[0-9a-f]{6}$/i.test(color) ? `oklch(from ${color} var(--names) min(c, .15) h)` : '';
  return node;
}

/** Makes `list` show `items`. What is there stays: nothing loses the focus, or is read twice. */
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
  atEnd = true;
  update();
}

function entry({isRoom}) {
  const parts = [make('bdi', 'name'), make('span', 'badge')];
  return make('li', '', make('button', isRoom ? 'room' : 'member', ...parts));
}

function fillEntry({firstChild: node}, its) {
  paint(node, its.color).onclick = () => select(its);
  node.ariaCurrent = its === thread;
  node.firstChild.textContent = its.name;
  node.lastChild.textContent = its.unread || '';
}

function showLists() {
  const {all, others, me, names} = chat;
  const show = (list, items) => sync($(list), items, entry, fillEntry);
  show('.rooms', all.filter(({isRoom}) => isRoom));
  show('.members-list', others);
  show('.gone-list', all.filter(({isRoom, rooms, messages}) => !isRoom && !rooms.size && messages.length));
  const current = $('[aria-current=true]');
  if (marked !== current) current?.scrollIntoView({block: 'nearest'});
  marked = current;
  paint(nameInput, me.color).disabled = names === 'signed';
  if (nameInput !== document.activeElement) nameInput.value = me.name ?? '';
}

function rowsOf(messages) {
  const rows = [];
  let last = {at: 0};
  for (const message of messages) {
    const {key, from} = message;
    const at = Math.max(message.at, last.at); // clocks differ, but days only go on
    const day = calendar.format(at);
    const follows = day === last.day && from?.key === last.from?.key && at - last.at < 300_000;
    if (day !== last.day) rows.push({key: day, message: {note: day}});
    rows.push({key, message, follows});
    last = {day, from, at};
  }
  return rows;
}

function linked({text, href}) {
  return href ? Object.assign(make('a', '', text), {href, target: '_blank', rel: 'noopener noreferrer'}) : text;
}

function row({message: {text, from, note, at, mine}}) {
  if (note) return make('li', 'note', note);
  const author = paint(make('span', 'member name', from?.name ?? 'Server'), from?.color);
  const time = make('time', '', clock.format(at));
  time.dateTime = new Date(at).toISOString();
  const said = make('p', 'text', ...pieces(text).map(linked));
  said.dir = 'auto';
  if (text.length > 1000) said.tabIndex = 0; // it scrolls
  const kind = mine ? 'mine' : from ? '' : 'server';
  return make('li', `message ${kind}`, make('p', 'head', author, ' ', time), said, make('p', 'state'));
}

function fillRow(node, {message, follows}) {
  const {note, state, why, text} = message;
  node.classList.toggle('follows', !note && follows);
  if (note || node.dataset.state === state) return;
  node.dataset.state = state;
  const again = make('button', '', 'Send again');
  again.onclick = () => send(text, message);
  node.lastChild.replaceChildren(...(state === 'failed' ? [`${why} `, again] : []));
}

function showMessages() {
  const {messages, draft} = chat.current;
  if (thread !== chat.current) {
    thread = chat.current;
    input.value = draft;
    atEnd = true;
    log.ariaLive = 'off'; // this is no news
    setTimeout(() => (log.ariaLive = 'polite'), 500);
  }
  sync(log.firstChild, rowsOf(messages), row, fillRow);
  const last = messages.at(-1);
  if (atEnd) toBottom();
  else if (last?.key > newest) toEnd.hidden = false;
  newest = last?.key;
}

function toBottom() {
  atEnd = toEnd.hidden = true;
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
  $('.aside').textContent = closed || (typists && `${typists} typing…`);
  document.title = chat.unread ? `(${chat.unread}) ${name}` : name;
  input.placeholder = closed ? '' : `Write to ${name}`;
  input.disabled = closed;
  submit.disabled = closed || !chat.online;
}

/** Soon, once for all that happens. */
export function update() {
  planned ||= setTimeout(render, 16);
}

export function banner(text) {
  if (trouble.textContent !== text) trouble.textContent = text;
  retry.hidden = !text || chat?.online;
}

retry.onclick = () => location.reload();

export function start(state, rename, tryNow) {
  chat = state;
  new ResizeObserver(() => atEnd && toBottom()).observe(log);
  log.onscroll = () => {
    atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    toEnd.hidden ||= atEnd;
  };
  toEnd.onclick = toBottom;
  retry.onclick = tryNow;
  nameInput.onchange = () => rename(nameInput.value.trim());
  form.onsubmit = (event) => {
    event.preventDefault();
    send(input.value.trim());
  };
  input.oninput = () => {
    thread.draft = input.value;
    if (input.value.trim()) chat.type(thread);
  };
  input.onkeydown = (event) => {
    // Enter in an input method chooses a word; in Safari, by code 229.
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== 229) form.onsubmit(event);
  };
  onkeydown = ({key, altKey}) => {
    const step = altKey && {ArrowUp: -1, ArrowDown: 1}[key];
    const entries = [...document.querySelectorAll('nav button')];
    if (step) entries.at((entries.indexOf(marked) + step) % entries.length).click();
    if (key !== 'Escape') return;
    nameInput.value = chat.me.name ?? '';
    toBottom();
    input.focus();
  };
}
