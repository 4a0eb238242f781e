// What the chat knows. Pure: no page, no network. It hears what connection.js tells, by the same names.
//
// A thread is a room, or a person with the private messages between us; its key is the room's name or the
// connection's id. A person is here while in any room.
//
// Who says what: a connection's id comes from the service, authData from the token that the auth server signed.
// clientData, and a name inside a message, are claims of their sender. With "names": "chosen" in config.json claimed
// names and colours are shown, right for guests; with "signed" only authData names anybody.

import {cleanName, readMessage} from './text.js';

const newThread = (key, more) => ({key, messages: [], ids: new Set(), unread: 0, typing: new Map(), draft: '', ...more});
const newPerson = (id, more) => newThread(id, {name: 'Someone', rooms: new Set(), ...more});

export class Chat {
  threads = new Map();
  mine = new Set(); // all connection ids that this page has had
  online = false;
  looking = true; // whether the person sees the page
  count = 0; // of messages: their keys

  constructor({rooms, names}, limit = 500) {
    Object.assign(this, {names, limit});
    for (const {name, title} of rooms) this.threads.set(name, newThread(name, {name: title, isRoom: true}));
    this.current = this.all[0];
  }

  get all() {
    return [...this.threads.values()];
  }

  get people() {
    return this.all.filter(({rooms}) => rooms?.size);
  }

  get me() {
    return this.threads.get(this.id);
  }

  get unread() {
    return this.all.reduce((sum, {unread}) => sum + unread, 0);
  }

  // --- The connection ---

  status(kind) {
    this.online = kind === 'online';
  }

  connected(id) {
    this.mine.add(id);
    this.id = id;
  }

  denied(room, words) {
    Object.assign(this.threads.get(room) ?? {}, {denied: words});
  }

  lost() {
    for (const message of this.pending) Object.assign(message, {state: 'failed', why: 'Perhaps not sent: the connection was lost.'});
  }

  // --- People ---

  members(room, list) {
    const here = new Set(list.map(({id}) => id));
    for (const {key, rooms} of this.people) if (rooms.has(room) && !here.has(key)) this.member_leave(room, {id: key});
    for (const member of list) this.member_join(room, member);
  }

  member_join(room, {id, authData, clientData}) {
    const person = this.threads.get(id) ?? newPerson(id);
    const shown = (this.names === 'chosen' && clientData) || {};
    person.signed = cleanName(authData?.name);
    person.name = cleanName(shown.name) || person.signed || 'Someone';
    person.color = shown.color ?? authData?.color;
    person.rooms.add(room);
    // A link that somebody else has shown is a copy.
    const link = clientData?.link;
    if (!this.all.some((other) => other.link === link && other !== person)) person.link = link;
    this.threads.set(id, person);
  }

  member_leave(room, {id}) {
    const person = this.threads.get(id);
    if (!person?.rooms.delete(room) || person.rooms.size) return;
    for (const {typing} of this.all) typing.delete(id);
    if (person.messages.length) this.note(person, `${person.name} has left.`);
    else if (person !== this.current) this.threads.delete(id);
  }

  /** Two of the same name are told apart by what the server calls them. */
  label({key, name, signed, rooms}) {
    const same = rooms ? this.people.filter((other) => other.name === name) : [];
    return same.length < 2 ? name : `${name} · ${signed === name ? key.slice(-4) : signed}`;
  }

  /**
   * Lets the talk with one who left go on with the only one here whose `earlier` links (identity.js) have the same
   * link, and says so. While the old connection lives, nobody is its heir.
   */
  reunite() {
    for (const old of this.all) {
      const [heir, another] = this.people.filter(({earlier}) => earlier?.includes(old.link));
      if (!old.link || old.rooms.size || !heir || another || heir === this.me) continue;
      const said = old.messages.filter(({note}) => !note);
      const note = old.name === heir.name ? `${old.name} is back.` : `${old.name} is back as ${heir.name}.`;
      heir.messages.unshift(...said, {key: ++this.count, at: Date.now(), note});
      heir.unread += old.unread;
      heir.draft ||= old.draft;
      this.threads.delete(old.key);
      if (this.current === old) this.select(heir);
    }
  }

  // --- Threads ---

  select(thread) {
    this.current = thread;
    this.look(this.looking);
  }

  look(looking) {
    this.looking = looking;
    if (looking) this.current.unread = 0;
  }

  /** Why nothing can be written there; '' when it can. */
  closed({isRoom, denied, name, rooms}) {
    if (denied) return `You are not let in: ${denied}`;
    return isRoom || rooms.size ? '' : `${name} has left.`;
  }

  typists({typing}, now = Date.now()) {
    return [...typing].filter(([, until]) => until > now).map(([id]) => this.threads.get(id).name);
  }

  // --- Messages ---

  message(room, {id, clientId, timestamp, data}, past = false, now = Date.now()) {
    const {typing, text, ...claimed} = readMessage(data);
    const mine = this.mine.has(clientId);
    const known = this.threads.get(clientId);
    const from = known ?? (clientId && newPerson(clientId, this.names === 'chosen' && claimed.name ? claimed : {}));
    // In no public room: it came to one's private room. Without an author: over REST, as a rule from those who run the
    // chat, but nothing proves it.
    const thread = this.threads.get(room) ?? from ?? this.all[0];
    if (typing) return void (known && !mine && !past && thread.typing.set(clientId, now + 5000));
    this.threads.set(thread.key, thread);
    if (id && thread.ids.has(id)) return;
    thread.ids.add(id);
    thread.typing.delete(clientId);
    // An own one is here already, and waits for this echo.
    const own = mine && thread.messages.find((other) => other.mine && other.state && other.text === text);
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

  /** Shows an own message, or shows it again. The caller publishes it. */
  send(thread, from, text, message = {}) {
    this.insert(thread, Object.assign(message, {text, from, mine: true, at: Date.now(), state: 'pending'}));
    return message;
  }

  /** History goes where its time puts it; else the service's order counts, and what it did not confirm is last. */
  insert(thread, message, past) {
    const list = thread.messages.filter((other) => other !== message);
    const below = (other) => (past ? other.at > message.at : !message.state && other.state === 'pending');
    let at = list.length;
    while (at && below(list[at - 1])) at--;
    message.key ??= ++this.count;
    list.splice(at, 0, message);
    while (list.length > this.limit) thread.ids.delete(list.shift().id);
    thread.messages = list;
  }

  get pending() {
    const all = this.all.flatMap(({messages}) => messages);
    return all.filter(({state}) => state === 'pending').sort((a, b) => a.key - b.key);
  }

  /** The service does not say what it refuses, but answers in order: it is the oldest that is not confirmed. */
  refused(words) {
    Object.assign(this.pending[0] ?? {}, {state: 'failed', why: `Not sent: ${words}.`});
  }
}
