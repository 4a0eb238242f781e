// SPDX-License-Identifier: MIT
// Small line charts side by side, as one SVG that reads well on a light and on a dark page.

const size = { width: 380, height: 230, left: 58, right: 16, top: 34, bottom: 44 };
const colors = ['#2f6fd0', '#c2571a', '#2a8a57'];

const escape = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const text = (x, y, content, { anchor = 'middle', fill = '#808080', weight = 400 } = {}) =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${fill}" font-weight="${weight}">${escape(content)}</text>`;

/** A round number that is at least `value`: the end of an axis. */
export function roundUp(value) {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  return [1, 1.5, 2, 3, 4, 5, 6, 8, 10].map((step) => step * magnitude).find((end) => end >= value * (1 - 1e-9));
}

/** 61292 as "61k", 0.25 as "0.25". */
export function short(value) {
  if (value >= 1e6) return `${+(value / 1e6).toFixed(1)}M`;
  if (value >= 1e4) return `${+(value / 1e3).toFixed(0)}k`;
  if (value >= 1e3) return `${+(value / 1e3).toFixed(1)}k`;
  return `${+value.toFixed(2)}`;
}

// One chart. Its values of x stand at equal distances, in their order: they are steps and no scale.
function chart({ title, x, steps, y, series }) {
  const { width, height, left, right, top, bottom } = size;
  // Room above the curves for their names.
  const headroom = series.length > 1 ? 1.25 : 1;
  const most = roundUp(headroom * Math.max(...series.flatMap(({ values }) => values)) || 1);
  const across = (i) => left + ((width - left - right) * (i + 0.5)) / steps.length;
  const up = (value) => height - bottom - ((height - top - bottom) * value) / most;
  const lines = [0, 0.5, 1].map((part) => {
    const at = up(part * most).toFixed(1);
    return `<path d="M${left} ${at}H${width - right}" stroke="#808080" stroke-opacity="${part === 0 ? 0.8 : 0.25}"/>${text(left - 6, +at + 4, short(part * most), { anchor: 'end' })}`;
  });
  const marks = steps.map((step, i) => text(across(i), height - bottom + 16, step));
  const curves = series.map(({ name, values }, n) => {
    const points = values.map((value, i) => [across(i).toFixed(1), up(value).toFixed(1)]);
    const dots = points.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colors[n]}"/>`).join('');
    const label = series.length > 1 ? text(width - right, top + 12 + 15 * n, name, { anchor: 'end', fill: colors[n] }) : '';
    return `<polyline points="${points.map((point) => point.join(',')).join(' ')}" fill="none" stroke="${colors[n]}" stroke-width="2"/>${dots}${label}`;
  });
  return [
    text(left, 18, title, { anchor: 'start', weight: 600 }),
    text(width - right, 18, y, { anchor: 'end' }),
    ...lines, ...marks, ...curves,
    text((left + width - right) / 2, height - 8, x),
  ].join('\n');
}

/** `charts` in rows of two. */
export function svg(charts) {
  const rows = Math.ceil(charts.length / 2);
  const [width, height] = [size.width * 2, size.height * rows];
  const placed = charts.map((each, i) => `<g transform="translate(${(i % 2) * size.width} ${Math.floor(i / 2) * size.height})">\n${chart(each)}\n</g>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">\n${placed.join('\n')}\n</svg>\n`;
}
