import type { ArithmeticOperator, Binary, Expr } from './ast.ts';
import { checkClasses } from './check-class.ts';
import { type Checker, quote } from './checker.ts';
import {
  alternatives, BOOL, describe, DOUBLE, DURATION, DYN, INT, listOf, mayBe, type StaticType, STRING, TIMESTAMP, unionOf,
} from './static-type.ts';

const NUMBERS: readonly string[] = ['int', 'double'];
const ORDERED: readonly string[] = ['string', 'bool', 'timestamp', 'duration'];

/** The type of `left op right`; a combination that can never be evaluated is a problem. */
export function checkBinary(expr: Binary, checker: Checker): StaticType {
  const [left, right] = [checker.typeOf(expr.left), checker.typeOf(expr.right)];
  checkClasses(expr, checker);
  switch (expr.op) {
    case '==':
    case '!=':
      if (!pairs(left, right).some(([a, b]) => comparable(a, b))) return mismatch(expr, left, right, checker);
      return BOOL;
    case '<':
    case '<=':
    case '>':
    case '>=':
      if (!pairs(left, right).some(([a, b]) => orderable(a, b))) return mismatch(expr, left, right, checker);
      return BOOL;
    case 'in':
      return checkMembership(expr, left, right, checker);
    default:
      return checkArithmetic(expr, expr.op, left, right, checker);
  }
}

function pairs(left: StaticType, right: StaticType): readonly (readonly [StaticType, StaticType])[] {
  return alternatives(left).flatMap((a) => alternatives(right).map((b) => [a, b] as const));
}

/** Whether two values of these types can be equal. Null can stand for anything that JSON left out, so it may be asked for everywhere. */
export function comparable(a: StaticType, b: StaticType): boolean {
  if (a.kind === 'dyn' || b.kind === 'dyn' || a.kind === 'null' || b.kind === 'null') return true;
  if (a.kind === 'list' && b.kind === 'list') return pairs(a.of, b.of).some(([x, y]) => comparable(x, y));
  return a.kind === b.kind || (NUMBERS.includes(a.kind) && NUMBERS.includes(b.kind));
}

function orderable(a: StaticType, b: StaticType): boolean {
  if (a.kind === 'dyn') return b.kind === 'dyn' || NUMBERS.includes(b.kind) || ORDERED.includes(b.kind);
  if (b.kind === 'dyn') return NUMBERS.includes(a.kind) || ORDERED.includes(a.kind);
  return NUMBERS.includes(a.kind) ? NUMBERS.includes(b.kind) : a.kind === b.kind && ORDERED.includes(a.kind);
}

function mismatch(expr: Binary, left: StaticType, right: StaticType, checker: Checker): StaticType {
  const message = `\`${expr.op}\` compares ${describe(left)} (${quote(expr.left, checker)}) with ${describe(right)} (${quote(expr.right, checker)})`;
  return checker.report(expr, 'type_mismatch', message, quoteHelp(expr, left, right));
}

/** `args.amount > "500"`: the number was meant. */
function quoteHelp(expr: Binary, left: StaticType, right: StaticType): string | null {
  for (const [side, other] of [[expr.left, right], [expr.right, left]] as const) {
    if (side.kind !== 'literal') continue;
    const { value } = side;
    if (typeof value === 'string' && mayBe(other, 'double', 'int') && value !== '' && Number.isFinite(Number(value))) return `write \`${value.trim()}\` without quotes`;
    if ((typeof value === 'bigint' || typeof value === 'number') && mayBe(other, 'string')) return `write \`"${value}"\` with quotes`;
  }
  return null;
}

function checkMembership(expr: Binary, left: StaticType, right: StaticType, checker: Checker): StaticType {
  const options = alternatives(right);
  if (options.some((option) => option.kind === 'dyn')) return BOOL;
  const containers = options.filter((option) => option.kind === 'list' || option.kind === 'map');
  if (containers.length === 0) {
    const help = mayBe(right, 'string') ? 'write `.contains(…)` to look inside a text' : null;
    return checker.report(expr, 'type_mismatch', `\`in\` needs a list or an object; ${quote(expr.right, checker)} is ${describe(right)}`, help);
  }
  const possible = containers.some((container) => {
    if (container.kind === 'list') return isEmptyList(container.of) || pairs(left, container.of).some(([a, b]) => comparable(a, b));
    return pairs(left, container.key).some(([a, b]) => comparable(a, b));
  });
  if (!possible) return mismatch(expr, left, unionOf(containers.map((one) => (one.kind === 'list' ? one.of : one.key))), checker);
  return BOOL;
}

