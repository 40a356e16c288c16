import type { ApprovalModel, ArgumentsModel, BudgetModel, ConditionModel, LimitModel, PolicyDocument, RuleModel } from './document.ts';
import { APPROVAL_WAYS, KINDS, PER_DIMENSIONS, SECTION } from './document.ts';

/**
 * The document in the policy language again, as JSON text in one fixed spelling: selectors and arguments sorted by UTF-16 units,
 * limits as maps, windows in seconds, defaults of limits written out, numbers exact. Two texts that mean the same give the same
 * text, and loading it gives the same policy.
 */
export function canonicalDocument(document: PolicyDocument): string {
  const members: Member[] = [['version', text('1')]];
  if (document.description !== null) members.push(['description', text(document.description)]);
  members.push(['default', text(document.default)], ['mode', text(document.mode)]);
  for (const kind of KINDS) {
    const selectors = document.rules[kind].toSorted((a, b) => (a.selector < b.selector ? -1 : 1));
    if (selectors.length === 0) continue;
    const rules = selectors.map(({ selector, rules: own, listed }): Member => [selector, oneOrList(own.map(canonicalRule), listed)]);
    members.push([SECTION[kind], object(rules)]);
  }
  const answers = [...document.client].toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (answers.length > 0) members.push(['client', object(answers.map(([feature, answer]): Member => [feature, text(answer)]))]);
  const { journal } = document;
  if (journal !== null) {
    const redact: Member[] = journal.redact.length === 0 ? [] : [['redact', `[${journal.redact.map(({ name }) => text(name)).join(',')}]`]];
    members.push(['journal', object([['arguments', text(journal.arguments)], ...redact])]);
  }
  return object(members);
}

type Member = readonly [key: string, json: string];

function canonicalRule(rule: RuleModel): string {
  const members: Member[] = [];
  if (rule.action !== null) members.push(['action', text(rule.action)]);
  if (rule.reason !== null) members.push(['reason', text(rule.reason)]);
  if (rule.observe) members.push(['mode', text('observe')]);
  if (rule.when !== null) members.push(['when', text(rule.when.source)]);
  members.push(...canonicalArguments(rule.arguments));
  if (rule.require.length > 0) members.push(['require', oneOrList(rule.require.map(canonicalCondition), rule.requireListed)]);
  if (rule.denyIf.length > 0) members.push(['deny_if', oneOrList(rule.denyIf.map(canonicalCondition), rule.denyIfListed)]);
  if (rule.limits.length > 0) members.push(['rate_limit', oneOrList(rule.limits.map(canonicalLimit), rule.limitsListed)]);
  if (rule.budgets.length > 0) members.push(['budget', oneOrList(rule.budgets.map(canonicalBudget), rule.budgetsListed)]);
  if (rule.approval !== null) members.push(['approval', canonicalApproval(rule.approval)]);
  return object(members);
}

function canonicalArguments({ constraints, additional, upstream }: ArgumentsModel): Member[] {
  const members: Member[] = [];
  if (constraints.length > 0) members.push(['arguments', object(constraints.map(({ name, schema }): Member => [name, schema]))]);
  if (!additional) members.push(['additional', 'false']);
  if (upstream) members.push(['schema', text('upstream')]);
  return members;
}

function canonicalCondition({ source, reason }: ConditionModel): string {
  return reason === null ? text(source) : object([['if', text(source)], ['reason', text(reason)]]);
}

function canonicalLimit(limit: LimitModel): string {
  return object([['max', String(limit.max)], ...canonicalCounter(limit)]);
}

function canonicalBudget(budget: BudgetModel): string {
  return object([['sum', text(budget.sum.source)], ['max', budget.max], ...canonicalCounter(budget)]);
}

function canonicalCounter(counter: Omit<LimitModel, 'max'>): Member[] {
  return [
    ['window', String(counter.windowSeconds)],
    ['per', list(PER_DIMENSIONS.filter((dimension) => counter.per.includes(dimension)).map(text))],
    ['on_state_error', text(counter.onStateError)],
  ];
}

function canonicalApproval({ timeoutSeconds, waitSeconds, needed, approvers, via }: ApprovalModel): string {
  const members: Member[] = [];
  if (timeoutSeconds !== null) members.push(['timeout', String(timeoutSeconds)]);
  if (waitSeconds !== null) members.push(['wait', String(waitSeconds)]);
  if (approvers !== null) members.push(['approvers', object([['needed', String(needed ?? 1)], ['of', list(approvers.map(text))]])]);
  else if (needed !== null) members.push(['approvers', String(needed)]);
  if (via !== null) members.push(['via', list(APPROVAL_WAYS.filter((way) => via.includes(way)).map(text))]);
  return object(members);
}

function text(value: string): string {
  return JSON.stringify(value);
}

function oneOrList(items: readonly string[], listed: boolean): string {
  return listed ? list(items) : (items[0] ?? 'null');
}

function list(items: readonly string[]): string {
  return `[${items.join(',')}]`;
}

/** Written by hand, because an object would sort keys that look like numbers, and take `__proto__` for something else. */
function object(members: readonly Member[]): string {
  return `{${members.map(([key, json]) => `${text(key)}:${json}`).join(',')}}`;
}
