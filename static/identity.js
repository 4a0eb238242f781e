// Who this page is to others, over reconnects and reloads, without an account.
//
// A connection's id ends with it, and clientData, where a page says who it is, anybody can read and copy. So what it
// says is a link of a hash chain (Lamport's one-time passwords): every connection shows a value whose hash is what the
// one before it showed. All can check that, and only the holder of the seed can go on. Browsers hash on secure pages
// (https, localhost) only; elsewhere private threads end with the connection.

const links = 200;
const subtle = globalThis.crypto?.subtle;

async function hash(link) {
  const bytes = await subtle.digest('SHA-256', new TextEncoder().encode(link));
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}

/** The links that the holder of this one may have shown before. */
export async function earlierLinks(link) {
  const earlier = [];
  if (!subtle || link?.length !== 44) return earlier;
  while (earlier.length < links) earlier.push((link = await hash(link)));
  return earlier;
}

// Kept for the tab: two tabs are two people. Without storage, a reload forgets.
function stored(value) {
  try {
    if (value) sessionStorage.roomkey = JSON.stringify(value);
    return JSON.parse(sessionStorage.roomkey);
  } catch {
    return {};
  }
}

export const kept = stored();
export const keep = (change) => stored(Object.assign(kept, change));

/** What the next connection says of itself. Spends a link. */
export async function claims() {
  const {name, color, left} = kept;
  if (!subtle) return {name, color};
  keep(left ? {left: left - 1} : {left: links, seed: crypto.randomUUID() + crypto.randomUUID()});
  let link = kept.seed;
  for (let n = kept.left; n > 0; n--) link = await hash(link);
  return {name, color, link};
}
