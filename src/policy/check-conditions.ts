import type { ConditionModel, ExpressionModel } from './document.ts';
import type { PendingExpression, RuleContext } from './sources.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { pointer } from './pointer.ts';
import { checkReason } from './check-reason.ts';
import { unknownKey } from './check-words.ts';

/** More conditions in one list are a mistake, and each costs time at every call. */
const MOST = 100;
const CONDITION_KEYS = ['if', 'reason'] as const;
const EXAMPLE = 'write for example `args.amount <= 500`';
const AMOUNT_EXAMPLE = 'write for example `args.amount`';
/** What other languages call the parts of a condition. */
const MEANT: Readonly<Record<string, string>> = { when: 'if', condition: 'if', expr: 'if', expression: 'if', cel: 'if', require: 'if', message: 'reason', on_deny: 'reason' };

/** Reads one CEL expression; it is compiled later. `subject` starts the message, e.g. "`when`". */
export function checkExpression(node: SourceNode, at: string, subject: string, role: PendingExpression['role'], context: RuleContext): ExpressionModel | null {
  if (node.kind === 'broken') return null;
  const example = role === 'amount' ? AMOUNT_EXAMPLE : EXAMPLE;
  if (node.kind !== 'string') {
    const help = node.kind === 'map' || node.kind === 'list' || role === 'amount' ? example : `write an expression, or remove ${subject === '`if`' ? 'the condition' : subject}`;
    context.reporter.error('wrong_type', node.span, at, `${subject} is ${found(node)}; expected a CEL expression`, help);
    return null;
  }
  if (node.value.trim() === '') {
    context.reporter.error('empty_condition', node.span, at, `${subject} is empty; expected a CEL expression`, example);
    return null;
  }
  context.sources.expressions.push({ node, at, kind: context.kind, selector: context.selector, role });
  return { source: node.value, at, span: node.span };
}

/** Checks `require` or `deny_if`: an expression, `{ if, reason }`, or a list of both. policy.md, "Rule". */
export function checkConditions(node: SourceNode, at: string, role: 'require' | 'deny_if', context: RuleContext): ConditionModel[] {
  if (node.kind !== 'list') {
    const condition = checkCondition(node, at, role, context);
    return condition === null ? [] : [condition];
  }
  if (node.items.length === 0 || node.items.length > MOST) {
    const message = `\`${role}\` has ${node.items.length} conditions; expected 1 to ${MOST}`;
    context.reporter.error(node.items.length === 0 ? 'empty_list' : 'too_long', node.span, at, message, node.items.length === 0 ? `remove \`${role}\`, or write one` : 'join conditions with `&&` or `||`');
    return [];
  }
  return node.items.flatMap((item, index) => checkCondition(item, at + pointer(index), role, context) ?? []);
}

function checkCondition(node: SourceNode, at: string, role: 'require' | 'deny_if', context: RuleContext): ConditionModel | null {
  if (node.kind !== 'map') {
    const expression = checkExpression(node, at, `\`${role}\``, role, context);
    return expression === null ? null : { ...expression, reason: null };
  }
  const fields = new Map<string, SourceEntry>();
  const misspelt = new Set<string | null>();
  for (const entry of node.entries) {
    if ((CONDITION_KEYS as readonly string[]).includes(entry.key)) fields.set(entry.key, entry);
    else misspelt.add(unknownKey(context.reporter, entry, at + pointer(entry.key), 'a condition', CONDITION_KEYS, hintFor(entry.key)));
  }
  const condition = fields.get('if');
  const reason = fields.get('reason');
  const words = reason === undefined ? null : checkReason(reason.value, `${at}/reason`, context.reporter);
  if (condition === undefined) {
    if (misspelt.size === 0 && !node.damaged) {
      context.reporter.error('missing_key', { start: node.span.start, end: node.span.start }, at, 'the condition has no `if`', 'add the expression: `if: args.amount <= 500`');
    }
    return null;
  }
  // The pointer of a condition is that of its place in the list, in both spellings: `/tools/x/require/0`.
  const expression = checkExpression(condition.value, at, '`if`', role, context);
  return expression === null ? null : { ...expression, reason: words };
}

function hintFor(key: string): string | null {
  const meant = Object.hasOwn(MEANT, key) ? MEANT[key] : undefined;
  return meant === undefined ? null : `write \`${meant}\``;
}
