import type { ArithmeticOperator, OrderOperator } from './ast.ts';
import { isInt } from './conversion-functions.ts';
import { elementAt, lengthOf } from './equality.ts';
import { EXHAUSTED, type Run } from './run.ts';
import { compareText } from './text.ts';
import { isInstant, isLength } from './time.ts';
import { Duration, Failure, type Result, Timestamp, typeInWords, type Value } from './value.ts';

export const OVERFLOW = Failure.error('a calculation leaves the range of its numbers');
const UNDERFLOW = Failure.error('a calculation gives a number that is too small to tell from zero');
const BY_ZERO = Failure.error('a division by zero');

/**
 * `+ - * / %` of CEL. Ints are 64 bits wide and stay ints, doubles stay doubles, the two never mix. Stricter than CEL in two things: a
 * result that is no finite number is an error, since a policy could do nothing sensible with it, and so is one that became zero only
 * because no double is as small, since a budget would count nothing.
 */
export function calculate(op: ArithmeticOperator, a: Value, b: Value, run: Run): Result {
  if (typeof a === 'number' && typeof b === 'number') return ofDoubles(op, a, b);
  if (typeof a === 'bigint' && typeof b === 'bigint') return ofInts(op, a, b);
  if (op === '+' && typeof a === 'string' && typeof b === 'string') return run.pay(a.length + b.length) ? a + b : EXHAUSTED;
  const time = ofTimes(op, a, b);
  if (time !== null) return time;
  if (op === '+') {
    const [left, right] = [listValues(a, run), listValues(b, run)];
    if (left instanceof Failure) return left;
    if (right instanceof Failure) return right;
    if (left !== null && right !== null) return [...left, ...right];
  }
  return undefinedFor(op, a, b);
}

/** The error of an operator that two types do not have. Names the types, never the values. */
export function undefinedFor(op: string, a: Value, b: Value): Failure {
  return Failure.error(`\`${op}\` is not defined for ${typeInWords(a)} and ${typeInWords(b)}`);
}

function ofDoubles(op: ArithmeticOperator, a: number, b: number): Result {
  let result: number;
  switch (op) {
    case '+':
      result = a + b;
      break;
    case '-':
      result = a - b;
      break;
    case '*':
      result = a * b;
      break;
    case '/':
      if (b === 0) return BY_ZERO;
      result = a / b;
      break;
    case '%':
      return undefinedFor('%', a, b);
  }
  if (result === 0 && a !== 0 && (op === '*' || op === '/')) return op === '*' && b === 0 ? result : UNDERFLOW;
  return Number.isFinite(result) ? result : OVERFLOW;
}

function ofInts(op: ArithmeticOperator, a: bigint, b: bigint): Result {
  let result: bigint;
  switch (op) {
    case '+':
      result = a + b;
      break;
    case '-':
      result = a - b;
      break;
    case '*':
      result = a * b;
      break;
    default:
      if (b === 0n) return BY_ZERO;
      result = op === '/' ? a / b : a % b;
  }
  return isInt(result) ? result : OVERFLOW;
}

function ofTimes(op: ArithmeticOperator, a: Value, b: Value): Result {
  if (op !== '+' && op !== '-') return null;
  const minus = op === '-';
  if (a instanceof Timestamp && b instanceof Timestamp) return minus ? lengthOr(a.ns - b.ns) : null;
  if (a instanceof Timestamp && b instanceof Duration) return instantOr(minus ? a.ns - b.ns : a.ns + b.ns);
  if (a instanceof Duration && b instanceof Timestamp) return minus ? null : instantOr(a.ns + b.ns);
  if (a instanceof Duration && b instanceof Duration) return lengthOr(minus ? a.ns - b.ns : a.ns + b.ns);
  return null;
}

function instantOr(ns: bigint): Result {
  return isInstant(ns) ? new Timestamp(ns) : OVERFLOW;
}

function lengthOr(ns: bigint): Result {
  return isLength(ns) ? new Duration(ns) : OVERFLOW;
}

/** `-x`. */
export function negated(value: Value): Result {
  if (typeof value === 'number') return -value;
  if (typeof value === 'bigint') return isInt(-value) ? -value : OVERFLOW;
  return Failure.error(`\`-\` is not defined for ${typeInWords(value)}`);
}

/** `< <= > >=`: numbers of either type exactly, texts by code points, false before true, instants, lengths of time. */
export function ordered(op: OrderOperator, a: Value, b: Value, run: Run): Result {
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== null && right !== null && sameKind(a, b)) {
    switch (op) {
      case '<':
        return left < right;
      case '<=':
        return left <= right;
      case '>':
        return left > right;
      case '>=':
        return left >= right;
    }
  }
  if (typeof a !== 'string' || typeof b !== 'string') return undefinedFor(op, a, b);
  if (!run.pay(Math.min(a.length, b.length))) return EXHAUSTED;
  return ordered(op, compareText(a, b), 0, run);
}

/** What a value is ordered by, if JavaScript can order it: comparisons of numbers with bigints are exact. */
function numeric(value: Value): number | bigint | boolean | null {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return value;
  return value instanceof Timestamp || value instanceof Duration ? value.ns : null;
}

function sameKind(a: Value, b: Value): boolean {
  if (typeof a === 'object' || typeof b === 'object') return a instanceof Timestamp ? b instanceof Timestamp : a instanceof Duration && b instanceof Duration;
  return (typeof a === 'boolean') === (typeof b === 'boolean');
}

/** The elements of a list as values; null for what is no list. */
function listValues(value: Value, run: Run): readonly Value[] | Failure | null {
  const length = lengthOf(value);
  if (length === null) return null;
  run.steps -= length;
  if (run.steps < 0) return EXHAUSTED;
  const values: Value[] = [];
  for (let i = 0; i < length; i += 1) {
    const element = elementAt(value, i, run);
    if (element instanceof Failure) return element;
    values.push(element);
  }
  return values;
}