function isEmptyList(of: StaticType): boolean {
  return of.kind === 'dyn';
}

function checkArithmetic(expr: Binary, op: ArithmeticOperator, left: StaticType, right: StaticType, checker: Checker): StaticType {
  const results = pairs(left, right).map(([a, b]) => arithmetic(op, a, b)).filter((type) => type !== null);
  if (results.length > 0) return unionOf(results);
  const mixed = pairs(left, right).some(([a, b]) => NUMBERS.includes(a.kind) && NUMBERS.includes(b.kind));
  if (!mixed) {
    const message = `\`${op}\` is not defined for ${describe(left)} (${quote(expr.left, checker)}) and ${describe(right)} (${quote(expr.right, checker)})`;
    return checker.report(expr, 'type_mismatch', message, null);
  }
  if (op === '%') return checker.report(expr, 'mixed_numbers', '`%` needs whole numbers, and numbers in JSON are not whole by their type', `write \`${modulo(expr, left, right, checker)}\``);
  const message = `\`${op}\` needs two numbers of one kind; numbers in JSON have a fraction, ${wholeSide(expr, left, checker)} has none`;
  return checker.report(expr, 'mixed_numbers', message, mixedHelp(expr, left, checker));
}

function arithmetic(op: ArithmeticOperator, a: StaticType, b: StaticType): StaticType | null {
  if (a.kind === 'dyn' || b.kind === 'dyn') return DYN;
  const minus = op === '-';
  const additive = minus || op === '+';
  if (a.kind === 'int' && b.kind === 'int') return INT;
  if (a.kind === 'double' && b.kind === 'double') return op === '%' ? null : DOUBLE;
  if (op === '+' && a.kind === 'string' && b.kind === 'string') return STRING;
  if (op === '+' && a.kind === 'list' && b.kind === 'list') return listOf(unionOf([a.of, b.of]));
  if (additive && a.kind === 'timestamp' && b.kind === 'duration') return TIMESTAMP;
  if (op === '+' && a.kind === 'duration' && b.kind === 'timestamp') return TIMESTAMP;
  if (additive && a.kind === 'duration' && b.kind === 'duration') return DURATION;
  return minus && a.kind === 'timestamp' && b.kind === 'timestamp' ? DURATION : null;
}

function wholeSideOf(expr: Binary, left: StaticType): Expr {
  return mayBe(left, 'int') ? expr.left : expr.right;
}

function wholeSide(expr: Binary, left: StaticType, checker: Checker): string {
  return quote(wholeSideOf(expr, left), checker);
}

function mixedHelp(expr: Binary, left: StaticType, checker: Checker): string {
  const whole = wholeSideOf(expr, left);
  if (whole.kind === 'literal') return `write \`${checker.source.slice(whole.start, whole.end)}.0\``;
  return `write \`double(${checker.source.slice(whole.start, whole.end)})\``;
}

function modulo(expr: Binary, left: StaticType, right: StaticType, checker: Checker): string {
  const side = (part: Expr, type: StaticType): string => {
    const words = checker.source.slice(part.start, part.end);
    return mayBe(type, 'int') ? words : `int(${words})`;
  };
  return `${side(expr.left, left)} % ${side(expr.right, right)}`;
}

/** `!x`, and every part of `&&`, `||` and the condition of `?`. */
export function checkBoolean(expr: Expr, where: string, checker: Checker): void {
  const type = checker.typeOf(expr);
  if (!mayBe(type, 'bool')) checker.report(expr, 'not_boolean', `${where} needs a condition; ${quote(expr, checker)} is ${describe(type)}`, null);
}

export function checkNegation(expr: Extract<Expr, { kind: 'negate' }>, checker: Checker): StaticType {
  const type = checker.typeOf(expr.of);
  const results = alternatives(type).filter((one) => one.kind === 'dyn' || NUMBERS.includes(one.kind));
  if (results.length > 0) return unionOf(results);
  return checker.report(expr, 'type_mismatch', `\`-\` is not defined for ${describe(type)}`, null);
}

