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
  return { start, end, code: 'syntax', message: inWords(error.summary), help: hint(error, source, start) };
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

const WORD_OPERATORS: ReadonlyMap<string, string> = new Map([['and', '&&'], ['or', '||'], ['not', '!'], ['is', '==']]);

function hint(error: LibraryError, source: string, start: number): string | null {
  const rest = source.slice(start);
  if (rest.startsWith('===')) return 'write `==`';
  if (rest.startsWith('=')) return source[start - 1] === '=' ? 'write `==`' : 'write `==` to compare';
  if (rest.startsWith('&')) return 'write `&&`';
  if (rest.startsWith('|')) return 'write `||`';
  const word = /^[a-z]+/.exec(rest)?.[0] ?? '';
  const operator = WORD_OPERATORS.get(word);
  if (operator !== undefined) return `write \`${operator}\``;
  const before = /\b(and|or|not|is)\s*$/.exec(source.slice(0, start))?.[1];
  if (before !== undefined) return `write \`${WORD_OPERATORS.get(before) ?? ''}\``;
  if (source[start - 1] === '.' && word !== '') return `write \`["${word}"]\``;
  return error.code === 'unterminated_string' ? 'close the quotes' : null;
}
