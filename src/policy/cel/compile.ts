import { type Expr } from './ast.ts';
import { compileHas, compileIndex, compileSelect, compileVariable } from './compile-access.ts';
import { compileBinary } from './compile-binary.ts';
import { compileCall } from './compile-call.ts';
import { compileMacro } from './compile-macro.ts';
import type { Compiler } from './compiler.ts';
import { mapKey } from './equality.ts';
import { negated } from './operators.ts';
import { isClosed, slotPaths } from './paths.ts';
import { EXHAUSTED, type Evaluate, Run } from './run.ts';
import type { CelInput, CelProblem } from './types.ts';
import { Failure, type MapKey, MapValue, type Result, typeInWords, TypeValue, type Value, worse } from './value.ts';

export interface Compiled {
  readonly evaluate: Evaluate;
  readonly unanchored: readonly string[];
  readonly problems: readonly CelProblem[];
}

const NOT_BOOLEAN = Failure.error('`&&` and `||` need booleans');
const NO_NAME = Failure.error('a name stands for nothing');
const BAD_KEY = Failure.error('a key of a map is no string, whole number or boolean, or stands there twice');
/** What constants are computed with: they depend on none of it. */
const NOTHING: CelInput = { name: '', tool: null, context: undefined, unknown: new Set() };

/** Turns a checked expression into closures. What can be computed now is, and what can only fail is a problem. */
export function compileExpression(expr: Expr, source: string): Compiled {
  const problems: CelProblem[] = [];
  const unanchored: string[] = [];
  const constants = new Map<Expr, Value | undefined>();
  const compiler: Compiler = {
    source,
    slots: slotPaths(expr),
    unanchored,
    compile: (node) => {
      const value = compiler.constant(node);
      return value === undefined ? compileNode(node, compiler) : constant(value);
    },
    constant: (node) => {
      if (!constants.has(node)) constants.set(node, computed(node));
      return constants.get(node);
    },
    report: ({ start, end }, code, message, help) => problems.push({ start, end, code, message, help }),
  };
  const computed = (node: Expr): Value | undefined => {
    if (!isClosed(node)) return undefined;
    const before = problems.length;
    const result = compileNode(node, compiler)(new Run(NOTHING));
    if (!(result instanceof Failure)) return result;
    // A problem below this node is the reason, and is reported already.
    if (problems.length === before && result.outcome.kind === 'error') {
      compiler.report(node, 'always_fails', `this can only fail: ${result.outcome.message}`, null);
    }
    return undefined;
  };
  return { evaluate: compiler.compile(expr), unanchored, problems };
}

function constant(value: Value): Evaluate {
  return (run) => {
    run.steps -= 1;
    return run.steps < 0 ? EXHAUSTED : value;
  };
}

function compileNode(expr: Expr, compiler: Compiler): Evaluate {
  switch (expr.kind) {
    case 'literal':
      return constant(expr.value);
    case 'type':
      return constant(new TypeValue(expr.name));
    case 'variable':
      return compileVariable(expr.name);
    case 'local': {
      const { slot } = expr;
      return (run) => {
        run.steps -= 1;
        return run.steps < 0 ? EXHAUSTED : (run.locals[slot] ?? null);
      };
    }
    case 'select':
      return compileSelect(expr, compiler);
    case 'has':
      return compileHas(expr.path, compiler);
    case 'index':
      return compileIndex(expr, compiler);
    case 'call':
      return compileCall(expr, compiler);
    case 'binary':
      return compileBinary(expr, compiler);
    case 'macro':
      return compileMacro(expr, compiler);
    case 'logic':
      return compileLogic(expr.parts, expr.op === '||', compiler);
    case 'not':
      return unary(expr.of, compiler, (value) => (typeof value === 'boolean' ? !value : Failure.error(`\`!\` is not defined for ${typeInWords(value)}`)));
    case 'negate':
      return unary(expr.of, compiler, negated);
    case 'choice':
      return compileChoice(expr.test, expr.yes, expr.no, compiler);
    case 'list':
      return compileList(expr.items, compiler);
    case 'map':
      return compileMap(expr.entries, compiler);
    case 'unknown':
      return () => NO_NAME;
  }
}

function unary(of: Expr, compiler: Compiler, operate: (value: Value) => Result): Evaluate {
  const operand = compiler.compile(of);
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const value = operand(run);
    return value instanceof Failure ? value : operate(value);
  };
}

/**
 * `&&` and `||` over all their operands, in order. One that decides is enough, whatever fails before or after it: `true || error` is true.
 *
 * @param decides the operand that ends it: true for `||`
 */
function compileLogic(of: readonly Expr[], decides: boolean, compiler: Compiler): Evaluate {
  const parts = of.map((part) => compiler.compile(part));
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    let failed: Failure | null = null;
    for (const part of parts) {
      const value = part(run);
      if (value === decides) return decides;
      if (typeof value !== 'boolean') {
        const reason = value instanceof Failure ? value : NOT_BOOLEAN;
        failed = failed === null ? reason : worse(failed, reason);
      }
    }
    return failed ?? !decides;
  };
}

function compileChoice(test: Expr, yes: Expr, no: Expr, compiler: Compiler): Evaluate {
  const [condition, left, right] = [compiler.compile(test), compiler.compile(yes), compiler.compile(no)];
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const value = condition(run);
    if (value === true) return left(run);
    if (value === false) return right(run);
    return value instanceof Failure ? value : Failure.error(`\`?\` needs a boolean, not ${typeInWords(value)}`);
  };
}

function compileList(items: readonly Expr[], compiler: Compiler): Evaluate {
  const parts = items.map((item) => compiler.compile(item));
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const values: Value[] = [];
    let failed: Failure | null = null;
    for (const part of parts) {
      const value = part(run);
      if (value instanceof Failure) failed = worse(failed, value);
      else values.push(value);
    }
    return failed ?? values;
  };
}

function compileMap(entries: readonly (readonly [Expr, Expr])[], compiler: Compiler): Evaluate {
  const parts = entries.map(([key, value]) => [compiler.compile(key), compiler.compile(value)] as const);
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const made = new Map<string, readonly [MapKey, Value]>();
    let failed: Failure | null = null;
    for (const [keyPart, valuePart] of parts) {
      const [key, value] = [keyPart(run), valuePart(run)];
      if (key instanceof Failure || value instanceof Failure) {
        failed = worse(failed, worse(key, value));
        continue;
      }
      const text = typeof key === 'number' ? null : mapKey(key);
      if (text === null || made.has(text)) failed = worse(failed, BAD_KEY);
      else made.set(text, [key as MapKey, value]);
    }
    return failed ?? new MapValue(made);
  };
}
