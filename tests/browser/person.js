// SPDX-License-Identifier: MIT
// People at their browsers: each has a context (storage, network) of their own.

import assert from 'node:assert/strict';

import { chromium } from 'playwright-core';

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
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

let people = 0;

export class Person {
  /** Opens the page. Options are those of a browser context, and `path`, `prepare(page)`. */
  static async visit(browser, stack, { path = '', prepare, ...options } = {}) {
    const context = await browser.newContext({
      viewport: { width: 1000, height: 700 },
      // See stack.js: an address for each person.
      extraHTTPHeaders: { 'X-Real-IP': `192.0.2.${++people % 250}` },
      ...options,
    });
    const page = await context.newPage();
    const person = new Person(context, page, new URL(path, stack.url).href);
    await person.watch();
    await prepare?.(page, context);
    await page.goto(person.address);
    return person;
  }

  constructor(context, page, address) {
    Object.assign(this, { context, page, address, complaints: [], frames: [] });
  }

  /** Collects whatever a page may complain of, and every frame that reaches it. */
  async watch() {
    const { page, complaints, frames } = this;
    page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
    page.on('console', (message) => {
      const text = message.text();
      if (['error', 'warning'].includes(message.type()) && !networkFailure.test(text)) complaints.push(`console: ${text}`);
    });
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))));
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
    await this.get('.message-form button:enabled').waitFor();
    return this;
  }

  async name() {
    return this.get('.me .name').inputValue();
  }

  async say(text) {
    await this.get('.message-form__input').fill(text);
    await this.get('.message-form__input').press('Enter');
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
    const wanted = [...names].sort();
    const deadline = Date.now() + 10_000;
    let seen;
    do {
      seen = (await this.members()).sort();
      if (seen.join() === wanted.join()) return;
      await this.page.waitForTimeout(20);
    } while (Date.now() < deadline);
    assert.deepEqual(seen, wanted);
  }

  async leave() {
    await this.context.close();
    this.hadNoComplaint();
  }

  hadNoComplaint() {
    assert.deepEqual(this.complaints, []);
  }
}
