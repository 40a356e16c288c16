import { expect } from 'vitest';
import { check } from '../../../../src/policy/cel/check.ts';
import { compileExpression } from '../../../../src/policy/cel/compile.ts';
import type { CelInput } from '../../../../src/policy/cel/index.ts';
import { parse } from '../../../../src/policy/cel/parse.ts';
import { EXHAUSTED, Run } from '../../../../src/policy/cel/run.ts';
import { Failure, type Result } from '../../../../src/policy/cel/value.ts';
import { plain } from '../raw.ts';

export interface Program {
  /** With that many steps. */
  readonly run: (input: CelInput, budget?: number) => { readonly result: Result; readonly left: number; readonly said: string };
}

/** An expression of any type, ready to be evaluated with a budget; a text that lists its problems where it has some. */
export function programOf(source: string): Program | string {
  const parsed = parse(source);
  if (parsed.expr === null) return inWords(parsed.problems);
  const checked = check(parsed.expr, source, null);
  const compiled = compileExpression(parsed.expr, source);
  const problems = [...parsed.problems, ...checked.problems, ...compiled.problems];
  if (problems.length > 0) return inWords(problems);
  return {
    run: (input, budget) => {
      const run = new Run(input);
      const before = run.steps;
      if (budget !== undefined) run.steps = budget;
      const result = compiled.evaluate(run);
      const left = run.steps;
      run.steps = before;
      return { result, left, said: said(result, run) };
    },
  };
}

function inWords(problems: readonly { readonly start: number; readonly end: number; readonly code: string; readonly message: string; readonly help: string | null }[]): string {
  return problems.map(({ start, end, code, message, help }) => `${start}-${end} ${code}: ${message} (${help ?? '-'})`).join('; ');
}

/** A value with its type, or why there is none; the message of an error whole. */
function said(result: Result, run: Run): string {
  if (result === EXHAUSTED) return 'exhausted';
  if (!(result instanceof Failure)) return JSON.stringify(plain(result, run)).slice(0, 160);
  const { outcome } = result;
  if (outcome.kind === 'unknown') return 'unknown';
  if (outcome.kind === 'absent') return `absent ${outcome.path}`;
  expect(outcome.blame).toBe('evaluation');
  return `error: ${outcome.message}`;
}
