// SPDX-License-Identifier: MIT
// The page's modules, for Node.js, which takes a .js file for a module only where a package.json
// says so. The folder that the web server serves has none, so they are read from a copy.

import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const copy = await mkdtemp(join(tmpdir(), 'roomkey-modules-'));
await cp(fileURLToPath(new URL('../../static', import.meta.url)), copy, { recursive: true });
await writeFile(join(copy, 'package.json'), '{"type": "module"}');
const load = (name) => import(pathToFileURL(join(copy, name)));

export const { checkConfig } = await load('config.js');
export const { readers, readName } = await load('incoming.js');
export const { pieces } = await load('links.js');
export const { Chat } = await load('state.js');

await rm(copy, { recursive: true });
