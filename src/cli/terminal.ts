/** Marks for a terminal that shows them; plain text for a pipe, for NO_COLOR and for TERM=dumb. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
}

export function styleFor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Style {
  const coloured = stream.isTTY && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  const mark = (open: number, close: number) => (text: string) => (coloured ? `\u001b[${open}m${text}\u001b[${close}m` : text);
  return { bold: mark(1, 22), dim: mark(2, 22), red: mark(31, 39), green: mark(32, 39), yellow: mark(33, 39) };
}

/** Columns to write for: those of the terminal up to 120, 80 for a pipe. */
export function widthOf(stream: NodeJS.WriteStream): number {
  return stream.isTTY ? Math.max(40, Math.min(stream.columns, 120)) : 80;
}

/** Cuts a text to a number of characters, with an ellipsis where something is missing. */
export function clip(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** A line that is rewritten while work goes on; nothing when stderr is no terminal. */
export function progressLine(stream: NodeJS.WriteStream = process.stderr): { show(text: string): void; clear(): void } {
  if (!stream.isTTY) return { show: () => undefined, clear: () => undefined };
  return {
    show: (text) => void stream.write(`\r\u001b[2K${clip(text, widthOf(stream) - 1)}`),
    clear: () => void stream.write('\r\u001b[2K'),
  };
}

export type Alignment = 'left' | 'right';

/**
 * Rows in columns, two spaces apart. The last column takes what is left of the width; the first may be wider than its share, since
 * a name that is cut is no name.
 */
export function table(rows: readonly (readonly string[])[], alignments: readonly Alignment[], width: number): string[] {
  const columns = alignments.length;
  const widths = alignments.map((_, column) => Math.max(0, ...rows.map((row) => [...(row[column] ?? '')].length)));
  const used = widths.slice(0, columns - 1).reduce((sum, each) => sum + each + 2, 0);
  const last = Math.max(10, width - used);
  return rows.map((row) =>
    row
      .map((cell, column) => {
        if (column === columns - 1) return clip(cell, last);
        const padding = ' '.repeat(Math.max(0, (widths[column] ?? 0) - [...cell].length));
        return alignments[column] === 'right' ? padding + cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** `123 B`, `1.2 KB`, `597 KB`, `1.4 MB`; a KB is 1,000 bytes. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  const [value, unit] = bytes < 1_000_000 ? [bytes / 1_000, 'KB'] : [bytes / 1_000_000, 'MB'];
  return `${value < 10 ? value.toFixed(1) : Math.round(value).toLocaleString('en-US')} ${unit}`;
}
