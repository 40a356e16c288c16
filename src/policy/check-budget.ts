import { formatDecimal, parseDecimal } from '../wire/decimal.ts';
import type { BudgetModel } from './document.ts';
import type { CounterWords } from './check-counter.ts';
import { checkCounter, checkCounterList } from './check-counter.ts';
import type { RuleContext } from './sources.ts';
import type { SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { printable } from './printable.ts';
import { checkExpression } from './check-conditions.ts';

const EXAMPLE = 'write for example `budget: { sum: args.amount, max: 500, window: 1d }`';
/** Nobody has more money than this has digits. */
const LONGEST_MAX = 60;

const BUDGET: CounterWords = {
  place: 'a budget',
  subject: 'the budget',
  keys: ['sum', 'max', 'window', 'per', 'on_state_error'],
  required: { sum: 'add what is added up: `sum: args.amount`', max: 'add the most that it may be: `max: 500`', window: 'add the time: `window: 1d`' },
  hint: (key) => (key === 'reason' ? 'write `reason` beside `budget`, in the rule' : null),
};

/** Checks `budget`: a map or a list of maps. policy.md, "Rule". */
export function checkBudget(node: SourceNode, at: string, context: RuleContext): BudgetModel[] {
  const same = (a: BudgetModel, b: BudgetModel): boolean =>
    a.max === b.max && a.windowSeconds === b.windowSeconds && a.per.join() === b.per.join() && a.sum.source === b.sum.source;
  return checkCounterList(node, at, 'budget', 'budget', (item, here) => checkOne(item, here, context), same, context.reporter);
}

function checkOne(node: SourceNode, at: string, context: RuleContext): BudgetModel | null {
  if (node.kind === 'broken') return null;
  if (node.kind !== 'map') {
    context.reporter.error('wrong_type', node.span, at, `the budget is ${found(node)}; expected \`{ sum, max, window }\``, EXAMPLE);
    return null;
  }
  const counter = checkCounter(node, at, BUDGET, context.reporter);
  const sumNode = counter.fields.get('sum')?.value;
  const maxNode = counter.fields.get('max')?.value;
  const sum = sumNode === undefined ? null : checkExpression(sumNode, `${at}/sum`, '`sum`', 'amount', context);
  const max = maxNode === undefined ? null : checkMax(maxNode, `${at}/max`, context);
  return sum === null || max === null || counter.model === null ? null : { sum, max, ...counter.model };
}

/** The text of the number counts, not the double that a reader makes of it: `0.1` is a tenth. */
function checkMax(node: SourceNode, at: string, context: RuleContext): string | null {
  if (node.kind === 'broken') return null;
  if (node.kind === 'number') {
    const plain = /^(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/.test(node.text) && node.text.length <= LONGEST_MAX;
    const value = plain ? parseDecimal(node.text) : null;
    if (value !== null && value.digits > 0n) return formatDecimal(value);
    context.reporter.error('bad_max', node.span, at, `\`max\` is ${printable(node.text, 40)}; expected a number greater than 0, in plain digits`, helpForMax(node.value));
    return null;
  }
  const help = node.kind === 'string' && /^[0-9.]+$/.test(node.value) ? 'remove the quotes' : 'write a number, for example `max: 500`';
  context.reporter.error('wrong_type', node.span, at, `\`max\` is ${found(node)}; expected a number`, help);
  return null;
}

function helpForMax(value: number): string | null {
  if (value === 0) return 'to forbid every call, use `deny`; to let only calls pass that spend nothing, write `require: args.amount == 0.0`';
  return Number.isFinite(value) && value > 0 ? 'write it in plain digits, for example `1000` or `0.5`' : null;
}
