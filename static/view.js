// Shows the state. Text goes in as text, never as HTML.

import {pieces} from './links.js';

const $ = (selector) => document.querySelector(selector);
const [log, toEnd, form, input, submit, nameInput, banner, retry] = [
	'.messages', '.to-end', 'form', 'textarea', 'form button', '.me input', '.banner p', '.banner button',
].map($);
const clock = new Intl.DateTimeFormat([], {timeStyle: 'short'});
const calendar = new Intl.DateTimeFormat([], {dateStyle: 'full'});
const failed = new Set();

let chat;
let marked; // entry
let newest; // message
let atEnd;
let planned;

function make(tag, className, ...content) {
	const node = Object.assign(document.createElement(tag), {className});
	node.append(...content);
	return node;
}

// One lightness for all names: readable in both themes.
function paint(node, color) {
	node.style.color = color && `oklch(from ${color} var(--names) min(c, .15) h)`;
	return node;
}

/** Makes `list` show `items`. What is there stays: nothing loses the focus, or is read twice. */
function sync(list, items, create, fill) {
	const old = new Map([...list.children].map((node) => [node.key, node]));
	const nodes = new Set();
	for (const item of items) {
		try {
			const node = old.get(item.key) ?? Object.assign(create(item), {key: item.key});
			fill(node, item);
			nodes.add(node);
		} catch (error) {
			if (!failed.has(item.key)) console.error('Left out:', error);
			failed.add(item.key);
		}
	}
	for (const node of old.values()) if (!nodes.has(node)) node.remove();
	let place = list.firstChild;
	for (const node of nodes) {
		if (node === place) place = place.nextSibling;
		else list.insertBefore(node, place);
	}
}

/** At once: what is typed next is for this thread. */
function select(thread) {
	chat.select(thread);
	input.value = thread.draft;
	atEnd = true;
	log.ariaLive = 'off'; // this is no news
	setTimeout(() => (log.ariaLive = 'polite'), 500);
	render();
}

function send(text, failed) {
	if (!chat.online || !text) return;
	chat.send(text, failed);
	if (!failed) chat.current.draft = input.value = '';
	atEnd = true;
	update();
}

function entry({room}) {
	return make('li', '', make('button', room ? 'room' : 'member', make('bdi', 'name'), make('span', 'badge')));
}

function fillEntry({firstChild: button}, thread) {
	const [name, badge] = button.children;
	paint(button, thread.color).onclick = () => {
		select(thread);
		if (!matchMedia('(pointer: coarse)').matches) input.focus(); // no keyboard on a touch screen
	};
	button.ariaCurrent = thread === chat.current;
	name.textContent = thread.name;
	badge.textContent = thread.unread || '';
}

function showLists() {
	const show = (selector, threads) => sync($(selector), threads, entry, fillEntry);
	show('.rooms', chat.all.filter(({room}) => room));
	show('.members-list', chat.others);
	show('.gone-list', chat.gone);
	const current = $('[aria-current=true]');
	if (marked !== current) current?.scrollIntoView({block: 'nearest'});
	marked = current;
	paint(nameInput, chat.me.color).disabled = chat.names === 'signed';
	if (nameInput !== document.activeElement) nameInput.value = chat.me.name ?? '';
}

function rowsOf(messages) {
	const rows = [];
	let last = {at: 0};
	for (const message of messages) {
		const {key, from} = message;
		const at = Math.max(message.at, last.at); // clocks differ, but days only go on
		const day = new Date(at).setHours(0, 0, 0, 0);
		const follows = day === last.day && from?.key === last.from?.key;
		if (day !== last.day) rows.push({key: day, message: {note: calendar.format(at)}});
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
	const kind = mine ? 'mine' : !from ? 'server' : from.claimed ? 'claimed' : '';
	return make('li', `message ${kind}`, make('p', 'head', author, ' ', time), said, make('p', 'state'));
}

function fillRow(node, {message, follows}) {
	const {note, state, why, text} = message;
	node.classList.toggle('follows', !note && follows);
	if (note || node.dataset.state === state) return;
	node.dataset.state = state;
	const again = Object.assign(make('button', '', 'Send again'), {onclick: () => send(text, message)});
	node.lastChild.replaceChildren(...(state === 'failed' ? [`${why} `, again] : []));
}

function showMessages() {
	const {messages} = chat.current;
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
	clearTimeout(planned);
	planned = 0;
	showMessages();
	showLists();
	const {current, unread} = chat;
	const {name} = current;
	const closed = chat.closed(current);
	const typists = chat.typists(current).join(', ');
	$('.chat-title').textContent = name;
	$('.aside').textContent = closed || (typists && `${typists} typing…`);
	document.title = unread ? `(${unread}) ${name}` : name;
	input.placeholder = closed ? '' : `Write to ${name}`;
	input.disabled = closed;
	submit.disabled = closed || !chat.online;
}

export function update() {
	planned ||= setTimeout(render, 40);
}

export function showBanner(text) {
	if (banner.textContent !== text) banner.textContent = text;
	retry.hidden = !text || chat?.online;
}

retry.onclick = () => location.reload();

export function start(state, rename, tryNow) {
	chat = state;
	select(chat.current);
	new ResizeObserver(() => atEnd && toBottom()).observe(log);
	log.onscroll = () => {
		atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
		toEnd.hidden ||= atEnd;
	};
	toEnd.onclick = toBottom;
	retry.onclick = tryNow;
	nameInput.onchange = () => rename(nameInput.value);
	form.onsubmit = (event) => {
		event.preventDefault();
		send(input.value.trim());
	};
	input.oninput = () => {
		chat.current.draft = input.value;
		if (input.value.trim()) chat.type();
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
