import { compilePattern } from '../re2.ts';
import type { Call } from './ast.ts';
import { type Compiler, wordsOf } from './compiler.ts';
import { overloadsOf } from './functions.ts';
import { LONGEST_MATCHED, PATTERN_COST_PER_UNIT } from './limits.ts';
import { EXHAUSTED, type Evaluate } from './run.ts';
import { type Overload, takes } from './signature.ts';
import { Failure, kindOf, typeInWords, type Value, worse } from './value.ts';

const UNCOMPILED: Evaluate = () => Failure.error('a pattern was refused');

/** A call of a function or method. Which of its forms is meant is decided by the values, as in CEL. */
export function compileCall(expr: Call, compiler: Compiler): Evaluate {
  if (expr.name === 'matches') return compileMatches(expr, compiler);
  const forms = overloadsOf(expr.name, expr.receiver !== null, expr.args.length);
  const parts = (expr.receiver === null ? expr.args : [expr.receiver, ...expr.args]).map((part) => compiler.compile(part));
  const { name } = expr;
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const values: Value[] = [];
    let failed: Failure | null = null;
    for (const part of parts) {
      const value = part(run);
      if (value instanceof Failure) failed = failed === null ? value : worse(failed, value);
      else values.push(value);
    }
    if (failed !== null) return failed;
    const form = forms.find((candidate) => fits(candidate, values));
    return form === undefined ? notCallable(name, values) : form.apply(values, run);
  };
}

function fits(form: Overload, values: readonly Value[]): boolean {
  return takes(form).every((kind, index) => kind === 'any' || kind === kindOf(values[index] ?? null));
}

function notCallable(name: string, values: readonly Value[]): Failure {
  return Failure.error(`\`${name}\` cannot be applied to ${values.map(typeInWords).join(' and ')}`);
}

/** `x.matches("pattern")`: the pattern is compiled now, and searches in linear time. */
function compileMatches(expr: Call, compiler: Compiler): Evaluate {
  const [argument] = expr.args;
  if (expr.receiver === null || argument === undefined) return UNCOMPILED;
  const text = compiler.constant(argument);
  if (argument.kind !== 'literal' || typeof text !== 'string') {
    compiler.report(argument, 'pattern_not_literal', 'a pattern must be written as a literal string', 'patterns are compiled when the policy loads');
    return UNCOMPILED;
  }
  const pattern = compilePattern(text);
  if (!pattern.ok) {
    compiler.report(argument, 'bad_pattern', pattern.message, 'patterns are RE2: no look-around, no back-references');
    return UNCOMPILED;
  }
  if (!pattern.anchored) compiler.unanchored.push(text);
  const receiver = compiler.compile(expr.receiver);
  const words = wordsOf(expr.receiver, compiler);
  const tooLong = Failure.error(`\`${words}\` is too long to be matched: more than ${LONGEST_MATCHED} characters`);
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const value = receiver(run);
    if (value instanceof Failure) return value;
    if (typeof value !== 'string') return notCallable('matches', [value]);
    if (value.length > LONGEST_MATCHED) return tooLong;
    // The whole budget is about MOST_SEARCH_COST.
    return run.pay(pattern.cost(value.length) / PATTERN_COST_PER_UNIT) ? pattern.test(value) : EXHAUSTED;
  };
}
