import { RE2JS } from 're2js';

/** A compiled pattern, or why there is none. */
export type PatternCompilation =
  | {
      readonly ok: true;
      /** Whether the pattern matches somewhere in the text, in time proportional to `cost`. */
      test(text: string): boolean;
      /** Instructions times characters of a search in that many characters: at worst 50 ns each. Callers keep the sum bounded. */
      cost(length: number): number;
      /** Whether every match certainly spans the whole text: `^…$` on every branch, without `(?m)`. */
      readonly anchored: boolean;
    }
  | { readonly ok: false; readonly message: string };

const LONGEST_PATTERN = 1000;
/** Instructions of a compiled pattern. The time of a search grows with them, times the length of the text (protocol.md A4). */
const LARGEST_PROGRAM = 1000;

/** What one search may cost at most, as `cost` gives it: a quarter of a second at worst, for patterns made to be slow. */
export const MOST_SEARCH_COST = 5_000_000;

/**
 * Compiles a pattern of a policy or of a tool's schema with RE2 syntax (no back-references, no look-around), so that no text can make
 * it slow. Matching is a search by code points, as in CEL and JSON Schema; nothing is trimmed; `$` is the end of the text only.
 */
export function compilePattern(pattern: string): PatternCompilation {
  if (pattern.length > LONGEST_PATTERN) {
    return { ok: false, message: `the pattern has ${pattern.length} characters; at most ${LONGEST_PATTERN} are allowed` };
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    return { ok: false, message: `not a pattern that RE2 knows: ${reasonOf(error)}` };
  }
  if (compiled.programSize() > LARGEST_PROGRAM) {
    return { ok: false, message: `the pattern is too large when its repetitions are written out: ${compiled.programSize()} instructions, at most ${LARGEST_PROGRAM} are allowed` };
  }
  const size = compiled.programSize();
  return { ok: true, test: (text) => compiled.test(text), cost: (length) => size * length, anchored: isAnchored(pattern) };
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^error parsing regexp: /, '').replace(/[\p{C}\p{Z}]+/gu, ' ').slice(0, 200);
}

/** Reads just enough of the syntax to be sure. In doubt the answer is false: it only feeds a lint. */
function isAnchored(pattern: string): boolean {
  const flags = /^\(\?([a-zA-Z]*)\)/.exec(pattern);
  if (/\(\?[a-zA-Z]*m/.test(pattern)) return false;
  const branches = branchesOf(pattern.slice(flags?.[0].length ?? 0));
  return branches !== null && branches.every((branch) => startsAnchored(branch) && endsAnchored(branch));
}

function startsAnchored(branch: string): boolean {
  return /^(?:\^|\\A)(?![*?{+])/.test(branch);
}

function endsAnchored(branch: string): boolean {
  const end = /(\\*)(\$|\\z)$/.exec(branch);
  if (end === null) return false;
  // An even number of backslashes before a dollar escapes each other, not the dollar.
  return (end[1] ?? '').length % 2 === 0;
}

/** The alternatives of the outermost level; null when brackets do not match. */
function branchesOf(pattern: string): readonly string[] | null {
  const branches: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < pattern.length; i += 1) {
    switch (pattern[i]) {
      case '\\':
        if (pattern[i + 1] === 'Q') return null;
        i += 1;
        break;
      case '[': {
        const end = classEnd(pattern, i);
        if (end < 0) return null;
        i = end;
        break;
      }
      case '(':
        depth += 1;
        break;
      case ')':
        depth -= 1;
        break;
      case '|':
        if (depth === 0) {
          branches.push(pattern.slice(from, i));
          from = i + 1;
        }
        break;
      default:
    }
  }
  branches.push(pattern.slice(from));
  const [only] = branches;
  const inner = branches.length === 1 && only !== undefined ? /^\((?:\?:)?(.*)\)$/s.exec(only)?.[1] : undefined;
  // One group around everything: look inside, unless it ends before the end, as in `(a)|(b)`.
  return inner !== undefined && depth === 0 && balanced(inner) ? branchesOf(inner) : depth === 0 ? branches : null;
}

/** Offset of the `]` that closes the class at `start`. */
function classEnd(pattern: string, start: number): number {
  let i = start + 1;
  if (pattern[i] === '^') i += 1;
  if (pattern[i] === ']') i += 1;
  while (i < pattern.length && pattern[i] !== ']') {
    if (pattern[i] === '\\') i += 1;
    else if (pattern.startsWith('[:', i)) i = Math.max(i, pattern.indexOf(':]', i) + 1);
    i += 1;
  }
  return i < pattern.length ? i : -1;
}

/** Whether no closing bracket stands before its opening one. */
function balanced(pattern: string): boolean {
  let depth = 0;
  for (let i = 0; i < pattern.length; i += 1) {
    if (pattern[i] === '\\') i += 1;
    else if (pattern[i] === '[') i = Math.max(i, classEnd(pattern, i));
    else if (pattern[i] === '(') depth += 1;
    else if (pattern[i] === ')') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}
