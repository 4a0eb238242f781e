// SPDX-License-Identifier: MIT
// People at their browsers: each has a context (storage, network) of their own.

import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { chromium } from 'playwright-core';

import { patience } from '../process/support/until.js';

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell',
    // Root may not use the sandbox; the rest keeps Chromium from calling home.
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

// What Chromium itself prints when a server is away; no page can prevent it.
const networkFailure = /^(Failed to load resource|WebSocket connection to)/;

const everybody = [];

// After each test of each file, whoever has visited has nothing to complain of.
afterEach(() => {
  for (const person of everybody) person.hadNoComplaint();
});

/** Waits until `condition` holds; asks often. */
export async function until(condition) {
  const deadline = Date.now() + patience;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it never came true: ${condition}`);
    await sleep(20);
  }
}

export class Person {
  /**
   * Opens the page. Options are those of a browser context, and `path`, `prepare(page)`, `breaks`
   * where a test makes the network fail, and `measured` where the page's time must be the true one.
   */
  static async visit(browser, stack, { path = '', prepare, breaks, measured, ...options } = {}) {
    const context = await browser.newContext({
      viewport: { width: 1000, height: 700 },
      // See stack.js: an address for each person.
      extraHTTPHeaders: { 'X-Real-IP': `192.0.2.${everybody.length % 250}` },
      ...options,
    });
    const page = await context.newPage();
    const person = new Person(context, page, new URL(path, stack.url).href);
    everybody.push(person);
    await person.watch(breaks);
    if (!measured) await page.clock.install(); // runs as usual, until a test makes it jump
    await prepare?.(page, context);
    await page.goto(person.address);
    return person;
  }

  constructor(context, page, address) {
    Object.assign(this, { context, page, address, complaints: [], frames: [], sent: [], sockets: 0 });
  }

  /** Collects whatever a page may complain of, and every frame that reaches it. */
  async watch(breaks) {
    const { page, complaints, frames, sent } = this;
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      if (!['error', 'warning'].includes(message.type()) || (breaks && networkFailure.test(text))) return;
      complaints.push(`console: ${text}`);
    });
    page.on('websocket', (socket) => {
      this.sockets++;
      socket.on('close', () => this.sockets--);
      socket.on('framereceived', ({ payload }) => frames.push(String(payload)));
      socket.on('framesent', ({ payload }) => sent.push(String(payload)));
    });
    await page.exposeFunction('complain', (text) => complaints.push(text));
    await page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => window.complain(`CSP: ${event.violatedDirective} ${event.blockedURI}`));
      addEventListener('unhandledrejection', (event) => window.complain(`unhandled: ${event.reason}`));
    });
  }

  get(selector) {
    return this.page.locator(selector);
  }

  /** Waits until the page can send. */
  async online() {
    await this.get('.message-form button:enabled').waitFor().catch(async (error) => {
      throw new Error(`${error.message} The page says: ${await this.get('.banner p').textContent()}`);
    });
    return this;
  }

  async name() {
    return this.get('.me .name').inputValue();
  }

  async say(text) {
    await this.get('.message-form__input').fill(text);
    await this.get('.message-form__input').press('Enter');
  }

  /** Chooses another name, and waits for the connection that tells it. */
  async rename(name) {
    this.chosen = name;
    await this.nextConnection(async () => {
      await this.get('.me .name').fill(name);
      await this.get('.me .name').press('Enter');
      await this.get('.me .name').blur();
    });
  }

  /** Waits for what the line about the connection says. */
  async banner(words) {
    const line = this.get('.banner p');
    await line.filter(words === '' ? { hasNotText: /./ } : { hasText: words }).waitFor({ state: 'attached' });
  }

  /** Opens the private thread with somebody, or a room. */
  async open(title) {
    await this.get('nav button').filter({ hasText: title }).first().click();
    await this.get('.chat-title').filter({ hasText: title }).waitFor();
  }

  message(text) {
    return this.get('.message').filter({ hasText: text });
  }

  async sees(text) {
    await this.message(text).first().waitFor();
  }

  /** What the log shows, oldest first. */
  texts() {
    return this.get('.message .text').allTextContents();
  }

  members() {
    return this.get('.members-list .member .name').allTextContents();
  }

  /** Waits until the list of the others has exactly these names. */
  async seesMembers(...names) {
    const wanted = names.sort().join();
    let seen;
    await until(async () => (seen = (await this.members()).sort().join()) === wanted).catch(() => {
      assert.equal(seen, wanted);
    });
  }

  /** Collects what the line about the connection says from now on. */
  async recordBanner() {
    await this.page.evaluate(() => {
      const line = document.querySelector('.banner p');
      window.said = [];
      new MutationObserver(() => window.said.push(line.textContent)).observe(line, { childList: true, subtree: true });
    });
  }

  async bannerTexts() {
    return (await this.page.evaluate(() => window.said)).filter(Boolean);
  }

  returnToTab() {
    return this.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  }

  /** The id of the present connection, as the service gave it. */
  get clientId() {
    const handshake = this.frames.findLast((frame) => frame.includes('"require_auth"'));
    return JSON.parse(handshake).client_id;
  }

  /** Cuts the connection, and waits for the next one. */
  async reconnect(stack) {
    await this.nextConnection(() => stack.control('drop', { client: this.clientId }));
  }

  async nextConnection(act) {
    const { clientId } = this;
    await act();
    await until(() => this.clientId !== clientId);
    // A page is drawn 40 ms after a change, and until then shows what it was: timers end in their order.
    await this.page.evaluate(() => new Promise((drawn) => setTimeout(drawn, 41)));
    await this.online();
  }

  async leave() {
    await this.context.close();
    this.hadNoComplaint();
  }

  hadNoComplaint() {
    assert.deepEqual(this.complaints, []);
  }
}
