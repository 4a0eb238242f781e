// SPDX-License-Identifier: MIT
// Makes one browser script of the vendor's client from npm, for pages that cannot load the
// vendor's own file: `node bundle.js OUT.js`. The script defines the global `Scaledrone`.

import { createRequire } from 'node:module';

import { build } from 'esbuild';

const [outfile, ...rest] = process.argv.slice(2);
if (!outfile || outfile.startsWith('-') || rest.length > 0) {
  console.error('usage: node bundle.js OUT.js');
  process.exit(64);
}

const client = 'scaledrone-react-native';
const require = createRequire(import.meta.url);
const { version, license } = require(`${client}/package.json`);

await build({
  entryPoints: [require.resolve(client)],
  outfile,
  bundle: true,
  minify: true,
  format: 'iife',
  globalName: 'Scaledrone',
  target: 'es2020',
  external: ['sockjs-client', 'ws'], // transports that the client never asks for in a browser
  define: { global: 'globalThis' }, // its promise library looks for Node's global object
  banner: { js: `/*! ${client} ${version}, ${license} */` },
});
