import type { z } from 'zod';
import { type Detail } from './problem.ts';
import { escapePointer } from './strict-json.ts';

/** As many are told; who sends more wrong things reads the first ones first. */
const MOST = 100;

export type Checked = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problems: Detail[] };

/** Validates one part of a request. All problems at once. @param part where the pointers point into */
export function check(schema: z.ZodType, value: unknown, part: NonNullable<Detail['in']>): Checked {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const problems: Detail[] = [];
  for (const issue of result.error.issues) tell(issue, [], part, problems);
  return { ok: false, problems: problems.slice(0, MOST) };
}

function tell(issue: z.core.$ZodIssue, above: readonly PropertyKey[], part: NonNullable<Detail['in']>, problems: Detail[]): void {
  const path = [...above, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) problems.push({ pointer: pointerOf([...path, key]), in: part, message: `unknown ${part === 'query' ? 'parameter' : 'field'}` });
    return;
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    // What was meant is the form that fits best.
    const nearest = issue.errors.reduce((best, errors) => (errors.length < best.length ? errors : best));
    if (nearest.some(({ path: below }) => below.length > 0) || nearest.some(({ code }) => code === 'unrecognized_keys')) {
      for (const inner of nearest) tell(inner, path, part, problems);
      return;
    }
  }
  problems.push({ pointer: pointerOf(path), in: part, message: issue.message });
}

function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((step) => `/${escapePointer(String(step))}`).join('');
}
