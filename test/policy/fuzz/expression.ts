import fc from 'fast-check';

/** Arguments of a call, as plain JSON. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain };
export type Members = { readonly [key: string]: Plain };

/** Conditions of a small part of the language, of which a separate evaluator is short enough to be believed. */
export type Expression =
  | { readonly is: 'compare'; readonly name: string; readonly operator: '==' | '!=' | '<' | '<=' | '>' | '>='; readonly literal: number | string | boolean | null }
  | { readonly is: 'in'; readonly name: string; readonly list: readonly (number | string)[] }
  | { readonly is: 'has'; readonly name: string }
  | { readonly is: 'starts'; readonly name: string; readonly text: string }
  | { readonly is: 'not'; readonly inner: Expression }
  | { readonly is: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly is: 'if'; readonly test: Expression; readonly yes: Expression; readonly no: Expression };

export type Outcome = boolean | 'absent' | 'error';

const name = fc.constantFrom('a', 'b', 'amount', 's', 'q');
const number = fc.integer({ min: -2, max: 3 });
const text = fc.constantFrom('x', 'a', '');

export const random: fc.Arbitrary<Expression> = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small' },
    fc.record({ is: fc.constant('compare' as const), name, operator: fc.constantFrom('<' as const, '<=' as const, '>' as const, '>=' as const), literal: fc.oneof(number, text) }),
    fc.record({ is: fc.constant('compare' as const), name, operator: fc.constantFrom('==' as const, '!=' as const), literal: fc.oneof(number, text, fc.boolean(), fc.constant(null)) }),
    fc.record({ is: fc.constant('in' as const), name, list: fc.array(fc.oneof(number, text), { minLength: 1, maxLength: 3 }) }),
    fc.record({ is: fc.constant('has' as const), name }),
    fc.record({ is: fc.constant('starts' as const), name, text }),
    fc.record({ is: fc.constant('not' as const), inner: tie('expression') }),
    fc.record({ is: fc.constantFrom('and' as const, 'or' as const), left: tie('expression'), right: tie('expression') }),
    fc.record({ is: fc.constant('if' as const), test: tie('expression'), yes: tie('expression'), no: tie('expression') }),
  ),
})).expression;

function literal(value: number | string | boolean | null): string {
  // Whole numbers of a policy are compared with the doubles of a call, whatever their spelling.
  return JSON.stringify(value);
}

export function write(expression: Expression): string {
  switch (expression.is) {
    case 'compare': return `args.${expression.name} ${expression.operator} ${literal(expression.literal)}`;
    case 'in': return `args.${expression.name} in [${expression.list.map((item) => (typeof item === 'number' ? `dyn(${item}.0)` : `dyn(${literal(item)})`)).join(', ')}]`;
    case 'has': return `has(args.${expression.name})`;
    case 'starts': return `args.${expression.name}.startsWith(${literal(expression.text)})`;
    case 'not': return `!(${write(expression.inner)})`;
    case 'and': return `(${write(expression.left)}) && (${write(expression.right)})`;
    case 'or': return `(${write(expression.left)}) || (${write(expression.right)})`;
    case 'if': return `(${write(expression.test)}) ? (${write(expression.yes)}) : (${write(expression.no)})`;
  }
}

/** policy.md, "Conditions": absent arguments make a condition not hold, wrong types are errors, logic absorbs both. */
export function evaluate(expression: Expression, args: Members): Outcome {
  switch (expression.is) {
    case 'has': return Object.hasOwn(args, expression.name);
    case 'not': return either(evaluate(expression.inner, args), (inner) => !inner);
    case 'and': return both(evaluate(expression.left, args), evaluate(expression.right, args), false);
    case 'or': return both(evaluate(expression.left, args), evaluate(expression.right, args), true);
    case 'if': return either(evaluate(expression.test, args), (test) => evaluate(test ? expression.yes : expression.no, args));
    default: {
      const value = Object.hasOwn(args, expression.name) ? (args[expression.name] ?? null) : undefined;
      if (value === undefined) return 'absent';
      if (expression.is === 'in') return expression.list.some((item) => item === value);
      if (expression.is === 'starts') return typeof value === 'string' ? value.startsWith(expression.text) : 'error';
      return compare(value, expression.operator, expression.literal);
    }
  }
}

function compare(value: Plain, operator: Extract<Expression, { is: 'compare' }>['operator'], other: number | string | boolean | null): Outcome {
  if (operator === '==') return value === other;
  if (operator === '!=') return value !== other;
  if (typeof value === 'number' && typeof other === 'number') return ordered(value - other, operator);
  if (typeof value === 'string' && typeof other === 'string') return ordered(value < other ? -1 : value > other ? 1 : 0, operator);
  return 'error';
}

function ordered(difference: number, operator: string): boolean {
  if (operator === '<') return difference < 0;
  if (operator === '<=') return difference <= 0;
  return operator === '>' ? difference > 0 : difference >= 0;
}

function either(inner: Outcome, next: (value: boolean) => Outcome): Outcome {
  return typeof inner === 'boolean' ? next(inner) : inner;
}

/** The absorbing value on either side decides; else an error outranks an absence. */
function both(left: Outcome, right: Outcome, absorbing: boolean): Outcome {
  if (left === absorbing || right === absorbing) return absorbing;
  if (left === 'error' || right === 'error') return 'error';
  return left === 'absent' || right === 'absent' ? 'absent' : !absorbing;
}
