import type { Binary, EqualityOperator, Expr, OrderOperator } from './ast.ts';
import type { Compiler } from './compiler.ts';
import { elementAt, equal, lengthOf, lookUp } from './equality.ts';
import { calculate, ordered, undefinedFor } from './operators.ts';
import { EXHAUSTED, type Evaluate, type Run } from './run.ts';
import { Failure, Json, MapValue, type Result, type Value, worse } from './value.ts';

type Operate = (a: Value, b: Value, run: Run) => Result;

/** An operator of two operands. Both are evaluated always: which failure counts does not depend on their order. */
export function compileBinary(expr: Binary, compiler: Compiler): Evaluate {
  if (expr.op === 'in' && expr.right.kind === 'list' && compiler.constant(expr.right) === undefined) return oneOf(expr.left, expr.right.items, compiler);
  const [left, right] = [compiler.compile(expr.left), compiler.compile(expr.right)];
  const operate = operationOf(expr, compiler);
  return (run) => {
    run.steps -= 1;
    if (run.steps < 0) return EXHAUSTED;
    const a = left(run);
    const b = right(run);
    if (a instanceof Failure || b instanceof Failure) return worse(a, b);
    return operate(a, b, run);
  };
}

function operationOf(expr: Binary, compiler: Compiler): Operate {
  const { op } = expr;
  switch (op) {
    case '==':
    case '!=':
      return equality(op);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return ordering(op, compiler.constant(expr.right));
    case 'in':
      return membership(expr, compiler);
    default:
      return (a, b, run) => calculate(op, a, b, run);
  }
}

function equality(op: EqualityOperator): Operate {
  if (op === '==') return equal;
  return (a, b, run) => {
    const verdict = equal(a, b, run);
    return verdict instanceof Failure ? verdict : !verdict;
  };
}

/**
 * The common case is an argument, which is a double, and a literal, which is an int. The literal is compared as the double that it is,
 * if it is one: a comparison of a bigint with a number is as exact, and many times slower.
 */
function ordering(op: OrderOperator, literal: Value | undefined): Operate {
  const fixed = typeof literal === 'bigint' && BigInt(Number(literal)) === literal ? Number(literal) : null;
  const other = (b: Value): Value => fixed ?? b;
  switch (op) {
    case '<':
      return (a, b, run) => (typeof a === 'number' && typeof other(b) === 'number' ? a < (other(b) as number) : ordered(op, a, b, run));
    case '<=':
      return (a, b, run) => (typeof a === 'number' && typeof other(b) === 'number' ? a <= (other(b) as number) : ordered(op, a, b, run));
    case '>':
      return (a, b, run) => (typeof a === 'number' && typeof other(b) === 'number' ? a > (other(b) as number) : ordered(op, a, b, run));
    default:
      return (a, b, run) => (typeof a === 'number' && typeof other(b) === 'number' ? a >= (other(b) as number) : ordered(op, a, b, run));
  }
}

/**
 * `x in [a, b]` is `x == a || x == b`: an element that equals is enough, whatever fails for the others. Otherwise who leaves `b` out
 * would switch off a `deny_if` that `a` makes hold.
 */
function oneOf(left: Expr, items: readonly Expr[], compiler: Compiler): Evaluate {
  const value = compiler.compile(left);
  const elements = items.map((item) => compiler.compile(item));
  return (run) => {
    run.steps -= 2;
    if (run.steps < 0) return EXHAUSTED;
    const a = value(run);
    let failed: Failure | null = a instanceof Failure ? a : null;
    for (const element of elements) {
      const b = element(run);
      const verdict = a instanceof Failure || b instanceof Failure ? worse(a, b) : equal(a, b, run);
      if (verdict === true) return true;
      if (verdict === EXHAUSTED) return EXHAUSTED;
      if (verdict instanceof Failure) failed = failed === null ? verdict : worse(failed, verdict);
    }
    return failed ?? false;
  };
}

/** `x in list` and `key in map`. */
function membership(expr: Binary, compiler: Compiler): Operate {
  const texts = textsOf(compiler.constant(expr.right));
  if (texts !== null) {
    return (a, _list, run) => {
      if (typeof a !== 'string') return false;
      return run.pay(a.length) ? texts.has(a) : EXHAUSTED;
    };
  }
  return (a, b, run) => {
    const length = lengthOf(b);
    if (length !== null) return isElement(a, b, length, run);
    if (!(b instanceof Json) && !(b instanceof MapValue)) return undefinedFor('in', a, b);
    if (typeof a === 'string' && !run.pay(a.length)) return EXHAUSTED;
    // As in CEL, what can be no key is not in a map. What stands at the key is not read.
    if (b instanceof Json) return typeof a === 'string' && b.node.get(a) !== null;
    return lookUp(b, a, run) !== undefined;
  };
}

/** As CEL has it, an element that equals is enough, whatever is wrong with the others. */
function isElement(value: Value, list: Value, length: number, run: Run): Result {
  let failed: Failure | null = null;
  for (let i = 0; i < length; i += 1) {
    const element = elementAt(list, i, run);
    const verdict = element instanceof Failure ? element : equal(value, element, run);
    if (verdict === true) return true;
    if (verdict === EXHAUSTED) return EXHAUSTED;
    if (verdict instanceof Failure) failed ??= verdict;
  }
  return failed ?? false;
}

/** The texts of a list of nothing but texts; null for anything else. */
function textsOf(value: Value | undefined): ReadonlySet<string> | null {
  if (!Array.isArray(value)) return null;
  const texts = new Set<string>();
  for (const item of value as readonly Value[]) {
    if (typeof item !== 'string') return null;
    texts.add(item);
  }
  return texts;
}
