import { type Decimal, decimalOf, parseDecimal } from '../../wire/decimal.ts';
import type { Expr } from './ast.ts';
import { check } from './check.ts';
import { compileExpression } from './compile.ts';
import { parse } from './parse.ts';
import { argumentPath, readsOf, slotPaths, toolFields } from './paths.ts';
import { EXHAUSTED, type Evaluate, Run } from './run.ts';
import { describe, mayBe, type StaticType } from './static-type.ts';
import type { Amount, CelEnvironment, CelError, CelInput, CelOutcome, CelProblem, Condition, ExpressionFacts } from './types.ts';
import { Failure, type Result, typeInWords } from './value.ts';
import { VARIABLES } from './variables.ts';
import { wouldPass } from './would-pass.ts';

export type { Amount, CelEnvironment, CelError, CelInput, CelOutcome, CelProblem, Condition, Variable } from './types.ts';

export type ConditionCompilation = { readonly ok: true; readonly condition: Condition } | { readonly ok: false; readonly problems: readonly CelProblem[] };
export type AmountCompilation = { readonly ok: true; readonly amount: Amount } | { readonly ok: false; readonly problems: readonly CelProblem[] };

const TRUE: CelOutcome<boolean> = Object.freeze({ kind: 'value', value: true });
const FALSE: CelOutcome<boolean> = Object.freeze({ kind: 'value', value: false });
const BROKEN = Failure.error('the expression could not be evaluated');

/** Everything unknown: what has a value even so has it for every call. */
const ANYTHING: CelInput = { name: '', tool: null, context: undefined, unknown: new Set(VARIABLES) };

// Where this language is stricter than CEL, always in the direction of refusing:
// - numbers of the call that no double is are errors when read (protocol.md J13), so are such literals when compiled;
// - a calculation of doubles with a result that is no finite number is an error, as for ints;
// - a missing argument is `absent`, see CelOutcome; inside of lists it is an error like any other missing thing;
// - has() is false when something is missing on the way, and an error when something on the way is no object;
// - a part that can only fail is a problem when it is compiled, and so is a comparison of types that can never be equal;
// - patterns and time zones are literals; there are no bytes, no unsigned numbers, no messages.

/**
 * Compiles a condition of a policy (policy.md, "Conditions"): parsed, type-checked, its patterns compiled. Never throws.
 *
 * @param env what is known of the arguments now; without a schema anything may be sent
 */
export function compileCondition(source: string, env: CelEnvironment = {}): ConditionCompilation {
  const wanted = (type: StaticType): string | null => (mayBe(type, 'bool') ? null : `a condition is true or false; this is ${describe(type)}`);
  const made = build(source, env, 'not_boolean', wanted);
  if (!made.ok) return made;
  const { expr, evaluate, facts } = made;
  const run = (input: CelInput): CelOutcome<boolean> => {
    const result = evaluated(evaluate, input);
    if (result === true) return TRUE;
    if (result === false) return FALSE;
    return result instanceof Failure ? result.outcome : errorOf(`the condition gives ${typeInWords(result)}, not true or false`, 'evaluation');
  };
  const always = run(ANYTHING);
  const condition: Condition = {
    ...facts,
    constant: always.kind === 'value' ? always.value : null,
    evaluate: run,
    wouldPass: (negated) => wouldPass(expr, negated),
  };
  return { ok: true, condition };
}

/** Compiles what a budget adds up: an expression that gives a number. A plain argument keeps every digit that was sent. Never throws. */
export function compileAmount(source: string, env: CelEnvironment = {}): AmountCompilation {
  const wanted = (type: StaticType): string | null => (mayBe(type, 'double', 'int') ? null : `an amount is a number; this is ${describe(type)}`);
  const made = build(source, env, 'not_number', wanted);
  if (!made.ok) return made;
  const { expr, evaluate, facts } = made;
  const read = plainPath(expr);
  return {
    ok: true,
    amount: { ...facts, evaluate: (input) => (read === null ? decimalOutcome(evaluated(evaluate, input)) : exactArgument(read, input)) },
  };
}

