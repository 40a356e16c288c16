import type { Action, ConditionModel, RuleModel, SelectorModel } from './document.ts';
import { NO_ARGUMENTS } from './document.ts';
import type { Reporter } from './diagnostic.ts';
import type { RuleContext } from './sources.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import type { Span } from './source-text.ts';
import { pointer } from './pointer.ts';
import { checkAdditional, checkArguments, checkUpstreamSchema } from './check-arguments.ts';
import { checkApproval } from './check-approval.ts';
import { checkBudget } from './check-budget.ts';
import { checkConditions, checkExpression } from './check-conditions.ts';
import { checkRateLimit } from './check-limit.ts';
import { checkReason } from './check-reason.ts';
import { unknownKey, wordOf } from './check-words.ts';

export const RULE_KEYS = ['action', 'reason', 'mode', 'when', 'arguments', 'additional', 'schema', 'require', 'deny_if', 'rate_limit', 'budget', 'approval'] as const;
export const ACTIONS = ['allow', 'deny', 'hide', 'require_approval'] as const;
/** Keys that alone make no rule. */
const NOT_ENOUGH: ReadonlySet<string> = new Set(['reason', 'mode', 'when', 'approval']);
/** A list of rules is tried from its start in every call. */
const MOST_RULES = 100;

/** Checks one selector's value: a word, a map, or a list of those. policy.md, "Rule" and "Selectors, and which rule decides". */
export function checkSelectorValue(entry: SourceEntry, at: string, context: RuleContext): SelectorModel | null {
  const { key: selector, value, keySpan: span } = entry;
  if (value.kind !== 'list') {
    const rule = checkRule(value, at, span, context);
    return rule === null ? null : { selector, rules: [rule], listed: false, span };
  }
  if (value.items.length === 0 || value.items.length > MOST_RULES) {
    context.reporter.error(value.items.length === 0 ? 'empty_list' : 'too_long', value.span, at, `the list of rules has ${value.items.length} rules; expected 1 to ${MOST_RULES}`, null);
    return null;
  }
  const rules = value.items.map((item, index) => checkRule(item, at + pointer(index), item.span, context));
  checkReached(rules, context.reporter);
  return rules.includes(null) ? null : { selector, rules: rules.filter((rule) => rule !== null), listed: true, span };
}

/** Of a list the first rule that applies counts, so nothing behind one that always applies is ever asked. Observed rules are passed. */
function checkReached(rules: readonly (RuleModel | null)[], reporter: Reporter): void {
  const last = rules.findIndex((rule) => rule !== null && rule.when === null && !rule.observe);
  if (last === -1) return;
  for (const rule of rules.slice(last + 1)) {
    if (rule === null) continue;
    reporter.error('unreachable_rule', rule.span, rule.at, `this rule is never reached: rule ${last + 1} of the list has no \`when\`, so it always applies`, 'move it before that rule, or remove it');
  }
}

function emptyRule(selector: string, at: string, span: Span): RuleModel {
  return {
    selector, at, action: null, reason: null, observe: false, when: null, arguments: NO_ARGUMENTS, require: [], requireListed: false, denyIf: [], denyIfListed: false,
    limits: [], limitsListed: false, budgets: [], budgetsListed: false, approval: null, span,
  };
}

function checkRule(value: SourceNode, at: string, span: Span, context: RuleContext): RuleModel | null {
  switch (value.kind) {
    case 'broken':
      return null;
    case 'string': {
      const action = checkAction(value, at, 'the rule', context.reporter);
      return action === null ? null : { ...emptyRule(context.selector, at, span), action };
    }
    case 'map':
      return checkRuleMap(value, at, span, context);
    case 'list':
      context.reporter.error('wrong_type', value.span, at, 'the rule is a list inside a list; expected an action or a map', 'write one list of rules');
      return null;
    default: {
      const help = value.kind === 'null' ? 'write an action, for example `deny`, or remove the line' : 'write an action, for example `deny`, or a map such as `{ action: deny, reason: ... }`';
      context.reporter.error('wrong_type', value.span, at, `the rule is ${found(value)}; expected an action or a map`, help);
      return null;
    }
  }
}

type Fields = { -readonly [K in keyof RuleModel]: RuleModel[K] };

