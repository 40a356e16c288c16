/** Tables that fit 100 columns of a terminal. */
export const WIDTH = 100;

/**
 * @param {string} title
 * @param {readonly string[]} head
 * @param {readonly (readonly (string | number | null)[])[]} rows cells; numbers and null become text
 * @returns {string} the first column on the left, all others on the right
 */
export function table(title, head, rows) {
  const text = rows.map((row) => row.map((cell) => (cell === null || cell === undefined ? '–' : typeof cell === 'number' ? figure(cell) : cell)));
  const widths = head.map((_, i) => Math.max(...[head, ...text].map((row) => row[i]?.length ?? 0)));
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ').trimEnd().slice(0, WIDTH);
  return [`\n${title}`, line(head), widths.map((width) => '-'.repeat(width)).join('  ').slice(0, WIDTH), ...text.map(line)].join('\n');
}

/** Three significant digits, thousands grouped. */
export function figure(value) {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
  if (size >= 10) return value.toFixed(1);
  if (size >= 0.01 || size === 0) return value.toFixed(2);
  return value.toPrecision(2);
}

/** `1.21 (1.18–1.30)`: the median of the rounds, and the lowest and highest. */
export function spread(summary) {
  return summary === null || summary === undefined ? '–' : `${figure(summary.median)} (${figure(summary.min)}–${figure(summary.max)})`;
}