type Built =
  | { readonly ok: true; readonly expr: Expr; readonly evaluate: Evaluate; readonly facts: ExpressionFacts }
  | { readonly ok: false; readonly problems: readonly CelProblem[] };

/** Whatever was not foreseen is a problem of the expression: a policy that cannot be compiled is not loaded. */
function build(source: string, env: CelEnvironment, code: string, wanted: (type: StaticType) => string | null): Built {
  try {
    return checkedAndCompiled(source, env, code, wanted);
  } catch {
    const message = 'the expression cannot be compiled';
    return { ok: false, problems: [{ start: 0, end: source.length, code: 'too_complex', message, help: 'write it in a simpler way' }] };
  }
}

function checkedAndCompiled(source: string, env: CelEnvironment, code: string, wanted: (type: StaticType) => string | null): Built {
  const { expr, problems } = parse(source);
  if (expr === null) return { ok: false, problems };
  const checked = check(expr, source, env.inputSchema ?? null);
  const compiled = compileExpression(expr, source);
  // What the checker found wrong can also only fail; it has said so in better words.
  const said = [...problems, ...checked.problems];
  const rest = compiled.problems.filter((problem) => !said.some((one) => one.start >= problem.start && one.end <= problem.end));
  const found = distinct([...said, ...rest]);
  const complaint = found.length === 0 ? wanted(checked.type) : null;
  if (complaint !== null) found.push({ start: expr.start, end: expr.end, code, message: complaint, help: null });
  if (found.length > 0) return { ok: false, problems: found.sort((a, b) => a.start - b.start || a.end - b.end) };
  const facts: ExpressionFacts = { source, ...readsOf(expr), unanchored: [...new Set(compiled.unanchored)], toolFields: [...new Set(toolFields(expr))] };
  return { ok: true, expr, evaluate: compiled.evaluate, facts };
}

function distinct(problems: readonly CelProblem[]): CelProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ start, end, code }) => {
    const key = `${start} ${end} ${code}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The one place where an expression runs. What was not foreseen, and what took too long, is an error whatever came out. */
function evaluated(evaluate: Evaluate, input: CelInput): Result {
  const run = new Run(input);
  try {
    const result = evaluate(run);
    return run.steps < 0 ? EXHAUSTED : result;
  } catch {
    return BROKEN;
  }
}

function errorOf(message: string, blame: CelError['blame']): CelError {
  return { kind: 'error', message, blame };
}

function decimalOutcome(result: Result): CelOutcome<Decimal> {
  if (result instanceof Failure) return result.outcome;
  if (typeof result === 'bigint') return { kind: 'value', value: { digits: result, scale: 0 } };
  const value = typeof result === 'number' ? decimalOf(result) : null;
  return value === null ? errorOf(`the amount is ${typeInWords(result)}, not a number`, 'arguments') : { kind: 'value', value };
}

/** The names that lead to an argument, for an expression that is nothing but that; null for any other. */
function plainPath(expr: Expr): readonly string[] | null {
  if (expr.kind === 'variable') return expr.name === 'args' ? [] : null;
  if (expr.kind !== 'select' || argumentPath(expr, slotPaths(expr)) === null) return null;
  const base = plainPath(expr.base);
  return base === null ? null : [...base, expr.key];
}

/** The number that was sent, with every digit: no double stands between it and the sum. */
function exactArgument(path: readonly string[], input: CelInput): CelOutcome<Decimal> {
  if (input.args === undefined || input.unknown.has('args')) return { kind: 'unknown' };
  let node = input.args;
  const words = path.join('.');
  for (const [index, key] of path.entries()) {
    if (node !== null && node.kind !== 'object') return errorOf(`\`args.${words}\` asks for a member of what is no object`, 'arguments');
    node = node?.get(key) ?? null;
    if (node === null) return { kind: 'absent', path: path.slice(0, index + 1).join('.') };
  }
  if (node?.kind !== 'number') return errorOf(`\`args.${words}\` is no number`, 'arguments');
  const value = parseDecimal(node.lexeme());
  return value === null ? errorOf(`\`args.${words}\` has too many digits or too large an exponent`, 'arguments') : { kind: 'value', value };
}
