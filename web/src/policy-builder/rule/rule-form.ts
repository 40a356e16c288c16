import { isMap } from '../yaml/render.ts';
import type { ArgumentForm } from './argument-form.ts';
import { argumentForm, argumentSchema } from './argument-form.ts';

export type Action = 'allow' | 'deny' | 'hide' | 'require_approval';
export const PER = ['session', 'grant', 'server', 'tool'] as const;
export const WAYS = ['cli', 'dashboard', 'link', 'webhook', 'elicitation'] as const;

export interface LimitForm {
  readonly max: string;
  readonly window: string;
  readonly per: readonly string[];
  readonly onStateError: '' | 'allow' | 'deny';
}
export interface BudgetForm extends LimitForm {
  readonly sum: string;
}
export interface ConditionForm {
  readonly if: string;
  readonly reason: string;
}
export interface ApprovalForm {
  readonly timeout: string;
  readonly wait: string;
  readonly needed: string;
  readonly of: readonly string[];
  readonly via: readonly string[];
}

/** A rule as the form shows it: texts as they are typed; empty means that the key is not there. */
export interface RuleForm {
  readonly action: Action | '';
  readonly reason: string;
  readonly observe: boolean;
  readonly when: string;
  readonly arguments: readonly ArgumentForm[];
  /** Arguments that are not named are forbidden. */
  readonly closed: boolean;
  readonly upstream: boolean;
  readonly require: readonly ConditionForm[];
  readonly denyIf: readonly ConditionForm[];
  readonly limits: readonly LimitForm[];
  readonly budgets: readonly BudgetForm[];
  readonly approval: ApprovalForm;
}

export const EMPTY_LIMIT: LimitForm = { max: '10', window: '1m', per: ['session'], onStateError: '' };
export const EMPTY_BUDGET: BudgetForm = { ...EMPTY_LIMIT, max: '100', window: '1d', per: ['grant'], sum: 'args.amount' };
export const EMPTY_RULE: RuleForm = { action: '', reason: '', observe: false, when: '', arguments: [], closed: false, upstream: false, require: [], denyIf: [], limits: [], budgets: [], approval: { timeout: '', wait: '', needed: '', of: [], via: [] } };

const text = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '');
const list = (value: unknown): readonly unknown[] => (value === undefined ? [] : Array.isArray(value) ? value : [value]);
const texts = (value: unknown): string[] => list(value).filter((one): one is string => typeof one === 'string');

/** @param rule a word, or a map of keys. @returns null for what has no form: a list of rules, or something that is none */
export function formOfRule(rule: unknown): RuleForm | null {
  if (rule === undefined || rule === null) return EMPTY_RULE;
  if (typeof rule === 'string') return { ...EMPTY_RULE, action: actionOf(rule) };
  if (!isMap(rule)) return null;
  return {
    action: actionOf(rule['action']),
    reason: text(rule['reason']),
    observe: rule['mode'] === 'observe',
    when: text(rule['when']),
    arguments: isMap(rule['arguments']) ? Object.entries(rule['arguments']).map(([name, schema]) => argumentForm(name, schema)) : [],
    closed: rule['additional'] === false,
    upstream: rule['schema'] === 'upstream',
    require: list(rule['require']).map(conditionForm),
    denyIf: list(rule['deny_if']).map(conditionForm),
    limits: list(rule['rate_limit']).map(limitForm),
    budgets: list(rule['budget']).map((one) => ({ ...limitForm(one), sum: isMap(one) ? text(one['sum']) : '' })),
    approval: approvalForm(rule['approval']),
  };
}

const actionOf = (value: unknown): RuleForm['action'] => (value === 'allow' || value === 'deny' || value === 'hide' || value === 'require_approval' ? value : '');
const conditionForm = (value: unknown): ConditionForm => (isMap(value) ? { if: text(value['if']), reason: text(value['reason']) } : { if: text(value), reason: '' });

const UNITS: Readonly<Record<string, string>> = { second: '1s', minute: '1m', hour: '1h', day: '1d', s: '1s', m: '1m', h: '1h', d: '1d' };

