// What the chat knows, without page or network. It hears what connection.js tells.

const maxMessages = 500;

export class Chat {
	threads = new Map();
	connections = new Map(); // to people
	own = new Set(); // connections
	me = {};
	early = []; // from people not known yet
	sent = []; // messages that may be refused
	count = 0;
	typed = 0;

	constructor({rooms, names}, publish) {
		Object.assign(this, {names, publish});
		for (const {name: room, title: name, history} of rooms) this.thread(`room ${room}`, {room, name, history});
		[this.current] = this.all;
	}

	/** A room, or a person with our private messages. */
	thread(key, properties) {
		if (!this.threads.has(key)) {
			const empty = {messages: [], unread: 0, typing: new Map(), draft: '', online: new Map()};
			this.threads.set(key, {key, ...empty, ...properties});
		}
		return this.threads.get(key);
	}

	get all() {
		return [...this.threads.values()];
	}

	/** Those one talks with are first. */
	get others() {
		const order = (a, b) => !a.messages.length - !b.messages.length || a.name.localeCompare(b.name);
		return this.all.filter((thread) => thread.online.size && thread !== this.me).sort(order);
	}

	get gone() {
		return this.all.filter(({room, online, messages}) => !room && !online.size && messages.length);
	}

	get unread() {
		return this.all.reduce((sum, {unread}) => sum + unread, 0);
	}

	status(kind) {
		this.online = kind === 'online';
	}

	connected(id) {
		this.own.add((this.id = id));
	}

	denied(room, why) {
		Object.assign(this.threads.get(`room ${room}`) ?? {}, {denied: why});
	}

	members(room, list) {
		const join = (each) => this.member_join(room, each);
		// Who is back has not left, and who has left needs no name.
		list.filter(({person}) => this.threads.has(person)).forEach(join);
		for (const id of this.connections.keys()) {
			if (!list.some(({connection}) => connection === id)) this.member_leave(room, {connection: id});
		}
		list.forEach(join);
	}

	member_join(room, {connection, person: key, name, color}) {
		const person = this.thread(key);
		const {name: before, online} = person;
		const wasGone = !online.size;
		if (connection === this.id) this.me = person;
		this.connections.set(connection, person);
		online.set(connection, (online.get(connection) ?? new Set()).add(room));
		Object.assign(person, {name: this.tellApart(person, name), color});
		if (before && before !== person.name) this.note(person, `${before} is now ${person.name}.`);
		else if (wasGone) this.note(person, `${before} is back.`);
		for (const heard of this.early.splice(0)) this.message(...heard);
	}

	member_leave(room, {connection}) {
		const person = this.connections.get(connection);
		const rooms = person?.online.get(connection);
		if (!rooms?.delete(room) || rooms.size) return;
		person.online.delete(connection);
		if (person.online.size) return;
		this.note(person, `${person.name} has left.`);
		if (person.messages.length || person.draft || person === this.current) return;
		this.threads.delete(person.key);
		for (const [id, its] of this.connections) if (its === person) this.connections.delete(id);
	}

	tellApart(person, name) {
		const isTaken = this.all.some((other) => other !== person && other.online.size && other.name === name);
		return isTaken && person !== this.me ? `${name} · ${person.key.slice(-4)}` : name;
	}

	note(person, note) {
		if (person.messages.length) this.insert(person, {at: Date.now(), note});
	}

	select(thread) {
		this.current = thread;
		this.look(this.looking);
	}

	look(looking) {
		this.looking = looking;
		if (looking) this.current.unread = 0;
	}

	closed({room, denied, name, online}) {
		if (denied) return `You are not let in. ${denied}`;
		return room || online.size ? '' : `${name} has left.`;
	}

	typists({typing}, now = Date.now()) {
		return [...typing].filter(([{online}, until]) => online.size && until > now).map(([{name}]) => name);
	}

	message(room, message, past, now = Date.now()) {
		const {id, connection, at, typing, text, name, color} = message;
		const mine = this.own.has(connection);
		const author = mine ? this.me : this.connections.get(connection);
		// What has no author came over REST, mostly from the server.
		const thread = this.threads.get(`room ${room}`) ?? (connection ? author : this.all[0]);
		if (!thread) return void (this.early = [...this.early, [room, message]].slice(-50));
		if (typing) return void (author && !mine && !past && thread.typing.set(author, now + 5000));
		if (id && thread.messages.some((other) => other.id === id)) return;
		thread.typing.delete(author);
		// The name of somebody we never met is not signed.
		const claim = {key: connection, name: this.names === 'chosen' ? name : 'Someone', color, claimed: true};
		const from = author ?? (connection && claim);
		const unechoed = mine && thread.messages.find((other) => other.mine && other.state && other.text === text);
		if (unechoed) this.settle(unechoed);
		this.insert(thread, Object.assign(unechoed || {text, from, mine, state: ''}, {id, at}), past);
		const isNews = !mine && (!past || this.own.size > 1);
		if (isNews && !(this.looking && thread === this.current)) thread.unread++;
	}

	history_message(room, message) {
		this.message(room, message, true);
	}

	/** To a person, over each connection. */
	publishTo({room, online}, data, message) {
		for (const address of room ? [room] : [...online.keys()].map((id) => `private-room-${id}`)) {
			if (message) this.sent.push(message);
			this.publish(address, data);
		}
	}

	/** To the thread that was chosen last; once more to where it was. */
	send(text, message = {thread: this.current}) {
		const {thread} = message;
		const {me} = this;
		const state = thread.room ? 'pending' : '';
		this.insert(thread, Object.assign(message, {text, from: me, mine: true, at: Date.now(), state}));
		this.publishTo(thread, {text, name: me.name, color: me.color}, message); // named, for the history
		this.typed = 0;
		return message;
	}

	type(now = Date.now()) {
		// Where a history is kept, it would fill with this.
		if (this.current.history || now - this.typed < 3000) return;
		this.typed = now;
		this.publishTo(this.current, {typing: true});
	}

	/** In the service's order: what it has not confirmed is last. History goes by its time. */
	insert(thread, message, past) {
		const list = thread.messages.filter((other) => other !== message);
		const below = (other) => (past ? other.at > message.at : !message.state && other.state === 'pending');
		let at = list.length;
		while (at && below(list[at - 1])) at--;
		message.key ??= ++this.count;
		list.splice(at, 0, message);
		thread.messages = list.slice(-maxMessages);
	}

	settle(message, state = '', why) {
		Object.assign(message, {state, why});
		this.sent = this.sent.filter((other) => other !== message);
	}

	/** Whether an echo is missing. A private message has none: it is refused soon or never. */
	isOverdue(now = Date.now()) {
		for (const message of this.sent) if (!message.thread.room && now - message.at > 3000) this.settle(message);
		return this.sent.some(({at}) => now - at > 10_000);
	}

	/** The service answers in order: what it refuses is the oldest. */
	refused(why) {
		const message = this.sent.shift();
		if (message) Object.assign(message, {state: 'failed', why: `Not sent: ${why}.`});
	}

	lost() {
		for (const message of this.sent) this.settle(message, 'failed', 'Perhaps not sent.');
	}
}
