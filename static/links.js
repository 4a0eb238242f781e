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
