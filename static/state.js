// What the chat knows: people, threads (rooms and private ones), messages. Pure: no page, no network. It hears what
// connection.js tells, by the same names.
//
// Who says what: a connection's id comes from the service, authData from the token that the auth server signed.
// clientData, and a name inside a message, are claimed by their sender. With "names": "chosen" in config.json a
// claimed name and colour are shown, which is right for guests; with "signed" only authData names anybody.

import {cleanName, readMessage} from './text.js';

export class Chat {
  people = new Map(); // connection id -> person, of those who are here
  threads = new Map();
  mine = new Set(); // all connection ids that this page has had
  looking = true; // whether the person sees the page
  count = 0; // of messages: their keys

  constructor({rooms, names}, limit = 500) {
    Object.assign(this, {names, limit});
    for (const {name, title} of rooms) this.addThread({key: name, room: name, title});
    this.current = this.all[0];
  }

  get all() {
    return [...this.threads.values()];
  }

  connected(id) {
    this.mine.add(id);
    this.id = id;
  }

  // --- People ---

  get me() {
    return this.people.get(this.id);
  }

  isHere(person) {
    return this.people.get(person.id) === person;
  }

  find(id) {
    return this.people.get(id) ?? this.all.find(({peer}) => peer?.id === id)?.peer;
  }

  members(room, list) {
    const here = new Set(list.map(({id}) => id));
    for (const [id, {rooms}] of this.people) if (rooms.has(room) && !here.has(id)) this.member_leave(room, {id});
    for (const member of list) this.member_join(room, member);
  }

  member_join(room, {id, authData, clientData}) {
    const signed = cleanName(authData?.name);
    const shown = this.names === 'signed' ? {} : clientData ?? {};
    const person = this.find(id) ?? {id, rooms: new Set()};
    Object.assign(person, {signed, name: cleanName(shown.name) || signed || 'Someone', color: shown.color ?? authData?.color});
    person.rooms.add(room);
    // A link that somebody else has shown was copied from there.
    const link = clientData?.link;
    const known = [...this.people.values(), ...this.all.map(({peer}) => peer)];
    if (!known.some((other) => other?.link === link && other !== person)) person.link = link;
    this.people.set(id, person);
  }

  member_leave(room, {id}) {
    const person = this.people.get(id);
    if (!person?.rooms.delete(room) || person.rooms.size) return;
    this.people.delete(id);
    for (const thread of this.all) {
      thread.typing.delete(id);
      if (thread.peer !== person) continue;
      if (thread.messages.length) this.note(thread, `${person.name} has left.`);
      else if (thread !== this.current) this.threads.delete(thread.key);
    }
  }

  /** Two of the same name are told apart by what the server calls them. */
  label({id, name, signed}) {
    const same = [...this.people.values()].filter((other) => other.name === name);
    return same.length < 2 ? name : `${name} · ${signed === name ? id.slice(-4) : signed}`;
  }

  // --- Threads ---

  addThread(thread) {
    Object.assign(thread, {messages: [], ids: new Set(), unread: 0, typing: new Map(), draft: ''});
    this.threads.set(thread.key, thread);
    return thread;
  }

  threadWith(peer) {
    return this.all.find((thread) => thread.peer === peer) ?? this.addThread({key: `private ${peer.id}`, peer});
  }

  select(thread) {
    const {key, peer, messages} = this.current;
    if (peer && !messages.length && !this.isHere(peer)) this.threads.delete(key);
    this.current = thread;
    this.look(this.looking);
  }

  look(looking) {
    this.looking = looking;
    if (looking) this.current.unread = 0;
  }

  get unread() {
    return this.all.reduce((sum, {unread}) => sum + unread, 0);
  }

  denied(room, words) {
    Object.assign(this.threads.get(room) ?? {}, {denied: words});
  }

  /** Why nothing can be written here; '' when it can. */
  closed({peer, denied}) {
    if (denied) return `You are not let in: ${denied}`;
    return peer && !this.isHere(peer) ? `${peer.name} has left.` : '';
  }

