// What other people send, made plain.

// Characters that control, hide, turn or pad the text around them; joiners may join.
const tricks = /[\p{Cc}\u2028\u2029\u2800]|(?!(?<=[^\s\p{DI}]\ufe0f?)[\u200c\u200d\ufe0f])\p{DI}/gu;

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
  for (const {0: match, index} of text.matchAll(/\bhttps?:\/\/[^\s<>\p{Cc}\p{DI}]+/giu)) {
    // In "(see https://example.org/)." the sentence owns the end.
    let surplus = match.split(')').length - match.split('(').length;
    let end = match.length;
    while (/[.,;:!?'"’”»]/.test(match[end - 1]) || (match[end - 1] === ')' && surplus-- > 0)) end--;
    const address = match.slice(0, end);
    const url = URL.canParse(address) && new URL(address);
    // What is before an @ passes for the host.
    if (!url || url.username || url.password) continue;
    found.push({text: text.slice(done, index)}, {text: address, href: url.href});
    done = index + end;
  }
  return [...found, {text: text.slice(done)}];
}
