// SPDX-License-Identifier: MIT
// Numbers of several rounds, as text.

export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function spread(values, digits = 0) {
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return '-';
  const [low, middle, high] = [Math.min(...finite), median(finite), Math.max(...finite)].map((value) => fixed(value, digits));
  return `${middle} (${low}-${high})`;
}

export function fixed(value, digits) {
  return Number.isFinite(value) ? value.toFixed(digits) : '-';
}

/** A Markdown table with aligned columns: the first to the left, the others to the right. */
export function markdown(head, rows) {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(3, ...all.map((row) => String(row[i]).length)));
  const line = (row) => `| ${row.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
