// Who this page is to others, over reconnects and reloads.
//
// Each connection shows a link of a hash chain (Lamport's one-time passwords): its hash is the link shown before, and
// only the holder of the seed can go on. Without https browsers do not hash: private talks end with the connection.

const subtle = globalThis.crypto?.subtle;
const links = 50;

async function hashes(link, count) {
  const all = [];
  while (subtle && all.length < count) {
    const bytes = await subtle.digest('SHA-256', new TextEncoder().encode(link));
    all.push((link = btoa(String.fromCharCode(...new Uint8Array(bytes)))));
  }
  return all;
}

/** What the holder of this one may have shown before. */
export const earlierLinks = (link) => hashes(link, link ? links : 0);

// For the tab: two tabs are two people. Without storage, a reload forgets.
export const kept = {};

try {
  Object.assign(kept, JSON.parse(sessionStorage.roomkey));
} catch {}

export function keep(change) {
  Object.assign(kept, change);
  try {
    sessionStorage.roomkey = JSON.stringify(kept);
  } catch {}
}

/** What the next connection says of itself. Spends a link. */
export async function claims() {
  const {name, color, left} = kept;
  keep(left ? {left: left - 1} : {left: links, seed: crypto.getRandomValues(new Uint8Array(32)).join()});
  return {name, color, link: (await hashes(kept.seed, kept.left)).at(-1)};
}
