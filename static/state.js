// What the chat knows, without page or network. It hears what connection.js tells, by the same names.
//
// A thread is a room, or a person with our private messages; its key is the room's name or the connection's id.
// Ids and authData are proven, clientData and messages are not.

import {cleanName, readMessage} from './text.js';

function newThread(key, more) {
  return {key, name: 'Someone', rooms: new Set(), messages: [], unread: 0, typing: new Map(), draft: '', ...more};
}

export class Chat {
  threads = new Map();
  mine = new Set(); // ids that this page has had
  waiting = []; // messages that may yet be refused
  count = 0; // of messages
  typed = 0;

  constructor({rooms, names}, self, publish) {
    Object.assign(this, {names, self, publish});
    for (const {name, title, history} of rooms) this.threads.set(name, newThread(name, {name: title, history, isRoom: true}));
    this.current = this.all[0];
  }

  get all() {
    return [...this.threads.values()];
  }

  get people() {
    return this.all.filter(({rooms}) => rooms.size);
  }

  /** Those one talks with are first. */
  get others() {
    const order = (a, b) => !a.messages.length - !b.messages.length || a.name.localeCompare(b.name);
    return this.people.filter(({key}) => key !== this.id).sort(order);
  }

  get me() {
    return this.threads.get(this.id) ?? this.self;
  }

  get unread() {
    return this.all.reduce((sum, {unread}) => sum + unread, 0);
  }

  status(kind) {
    this.online = kind === 'online';
  }

  connected(id) {
    this.mine.add((this.id = id));
  }

  denied(room, words) {
    Object.assign(this.threads.get(room) ?? {}, {denied: words});
  }

  members(room, list) {
    for (const {key} of this.people) if (!list.some(({id}) => id === key)) this.member_leave(room, {id: key});
    for (const member of list) this.member_join(room, member);
  }

  member_join(room, {id, authData, clientData}) {
    const person = this.threads.get(id) ?? newThread(id);
    const others = this.all.filter((other) => other !== person);
    const shown = (this.names === 'chosen' && clientData) || {};
    const name = cleanName(shown.name) || cleanName(authData?.name) || 'Someone';
    const taken = id !== this.id && others.some((other) => other.rooms.size && other.name === name);
    person.name = taken ? `${name} · ${id.slice(-4)}` : name;
    person.color = shown.color ?? authData?.color;
    // A link that somebody else has shown is a copy.
    const link = clientData?.link;
    if (!others.some((other) => other.link === link || other.earlier?.includes(link))) person.link = link;
    person.rooms.add(room);
    this.threads.set(id, person);
  }

  member_leave(room, {id}) {
    const person = this.threads.get(id);
    if (!person?.rooms.delete(room) || person.rooms.size) return;
    if (person.messages.length) this.insert(person, {at: Date.now(), note: `${person.name} has left.`});
    else if (person !== this.current) this.threads.delete(id);
  }

  /** A talk goes on with the one whose earlier links (identity.js) have that of who left. */
  reunite() {
    for (const old of this.all) {
      const heir = this.people.find(({earlier}) => earlier?.includes(old.link));
      if (!heir || !old.link) continue;
      if (heir.name.startsWith(`${old.name} · `)) heir.name = old.name; // no namesake
      if (old.rooms.size) continue;
      const note = `${old.name} is back${old.name === heir.name ? '' : ` as ${heir.name}`}.`;
      heir.messages.unshift(...old.messages, {key: ++this.count, at: Date.now(), note});
      heir.unread += old.unread;
      heir.draft ||= old.draft;
      this.threads.delete(old.key);
      if (this.current === old) this.select(heir);
    }
  }

  select(thread) {
    this.current = thread;
    this.look(this.looking);
  }

  look(looking) {
    this.looking = looking;
    if (looking) this.current.unread = 0;
  }

  closed({isRoom, denied, name, rooms}) {
    if (denied) return `You are not let in. ${denied}`;
    return isRoom || rooms.size ? '' : `${name} has left.`;
  }

  typists({typing}, now = Date.now()) {
    return this.people.filter(({key}) => typing.get(key) > now).map(({name}) => name);
  }

  message(room, {id, clientId, timestamp, data}, past, now = Date.now()) {
    const {typing, text, ...claimed} = readMessage(data);
    const mine = this.mine.has(clientId);
    const known = this.threads.get(clientId);
    const from = known ?? (clientId && newThread(clientId, this.names === 'chosen' && claimed));
    // What has no author came over REST: from the server, as a rule.
    const thread = this.threads.get(room) ?? from ?? this.all[0];
    if (typing) return void (known && !mine && !past && thread.typing.set(clientId, now + 5000));
    this.threads.set(thread.key, thread);
    if (id && thread.messages.some((other) => other.id === id)) return;
    thread.typing.delete(clientId);
    // An own one waits for this echo.
    const own = mine && thread.messages.find((other) => other.mine && other.state && other.text === text);
    if (own) this.settle(own);
    const at = timestamp * 1000 || now;
    this.insert(thread, Object.assign(own || {text, from, mine, state: ''}, {id, at}), past);
    const news = !mine && (!past || this.mine.size > 1);
    if (news && (!this.looking || thread !== this.current)) thread.unread++;
  }

  history_message(room, message) {
    this.message(room, message, true);
  }

  publishTo({key, isRoom}, message) {
    this.publish(isRoom ? key : `private-room-${key}`, message);
  }

  send(thread, text, message = {}) {
    const {isRoom} = thread;
    const {name, color} = this.me;
    Object.assign(message, {isRoom, text, from: this.me, mine: true, at: Date.now(), state: isRoom ? 'pending' : ''});
    this.insert(thread, message);
    this.waiting.push(message);
    this.publishTo(thread, {text, name, color}); // named for readers of the history
    this.typed = 0;
    return message;
  }

  type(thread, now = Date.now()) {
    // Where a history is kept, it would fill with this.
    if (thread.history || now - this.typed < 3000) return;
    this.typed = now;
    this.publishTo(thread, {typing: true});
  }

  /** In the service's order: what it has not confirmed is last. History goes by its time. */
  insert(thread, message, past) {
    const list = thread.messages.filter((other) => other !== message);
    const below = (other) => (past ? other.at > message.at : !message.state && other.state === 'pending');
    let at = list.length;
    while (at && below(list[at - 1])) at--;
    message.key ??= ++this.count;
    list.splice(at, 0, message);
    thread.messages = list.slice(-500);
  }

  settle(message, state = '', why) {
    Object.assign(message, {state, why});
    this.waiting = this.waiting.filter((other) => other !== message);
  }

  /** Whether an echo is missing for long. A private message has none: it is refused soon or never. */
  isOverdue(now = Date.now()) {
    for (const message of this.waiting) if (!message.isRoom && now - message.at > 3000) this.settle(message);
    return this.waiting.some(({at}) => now - at > 10_000);
  }

  /** The service answers in order: what it refuses is the oldest. */
  refused(words) {
    if (this.waiting[0]) this.settle(this.waiting[0], 'failed', `Not sent: ${words}.`);
  }

  lost() {
    for (const message of this.waiting) this.settle(message, 'failed', 'Perhaps not sent.');
  }
}
