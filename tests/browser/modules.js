// SPDX-License-Identifier: MIT
// The page's modules, for Node.js, which takes a .js file for a module only where a package.json
// says so. The folder that the web server serves has none, so they are read from a copy.

import { webcrypto } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

globalThis.crypto ??= webcrypto; // Node.js 18 has it, but not under its name

const copy = await mkdtemp(join(tmpdir(), 'roomkey-modules-'));
await cp(fileURLToPath(new URL('../../static', import.meta.url)), copy, { recursive: true });
await writeFile(join(copy, 'package.json'), '{"type": "module"}');
const load = (name) => import(pathToFileURL(join(copy, name)));

export const { checkConfig } = await load('config.js');
export const { earlierLinks } = await load('identity.js');
export const { Chat } = await load('state.js');
export const { cleanName, pieces, readMessage } = await load('text.js');

await rm(copy, { recursive: true });