function limitForm(value: unknown): LimitForm {
  if (typeof value === 'string') {
    const [max = '', unit = ''] = value.split('/');
    return { max, window: UNITS[unit] ?? unit, per: ['session'], onStateError: '' };
  }
  if (!isMap(value)) return { ...EMPTY_LIMIT, max: '', window: '' };
  const state = value['on_state_error'];
  return { max: text(value['max']), window: text(value['window']), per: value['per'] === undefined ? ['session'] : texts(value['per']), onStateError: state === 'allow' || state === 'deny' ? state : '' };
}

function approvalForm(value: unknown): ApprovalForm {
  if (!isMap(value)) return EMPTY_RULE.approval;
  const who = value['approvers'];
  return {
    timeout: text(value['timeout']),
    wait: text(value['wait']),
    needed: isMap(who) ? text(who['needed']) : typeof who === 'number' ? String(who) : '',
    of: isMap(who) ? texts(who['of']) : Array.isArray(who) ? texts(who) : [],
    via: texts(value['via']),
  };
}

/** What is typed as a whole number is one; everything else stays a text, so that the check can say what is wrong with it. */
const number = (value: string): number | string => (/^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/.test(value.trim()) ? Number(value) : value.trim());
const single = <Value>(values: readonly Value[]): Value | readonly Value[] | undefined => (values.length === 0 ? undefined : values.length === 1 ? values[0] : values);
const filled = (value: string): string | undefined => (value.trim() === '' ? undefined : value);
const kept = (value: Readonly<Record<string, unknown>>): Record<string, unknown> => Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));

/** The keys of the rule, in the order in which people read them; `undefined` where the form says nothing. */
export function ruleOfForm(form: RuleForm): Record<string, unknown> {
  const approval = kept({
    timeout: filled(form.approval.timeout) === undefined ? undefined : number(form.approval.timeout),
    wait: filled(form.approval.wait) === undefined ? undefined : number(form.approval.wait),
    approvers: approvers(form.approval),
    via: single(form.approval.via),
  });
  return {
    action: form.action === '' ? undefined : form.action,
    reason: filled(form.reason),
    mode: form.observe ? 'observe' : undefined,
    when: filled(form.when),
    arguments: form.arguments.length === 0 ? undefined : Object.fromEntries(form.arguments.map((one) => [one.name, argumentSchema(one)])),
    additional: form.closed ? false : undefined,
    schema: form.upstream ? 'upstream' : undefined,
    require: single(form.require.map(condition)),
    deny_if: single(form.denyIf.map(condition)),
    rate_limit: single(form.limits.map(limit)),
    budget: single(form.budgets.map((one) => ({ sum: one.sum, ...counter(one) }))),
    approval: form.action === 'require_approval' && Object.keys(approval).length > 0 ? approval : undefined,
  };
}

const condition = (form: ConditionForm): unknown => (form.reason.trim() === '' ? form.if : { if: form.if, reason: form.reason });
const SHORT: Readonly<Record<string, string>> = { '1s': 'second', '1m': 'minute', '1h': 'hour', '1d': 'day' };
const sessionOnly = (per: readonly string[]): boolean => per.length === 0 || (per.length === 1 && per[0] === 'session');

function limit(form: LimitForm): unknown {
  const short = SHORT[form.window.trim()];
  if (sessionOnly(form.per) && form.onStateError === '' && short !== undefined && /^[1-9]\d{0,6}$/.test(form.max.trim())) return `${form.max.trim()}/${short}`;
  return counter(form);
}

const counter = (form: LimitForm): Record<string, unknown> =>
  kept({ max: number(form.max), window: number(form.window), per: sessionOnly(form.per) ? undefined : single(form.per), on_state_error: form.onStateError === '' ? undefined : form.onStateError });

function approvers(form: ApprovalForm): unknown {
  const needed = filled(form.needed) === undefined ? undefined : number(form.needed);
  if (form.of.length === 0) return needed;
  return needed === undefined ? form.of : { needed, of: form.of };
}

/** The keys that the form changes, against what it was made from: what nobody touched keeps the way it was written. */
export function changedKeys(before: RuleForm, after: RuleForm): Record<string, unknown> {
  const was = ruleOfForm(before);
  const is = ruleOfForm(after);
  return Object.fromEntries(Object.keys(is).filter((name) => JSON.stringify(was[name]) !== JSON.stringify(is[name])).map((name) => [name, is[name]]));
}