function checkRuleMap(map: Extract<SourceNode, { kind: 'map' }>, at: string, span: Span, context: RuleContext): RuleModel | null {
  const { reporter } = context;
  const rule: Fields = emptyRule(context.selector, at, span);
  for (const field of map.entries) {
    const here = at + pointer(field.key);
    const listed = field.value.kind === 'list';
    switch (field.key) {
      case 'action':
        rule.action = checkAction(field.value, here, '`action`', reporter);
        break;
      case 'reason':
        rule.reason = checkReason(field.value, here, reporter);
        break;
      case 'mode':
        rule.observe = checkRuleMode(field.value, here, reporter);
        break;
      case 'when':
        // A faulty `when` was reported; it must not look like none.
        rule.when = checkExpression(field.value, here, '`when`', 'when', context) ?? { source: '', at: here, span: field.value.span };
        break;
      case 'arguments':
        if (hasArguments(field, here, context)) rule.arguments = { ...rule.arguments, constraints: checkArguments(field.value, here, context) };
        break;
      case 'additional':
        if (hasArguments(field, here, context)) rule.arguments = { ...rule.arguments, additional: checkAdditional(field.value, here, context) };
        break;
      case 'schema':
        if (hasSchema(field, here, context)) rule.arguments = { ...rule.arguments, upstream: checkUpstreamSchema(field.value, here, context) };
        break;
      case 'require':
        [rule.require, rule.requireListed] = [checkConditions(field.value, here, 'require', context), listed];
        break;
      case 'deny_if':
        [rule.denyIf, rule.denyIfListed] = [checkConditions(field.value, here, 'deny_if', context), listed];
        break;
      case 'rate_limit':
        [rule.limits, rule.limitsListed] = [checkRateLimit(field.value, here, reporter), listed];
        break;
      case 'budget':
        [rule.budgets, rule.budgetsListed] = [checkBudget(field.value, here, context), listed];
        break;
      case 'approval':
        rule.approval = checkApproval(field.value, here, reporter);
        break;
      default:
        unknownKey(reporter, field, here, 'a rule', RULE_KEYS, hintForRule(field.key));
    }
  }
  const keys = map.entries.map((field) => field.key);
  checkApprovalAction(map, keys, rule.action, at, reporter);
  if (!map.damaged && keys.every((key) => NOT_ENOUGH.has(key)) && !keys.includes('approval')) {
    reporter.error('empty_rule', span, at, 'the rule has neither an action nor a guard', 'add `action: deny`, or write the action alone: `name: deny`');
    return null;
  }
  return rule;
}

/** Who wrote `approval` means that somebody is asked; without the action nobody would be. */
function checkApprovalAction(map: Extract<SourceNode, { kind: 'map' }>, keys: readonly string[], action: Action | null, at: string, reporter: Reporter): void {
  const approval = map.entries.find((field) => field.key === 'approval');
  if (approval === undefined || map.damaged || action === 'require_approval' || (action === null && keys.includes('action'))) return;
  const now = action === null ? 'has no `action`' : `has \`action: ${action}\``;
  reporter.error('approval_without_action', approval.keySpan, at + pointer('approval'), `the rule has \`approval\` but ${now}, so nobody would be asked`, action === null ? 'add `action: require_approval`' : 'write `action: require_approval`, or remove `approval`');
}

function hasArguments(field: SourceEntry, at: string, { kind, reporter }: RuleContext): boolean {
  if (kind !== 'resource') return true;
  reporter.error('no_arguments', field.keySpan, at, `\`${field.key}\` stands in a rule for resources, which are read without arguments`, 'remove it');
  return false;
}

function hasSchema(field: SourceEntry, at: string, { kind, reporter }: RuleContext): boolean {
  if (kind === 'tool') return true;
  reporter.error('no_schema', field.keySpan, at, '`schema: upstream` is for tools: only they have an `inputSchema`', 'remove it');
  return false;
}

function hintForRule(key: string): string | null {
  if (key === 'default') return '`default` belongs to the document; a rule has `action`';
  if (key === 'max' || key === 'window' || key === 'per') return `\`${key}\` belongs to a limit: write \`rate_limit: { max: 10, window: 60 }\``;
  if (key === 'sum') return '`sum` belongs to a budget: write `budget: { sum: args.amount, max: 500, window: 1d }`';
  if (key === 'if') return 'write `require: CONDITION` or `deny_if: CONDITION`';
  return null;
}

/** Reads an action. `subject` starts the message. */
export function checkAction(node: SourceNode, at: string, subject: string, reporter: Reporter): Action | null {
  return wordOf(node, ACTIONS, at, subject, 'bad_action', reporter);
}

function checkRuleMode(node: SourceNode, at: string, reporter: Reporter): boolean {
  if (node.kind === 'string' && node.value === 'enforce') {
    reporter.error('bad_mode', node.span, at, 'the `mode` of a rule is `enforce`; expected `observe`', 'rules are enforced unless they say `observe`: remove the line');
    return false;
  }
  return wordOf(node, ['observe'], at, 'the `mode` of a rule', 'bad_mode', reporter) !== null;
}

/** Whether the rule says anything about a call beyond its action. */
export function hasGuards(rule: RuleModel): boolean {
  const { constraints, additional, upstream } = rule.arguments;
  const conditions: readonly ConditionModel[] = [...rule.require, ...rule.denyIf];
  return constraints.length > 0 || !additional || upstream || conditions.length > 0 || rule.limits.length > 0 || rule.budgets.length > 0;
}
