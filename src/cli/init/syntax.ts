/** A value in the text of a configuration file, with the place where it stands. Offsets count UTF-16 units of the text. */
export interface SyntaxNode {
  readonly kind: 'object' | 'array' | 'string' | 'other';
  readonly start: number;
  readonly end: number;
  /** What it means. Objects have no prototype. */
  readonly value: unknown;
  /** Of an object. */
  readonly fields: readonly Field[];
  /** Of an array. */
  readonly items: readonly SyntaxNode[];
}

export interface Field {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: SyntaxNode;
}

/** Replaces `text[start, end)`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A file that cannot be read as what it is meant to be: one line for people, with its place. */
export class SyntaxProblem extends Error {
  override readonly name = 'SyntaxProblem';

  constructor(message: string, text: string, offset: number) {
    const before = text.slice(0, offset);
    const line = before.split('\n').length;
    super(`line ${line}, column ${offset - before.lastIndexOf('\n')}: ${message}`);
  }
}

/** Applies edits that do not overlap. @throws TypeError when they do */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let out = '';
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    if (edit.start < at) throw new TypeError('edits overlap');
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + text.slice(at);
}

/** Own fields of an object that was made from a file, or none. */
export function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
}
