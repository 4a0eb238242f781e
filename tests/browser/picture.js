// SPDX-License-Identifier: MIT
// Takes the pictures of the README: `node tests/browser/picture.js [FOLDER]`, deploy/ by default.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Guest } from './guest.js';
import { launch, Person } from './person.js';
import { startStack } from './stack.js';

const folder = process.argv[2] ?? fileURLToPath(new URL('../../deploy', import.meta.url));
const looks = { Grace: '#b0413e', Alan: '#2e7d4f', Hedy: '#8e44ad' };

const stack = await startStack({ policy: 'chat', history: true });
const browser = await launch();
try {
  const visit = () => Person.visit(browser, stack, { viewport: { width: 860, height: 480 }, locale: 'en-GB' });
  const ada = await (await visit()).online();
  await ada.rename('Ada');
  const guests = {};
  for (const [name, color] of Object.entries(looks)) guests[name] = await Guest.visit(stack, { data: { id: name, name, color } });
  await ada.seesMembers(...Object.keys(looks));
  await ada.online();
  const say = async (name, text) => {
    guests[name].publish({ text, name, color: looks[name] });
    await ada.sees(text);
  };
  await say('Grace', 'Hello all! Who brings the tea?');
  await say('Alan', 'I do. It is on the list: https://example.org/tea');
  await ada.say('Then I bring the cups.');
  await ada.sees('cups');
  await stack.publish('observable-room', 'The kitchen closes at ten.');
  await ada.sees('closes at ten');
  await say('Hedy', 'See you all at eight');
  guests.Grace.publish({ text: 'Psst: is it a surprise?', name: 'Grace' }, `private-room-${ada.clientId}`);
  await ada.get('.badge').filter({ hasText: '1' }).waitFor();
  guests.Alan.publish({ typing: true });
  await ada.get('.aside').filter({ hasText: 'Alan typing' }).waitFor();
  await ada.get('.message[data-state=pending]').waitFor({ state: 'detached' });
  for (const colorScheme of ['light', 'dark']) {
    await ada.page.emulateMedia({ colorScheme });
    await ada.page.screenshot({ path: join(folder, `chat-page-${colorScheme}.png`) });
  }
} finally {
  await browser.close();
  await stack.stop();
}
process.exit();
