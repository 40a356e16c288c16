import { check } from '../../../src/policy/cel/check.ts';
import { compileExpression } from '../../../src/policy/cel/compile.ts';
import { keysOf, lengthOf, lookUp, elementAt } from '../../../src/policy/cel/equality.ts';
import { parse } from '../../../src/policy/cel/parse.ts';
import { Run } from '../../../src/policy/cel/run.ts';
import { Duration, Failure, type Json, type MapValue, Timestamp, TypeValue, type Value } from '../../../src/policy/cel/value.ts';
import type { CelInput } from '../../../src/policy/cel/index.ts';

/** What an expression of any type comes to: refused when compiled, failed when evaluated, or a value in a form that can be compared. */
export type Raw = { readonly kind: 'refused'; readonly codes: readonly string[] } | { readonly kind: 'failed'; readonly why: string } | { readonly kind: 'value'; readonly value: unknown };

/** Compiles and evaluates an expression of any type; conditions and amounts are those that give a boolean and a number. */
export function evaluateRaw(source: string, input: CelInput): Raw {
  const parsed = parse(source);
  if (parsed.expr === null) return { kind: 'refused', codes: parsed.problems.map((one) => one.code) };
  const checked = check(parsed.expr, source, null);
  const compiled = compileExpression(parsed.expr, source);
  const problems = [...parsed.problems, ...checked.problems, ...compiled.problems];
  if (problems.length > 0) return { kind: 'refused', codes: problems.map((one) => one.code) };
  const run = new Run(input);
  const result = compiled.evaluate(run);
  if (run.steps < 0) return { kind: 'failed', why: 'exhausted' };
  return result instanceof Failure ? { kind: 'failed', why: result.outcome.kind } : { kind: 'value', value: plain(result, run) };
}

/** Types kept apart: `int 1`, `double 1`; lists as arrays; maps as sorted pairs. */
export function plain(value: Value, run: Run): unknown {
  if (typeof value === 'bigint') return `int ${value}`;
  if (typeof value === 'number') return `double ${Object.is(value, -0) ? '-0' : value}`;
  if (typeof value === 'string') return `string ${value}`;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Timestamp) return `timestamp ${value.ns}`;
  if (value instanceof Duration) return `duration ${value.ns}`;
  if (value instanceof TypeValue) return `type ${value.name}`;
  const length = lengthOf(value);
  if (length !== null) return Array.from({ length }, (_, index) => deeper(elementAt(value, index, run), run));
  const map = value as Json | MapValue;
  return keysOf(map).map((key) => [plain(key, run), deeper(lookUp(map, key, run) ?? null, run)]).sort((a, b) => String(a[0]).localeCompare(String(b[0])));
}

function deeper(result: Value | Failure, run: Run): unknown {
  return result instanceof Failure ? `failed: ${result.outcome.kind}` : plain(result, run);
}
