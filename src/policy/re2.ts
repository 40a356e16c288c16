import { RE2JS } from 're2js';
import { openEnds } from './pattern-ends.ts';

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
  return { ok: true, test: (text) => compiled.test(text), cost: (length) => size * length, anchored: openEnds(pattern) === null };
}

function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^error parsing regexp: /, '').replace(/[\p{C}\p{Z}]+/gu, ' ').slice(0, 200);
}
