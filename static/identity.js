// Who this page is to others, over reconnects and reloads.
//
// What a page says of itself can be copied. So each connection shows a link of a hash chain (Lamport's one-time
// passwords): its hash is the link shown before. All can check that; only the holder of the seed can go on. Browsers
// hash on https and localhost only; elsewhere private talks end with the connection.

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

/** The links that the holder of this one may have shown before. */
export const earlierLinks = (link) => hashes(link, link ? links : 0);

// For the tab: two tabs are two people. Without storage, a reload forgets.
function stored(value) {
  try {
    if (value) sessionStorage.roomkey = JSON.stringify(value);
    return JSON.parse(sessionStorage.roomkey) ?? {};
  } catch {
    return {};
  }
}

export const kept = stored();
export const keep = (change) => stored(Object.assign(kept, change));

/** What the next connection says of itself. Spends a link. */
export async function claims() {
  const {name, color, left} = kept;
  keep(left ? {left: left - 1} : {left: links, seed: crypto.getRandomValues(new Uint8Array(32)).join()});
  return {name, color, link: (await hashes(kept.seed, kept.left)).at(-1)};
}
