// What other people send, made plain.

// Characters that control, hide, turn or pad the text around them.
const tricks = /[\p{Cc}\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

export function cleanName(value) {
  if (typeof value !== 'string') return '';
  const plain = value.slice(0, 500).normalize('NFC').replace(tricks, ' ').replace(/\s+/g, ' ').trim();
  return [...plain].slice(0, 40).join('');
}

/** This page sends {text, name, color} or {typing: true}; others may send any JSON. */
export function readMessage(data) {
  const {typing, text, name, color} = data ?? {};
  if (typing === true) return {typing};
  if (typeof text === 'string') return {text, name: cleanName(name) || 'Someone', color};
  return {text: typeof data === 'object' ? JSON.stringify(data, null, 2) : String(data)};
}

/** Splits a text at its http(s) addresses: [{text, href?}]. */
export function pieces(text) {
  const found = [];
  let done = 0;
  for (const {0: match, index} of text.matchAll(/\bhttps?:\/\/[^\s<>]+/gi)) {
    // In "(see https://example.org/)." the sentence owns the end.
    const tail = `.,;:!?'"’”»${match.includes('(') ? '' : ')'}`;
    let end = match.length;
    while (tail.includes(match[end - 1])) end--;
    const address = match.slice(0, end);
    if (!URL.canParse(address)) continue;
    found.push({text: text.slice(done, index)}, {text: address, href: new URL(address).href});
    done = index + end;
  }
  return [...found, {text: text.slice(done)}];
}
