// SPDX-License-Identifier: MIT
// axe-core finds nothing, in light and dark, on a desktop and on a phone, in all states of the page.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';

import { Guest } from './guest.js';
import { launch, Person } from './person.js';
import { startStack } from './stack.js';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const desktop = { viewport: { width: 1000, height: 700 } };
const phone = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };

let browser;
let stack;

before(async () => {
  stack = await startStack({ policy: 'chat' });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await stack?.stop();
});

async function violations({ page }) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }));
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

/** Names and colours that are hard to read as they are. */
const looks = [['Pale', '#ffff99'], ['Dark', '#000011'], ['Loud', '#ff00ff'], ['Plain', '#777777']];

for (const [size, options] of Object.entries({ desktop, phone })) {
  for (const colorScheme of ['light', 'dark']) {
    test(`axe finds nothing on a ${size} in ${colorScheme}: empty, busy, private, left, refused, offline`, async () => {
      const ada = await (await Person.visit(browser, stack, { ...options, colorScheme, reducedMotion: 'reduce', breaks: true })).online();
      assert.deepEqual(await violations(ada), [], 'empty');
      const others = await Promise.all(looks.map(([name, color]) => Guest.visit(stack, { data: { name, color } })));
      await ada.seesMembers(...looks.map(([name]) => name));
      for (const other of others) other.publish('See https://example.org/');
      const stranger = await Guest.visit(stack, { room: 'elsewhere' });
      stranger.publish({ text: 'You do not know me', name: 'Nobody' });
      await ada.sees('You do not know me');
      await stranger.leave();
      await stack.publish('observable-room', { a: 'long text'.repeat(300) });
      await ada.sees('long text');
      others[0].publish('Psst', `private-room-${ada.clientId}`);
      others[0].publish({ typing: true }, `private-room-${ada.clientId}`);
      await ada.get('.badge').filter({ hasText: '1' }).waitFor();
      assert.deepEqual(await violations(ada), [], 'busy');
      await ada.open('Pale');
      assert.deepEqual(await violations(ada), [], 'private');
      await Promise.all(others.map((other) => other.leave()));
      await ada.get('.note').filter({ hasText: 'has left' }).waitFor();
      assert.deepEqual(await violations(ada), [], 'left');
      await ada.open('Public room');
      await stack.control('freeze');
      await ada.say('Lost');
      await stack.control('drop');
      await ada.get('.message[data-state=failed]').waitFor();
      await ada.banner(/./);
      assert.deepEqual(await violations(ada), [], 'offline');
      await stack.control('reset');
      await ada.online();
      await ada.leave();
    });
  }
}

test('the focus can be seen on everything that takes it', async () => {
  const [ada, bob] = [await (await Person.visit(browser, stack)).online(), await (await Person.visit(browser, stack)).online()];
  await ada.seesMembers(await bob.name());
  await bob.say('See https://example.org/');
  await ada.sees('See');
  await ada.get('textarea').fill('so that Send takes it');
  const seen = new Set();
  for (let presses = 0; presses < 20; presses++) {
    await ada.page.keyboard.press('Tab');
    const [what, visible] = await ada.page.evaluate(() => {
      const node = document.activeElement;
      const { outlineStyle, outlineWidth, outlineOffset, outlineColor, backgroundColor } = getComputedStyle(node);
      const drawn = outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
      return [`${node.tagName}.${node.className}`, drawn && (parseFloat(outlineOffset) >= 0 || outlineColor !== backgroundColor)];
    });
    if (what === 'BODY.') continue;
    seen.add(what);
    assert.ok(visible, what);
  }
  assert.deepEqual([...seen].sort(), ['A.', 'BUTTON.', 'BUTTON.member', 'BUTTON.room', 'DIV.messages', 'INPUT.name', 'TEXTAREA.message-form__input']);
  await Promise.all([ada.leave(), bob.leave()]);
});

test('at four times the size, everything is within reach, and nothing to the side', async () => {
  const ada = await (await Person.visit(browser, stack, { viewport: { width: 320, height: 200 } })).online();
  await ada.say('Can this be read?');
  await ada.sees('Can this be read?');
  assert.ok(await ada.get('.messages').evaluate((log) => log.clientHeight >= 100));
  assert.ok(await ada.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  for (const selector of ['.room', '.me input', '.message .text', 'form button']) {
    await ada.get(selector).first().scrollIntoViewIfNeeded();
    assert.ok(await ada.get(selector).first().evaluate((node) => {
      const { left, right, top, bottom } = node.getBoundingClientRect();
      return node.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
    }), selector);
  }
  await ada.leave();
});

test('nothing moves by itself', async () => {
  const css = await readFile(new URL('../../static/style.css', import.meta.url), 'utf8');
  assert.doesNotMatch(css, /animation|transition|smooth|@keyframes/);
});

test('words at the edge have contrast too: hints in empty inputs', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const ada = await (await Person.visit(browser, stack, { colorScheme })).online();
    const ratio = await ada.get('textarea').evaluate((node) => {
      const luminance = (color) => {
        const [r, g, b] = color.match(/\d+/g).slice(0, 3).map((part) => part / 255)
          .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const [one, other] = [getComputedStyle(node, '::placeholder').color, getComputedStyle(document.body).backgroundColor]
        .map(luminance).sort((a, b) => b - a);
      return (one + 0.05) / (other + 0.05);
    });
    assert.ok(ratio >= 4.5, `${colorScheme}: ${ratio}`);
    await ada.leave();
  }
});

test('a screen reader hears new messages, and not those that were there before', async () => {
  const ada = await (await Person.visit(browser, stack)).online();
  const log = ada.get('.messages');
  assert.equal(await log.getAttribute('role'), 'log');
  await ada.get('.messages[aria-live=polite]').waitFor();
  await ada.page.evaluate(() => {
    window.heard = [];
    const node = document.querySelector('.messages');
    new MutationObserver((changes) => {
      if (node.ariaLive === 'polite') window.heard.push(...changes.flatMap(({ addedNodes }) => [...addedNodes].map((added) => added.textContent)));
    }).observe(node, { childList: true, subtree: true });
  });
  await stack.publish('observable-room', 'First');
  await ada.sees('First');
  await stack.publish('observable-room', 'Second');
  await ada.sees('Second');
  const heard = (await ada.page.evaluate(() => window.heard)).filter((text) => /First|Second/.test(text));
  assert.deepEqual(heard.map((text) => /First|Second/.exec(text)[0]), ['First', 'Second']);
  assert.equal(await ada.get('.banner p').getAttribute('role'), 'status');

  // Neither does it hear a whole room once more when one goes there.
  const bob = await (await Person.visit(browser, stack)).online();
  await bob.open(await ada.name());
  await bob.say('Psst');
  await ada.get('.badge').filter({ hasText: '1' }).waitFor();
  await ada.page.evaluate(() => (window.heard = []));
  await ada.open(await bob.name());
  await ada.sees('Psst');
  await ada.get('.messages[aria-live=polite]').waitFor();
  assert.deepEqual(await ada.page.evaluate(() => window.heard), []);
  await bob.leave();
  await ada.leave();
});
