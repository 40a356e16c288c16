import { LONGEST_SOURCE, MOST_NODES, DEEPEST } from './limits.ts';
import type { CelProblem } from './types.ts';

interface LibraryError {
  readonly code: string;
  readonly summary: string;
  readonly range?: { readonly start: number; readonly end: number };
}

function isLibraryError(error: unknown): error is LibraryError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'summary' in error && typeof error.summary === 'string';
}

/** What the parser says of a text that is no expression. Offsets always lie inside the source. */
export function parserProblem(error: unknown, source: string): CelProblem {
  if (!isLibraryError(error)) {
    return { start: 0, end: source.length, code: 'syntax', message: 'the expression cannot be read', help: 'write it with less nesting' };
  }
  const [start, end] = placed(error, source);
  if (error.code === 'limit_exceeded') {
    const message = `the expression is too large: at most ${MOST_NODES} parts, ${DEEPEST} inside each other and ${LONGEST_SOURCE} characters`;
    return { start, end, code: 'too_complex', message, help: 'split it into several conditions' };
  }
  const known = phraseAt(source, start) ?? endsEarly(error, source, start);
  return known ?? { start, end, code: 'syntax', message: unexpectedWord(error, source, start) ?? inWords(error.summary), help: hint(error, source, start) };
}

function placed(error: LibraryError, source: string): readonly [number, number] {
  const inside = (offset: number): number => Math.min(Math.max(Math.trunc(offset), 0), source.length);
  const start = inside(error.range?.start ?? 0);
  return [start, Math.max(start, inside(error.range?.end ?? source.length))];
}

const TOKENS: readonly (readonly [RegExp, string])[] = [
  [/\bEOF\b/g, 'the end'],
  [/\bIDENTIFIER\b/g, 'a name'],
  [/\bRPAREN\b/g, '`)`'],
  [/\bLPAREN\b/g, '`(`'],
  [/\bRBRACKET\b/g, '`]`'],
  [/\bLBRACKET\b/g, '`[`'],
  [/\bRBRACE\b/g, '`}`'],
  [/\bLBRACE\b/g, '`{`'],
  [/\bCOLON\b/g, '`:`'],
  [/\bCOMMA\b/g, '`,`'],
  [/\bDOT\b/g, '`.`'],
];

function inWords(summary: string): string {
  const line = summary.split('\n', 1)[0] ?? '';
  const text = TOKENS.reduce((words, [token, name]) => words.replace(token, name), line);
  const printed = text.replace(/[\p{C}\p{Z}]/gu, (c) => (c === ' ' ? c : '\uFFFD'));
  return `${printed.charAt(0).toLowerCase()}${printed.slice(1)}`.slice(0, 300);
}

/** Messages look no further back for what led to a mistake. */
const LOOKS_BACK = 100;

/** What other languages write as words: what it is here, and what to write. Longer phrases first. */
const PHRASES: readonly (readonly [phrase: RegExp, help: string])[] = [
  [/^is\s+not\s+null\b/i, 'write `!= null`; to ask whether an argument is given, `has(args.name)`'],
  [/^is\s+null\b/i, 'write `== null`; to ask whether an argument is missing, `!has(args.name)`'],
  [/^is\s+not\b/i, 'write `!=`'],
  [/^is\b/i, 'write `==`'],
  [/^not\s+in\b/i, 'write `!(args.name in [...])`'],
  [/^not\b/i, 'write `!`'],
  [/^and\b/i, 'write `&&`'],
  [/^or\b/i, 'write `||`'],
  [/^===/, 'write `==`'],
  [/^!==/, 'write `!=`'],
  [/^<>/, 'write `!=`'],
];

/** A phrase of another language at the mistake, or just before it: the parser takes `not` for a name and stumbles over what follows. */
function phraseAt(source: string, start: number): CelProblem | null {
  const before = /(?<![.\w])(?:and|or|not|is)\s+$/i.exec(source.slice(Math.max(0, start - LOOKS_BACK), start));
  // Of `!==` and `<>` the parser has read the beginning.
  const symbol = /(?:!=|<)$/.exec(source.slice(Math.max(0, start - 2), start));
  for (const at of [before, symbol].flatMap((one) => (one === null ? [] : [start - one[0].length])).concat(start)) {
    const rest = source.slice(at, at + 100);
    for (const [phrase, help] of PHRASES) {
      const found = phrase.exec(rest)?.[0];
      if (found !== undefined) return { start: at, end: at + found.length, code: 'syntax', message: `\`${found.replace(/\s+/g, ' ')}\` is not CEL`, help };
    }
  }
  return null;
}

/** The expression ended where something had to follow. */
function endsEarly(error: LibraryError, source: string, start: number): CelProblem | null {
  if (!/^Unexpected token: EOF\b/.test(error.summary)) return null;
  const last = /(?:&&|\|\||[<>=!]=|[-+*/%<>!?:,.([{]|\bin)\s*$/.exec(source.slice(-LOOKS_BACK))?.[0].trim();
  return { start, end: Math.max(start, source.length), code: 'syntax', message: 'the expression ends too early', help: last === undefined ? null : `write what follows \`${last}\`` };
}

function hint(error: LibraryError, source: string, start: number): string | null {
  const rest = source.slice(start);
  if (rest.startsWith('=')) return source[start - 1] === '=' ? 'write `==`' : 'write `==` to compare';
  if (rest.startsWith('&')) return 'write `&&`';
  if (rest.startsWith('|')) return 'write `||`';
  const word = /^[a-z]+/.exec(rest)?.[0] ?? '';
  if (source[start - 1] === '.' && word !== '') return `write \`["${word}"]\``;
  return error.code === 'unterminated_string' ? 'close the quotes' : null;
}

/** The parser names a letter in the middle of the word; the author looks for the word. */
function unexpectedWord(error: LibraryError, source: string, start: number): string | null {
  const word = /^\w{1,60}/.exec(source.slice(start, start + 60))?.[0];
  return word === undefined || !error.summary.startsWith('Unexpected character') ? null : `unexpected \`${word}\`; what stands before it is complete`;
}