  typists({typing}, now = Date.now()) {
    return [...typing].filter(([, until]) => until > now).map(([id]) => this.people.get(id).name);
  }

  /**
   * Lets a private thread go on with the one who came back on a new connection, and says so in it: the only one here
   * whose `earlier` links (identity.js) have the link of the one who left. While the old connection lives, it stays.
   */
  reunite() {
    for (const thread of this.all) {
      const {peer} = thread;
      if (!peer?.link || this.isHere(peer)) continue;
      const heirs = [...this.people.values()].filter(({earlier}) => earlier?.includes(peer.link));
      if (heirs.length === 1 && heirs[0] !== this.me) this.carry(thread, heirs[0]);
    }
  }

  carry(thread, person) {
    const {name} = thread.peer;
    const newer = this.all.find(({peer}) => peer === person);
    thread.peer = person;
    if (thread.messages.at(-1)?.note) thread.messages.pop();
    this.note(thread, person.name === name ? `${name} is back.` : `${name} is back as ${person.name}.`);
    if (!newer) return;
    thread.messages.push(...newer.messages);
    thread.unread += newer.unread;
    this.threads.delete(newer.key);
    if (this.current === newer) this.select(thread);
  }

  // --- Messages ---

  message(room, {id, clientId, timestamp, data}, past = false, now = Date.now()) {
    const {typing, text, name, color} = readMessage(data);
    const mine = this.mine.has(clientId);
    if (typing && (past || mine || !this.people.has(clientId))) return;
    const claimed = this.names === 'signed' ? {} : {name, color};
    const from = clientId && (this.find(clientId) ?? {id: clientId, rooms: new Set(), name: 'Someone', ...claimed});
    // In no public room: it came to one's private room. Without an author: over REST, as a rule from those who run the
    // chat, but nothing proves it.
    const thread = this.threads.get(room) ?? (from ? this.threadWith(from) : this.all[0]);
    if (typing) return void thread.typing.set(clientId, now + 5000);
    if (id && thread.ids.has(id)) return;
    thread.ids.add(id);
    thread.typing.delete(clientId);
    // An own one is here already, waiting for this echo.
    const own = mine && thread.messages.find((other) => other.mine && other.state && other.text === text);
    if (own) this.drop(thread, own);
    const at = timestamp > 0 ? timestamp * 1000 : now;
    this.insert(thread, Object.assign(own || {text, from, mine}, {id, at, state: ''}), past);
    const news = !mine && (!past || this.mine.size > 1);
    if (news && !(this.looking && thread === this.current)) thread.unread++;
  }

  history_message(room, message) {
    this.message(room, message, true);
  }

  note(thread, note) {
    this.insert(thread, {note, at: Date.now()});
  }

  /** History goes where its time puts it; otherwise the service's order counts, and what it did not confirm is last. */
  insert(thread, message, past) {
    const {messages, ids} = thread;
    const below = (other) => (past ? other.at > message.at : !message.state && other.state === 'pending');
    let at = messages.length;
    while (at && below(messages[at - 1])) at--;
    message.key ??= ++this.count;
    messages.splice(at, 0, message);
    while (messages.length > this.limit) ids.delete(messages.shift().id);
  }

  /** Shows an own message. The caller publishes it. */
  send(thread, from, text, now = Date.now()) {
    const message = {text, from, mine: true, at: now, state: 'pending'};
    this.insert(thread, message);
    return message;
  }

  drop({messages}, message) {
    messages.splice(messages.indexOf(message), 1);
  }

  get pending() {
    const all = this.all.flatMap(({messages}) => messages);
    return all.filter(({state}) => state === 'pending').sort((a, b) => a.key - b.key);
  }

  /** The service does not say what it refuses, but answers in order: it is the oldest that is not confirmed. */
  refused(why) {
    Object.assign(this.pending[0] ?? {}, {state: 'failed', why});
  }

  lost() {
    for (const message of this.pending) Object.assign(message, {state: 'failed', why: 'the connection was lost.'});
    for (const {typing} of this.all) typing.clear();
  }
}
