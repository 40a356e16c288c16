import type { Shown } from '../../gateway/approval-http/shown-json.ts';

/** Columns of one character, counted rather too high than too low: a terminal must not break a line that we did not. */
function columns(character: string): number {
  return (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
}

/**
 * Breaks what is shown into lines of at most `width` columns, at its own newlines and wherever the width is used up. Left to the terminal, a
 * long name with many spaces could continue in the first column, as a line that looks like one of ours.
 * @returns lines, each with whether it goes on from the one before
 */
export function wrap(pieces: readonly Shown[], width: number): { readonly pieces: Shown[]; readonly continued: boolean }[] {
  let line: { pieces: Shown[]; readonly continued: boolean } = { pieces: [], continued: false };
  const lines = [line];
  let used = 0;
  const next = (continued: boolean): void => {
    line = { pieces: [], continued };
    lines.push(line);
    used = 0;
  };
  for (const piece of pieces) {
    let text = '';
    const flush = (): void => {
      if (text !== '') line.pieces.push({ ...piece, text });
      text = '';
    };
    for (const character of piece.text) {
      const size = columns(character);
      if (character === '\n' || used + size > width) {
        flush();
        next(character !== '\n');
        if (character === '\n') continue;
      }
      text += character;
      used += size;
    }
    flush();
  }
  return lines;
}
