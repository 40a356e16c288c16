/** Marks and joiners take no column; East Asian wide characters and emoji take two. */
const NO_COLUMN = /^[\p{M}\p{Cf}]$/u;
const TWO_COLUMNS = /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

/** Columns that a text takes on a terminal, near enough for a table. Our own colours take none. */
export function displayWidth(coloured: string): number {
  const text = coloured.replace(/\u001b\[[0-9]+m/g, '');
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += NO_COLUMN.test(character) ? 0 : TWO_COLUMNS.test(character) ? 2 : 1;
  return width;
}

/** The text with spaces up to `width` columns. */
export function padded(text: string, width: number, alignment: 'left' | 'right' = 'left'): string {
  const gap = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return alignment === 'left' ? text + gap : gap + text;
}

/** Words (no spaces inside) in lines of at most `width` columns; a word that is longer stands alone. */
export function wrapped(words: readonly string[], width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
