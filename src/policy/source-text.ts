import { codePoints, printable } from './printable.ts';

/** A range of UTF-16 offsets in the text of a policy. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Stands in for a position when a document does not come from text (`fromJSON`). */
export const NOWHERE: Span = { start: -1, end: -1 };

/** One line of the document with the place to point at; columns and lengths count characters of `text`. */
export interface Excerpt {
  readonly text: string;
  readonly column: number;
  readonly length: number;
}

const BEFORE = 60;
const AFTER = 60;

/** The text of a policy with its line table. Lines and columns start at 1; columns count UTF-16 units, as editors do. */
export class SourceText {
  readonly file: string;
  readonly #text: string;
  readonly #lineStarts: number[] = [0];

  constructor(text: string, file: string) {
    this.file = file;
    this.#text = text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1);
  }

  locate(offset: number): { line: number; column: number } {
    if (offset < 0) return { line: 0, column: 0 };
    const line = this.#lineOf(offset);
    return { line: line + 1, column: offset - (this.#lineStarts[line] ?? 0) + 1 };
  }

  /** The part of the line around `span`, made safe to print: a policy under review may be hostile to the terminal it is shown on. */
  excerpt(span: Span): Excerpt | null {
    if (span.start < 0) return null;
    const line = this.#lineOf(span.start);
    const start = this.#lineStarts[line] ?? 0;
    const next = this.#lineStarts[line + 1];
    let end = next === undefined ? this.#text.length : next - 1;
    if (this.#text[end - 1] === '\r') end -= 1;
    const from = Math.max(start, span.start - BEFORE);
    const to = Math.min(end, span.start + AFTER);
    const stop = Math.max(span.start, Math.min(span.end, to));
    const before = (from > start ? '…' : '') + show(this.#text.slice(from, span.start));
    const marked = show(this.#text.slice(span.start, stop));
    const after = show(this.#text.slice(stop, to)) + (to < end ? '…' : '');
    return { text: (before + marked + after).trimEnd(), column: codePoints(before) + 1, length: Math.max(1, codePoints(marked)) };
  }

  #lineOf(offset: number): number {
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function show(text: string): string {
  return printable(text.replaceAll('\t', ' '), Number.POSITIVE_INFINITY);
}
