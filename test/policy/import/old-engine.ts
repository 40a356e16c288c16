/**
 * The two old dialects as their documentation describes them (rivals.md, "The ancestor"), written for these tests alone: loose
 * equality, conditions that are false for what they do not understand, whole counters in windows of the calendar. All calls of a test
 * fall into one window.
 */
export type OldOutcome = 'allow' | 'deny' | 'hidden' | 'require_approval';

interface OldCondition { readonly path: string; readonly op: string; readonly value: unknown }
interface OldState { readonly counter: string; readonly window: string; readonly increment?: number; readonly increment_from?: string }
interface OldRule { readonly action?: string; readonly rate_limit?: string; readonly conditions?: readonly OldCondition[]; readonly state?: OldState }
interface OldLimit { readonly counter: string; readonly window: string; readonly max: number; readonly scope?: string; readonly increment?: number; readonly increment_from?: string }
interface OldTool { readonly rules?: readonly OldRule[]; readonly require?: readonly OldCondition[]; readonly deny_if?: readonly OldCondition[]; readonly limits?: readonly OldLimit[] }
export interface OldDocument { readonly default?: string; readonly hide?: readonly string[]; readonly tools?: Readonly<Record<string, OldTool>>; readonly all_tools?: OldTool }

interface Pending { readonly key: string; readonly amount: number | null; readonly fits: (total: number) => boolean }

export class OldEngine {
  readonly #document: OldDocument;
  readonly #totals = new Map<string, number>();

  constructor(document: OldDocument) {
    this.#document = document;
  }

  call(tool: string, args: unknown): OldOutcome {
    const { hide = [], tools = {}, all_tools: all } = this.#document;
    if (hide.includes(tool) || hide.includes('*')) return 'hidden';
    const own = Object.hasOwn(tools, tool) ? tools[tool] : undefined;
    if (this.#document.default === 'deny' && own === undefined) return 'deny';
    const everything = Object.hasOwn(tools, '*') ? tools['*'] : undefined;
    const pending: Pending[] = [];
    let asks = false;
    for (const [scope, entry] of [[tool, own], ['_global', everything], ['_all', all]] as const) {
      for (const rule of entry?.rules ?? []) {
        const verdict = this.#rule(rule, scope, args, pending);
        if (verdict === 'deny') return 'deny';
        asks ||= verdict === 'ask';
      }
      if ((entry?.require ?? []).some((condition) => !holds(condition, args)) || (entry?.deny_if ?? []).some((condition) => holds(condition, args))) return 'deny';
      for (const limit of entry?.limits ?? []) pending.push({ key: `${scope}/${limit.counter}/${limit.window}`, amount: amountOf(limit, args), fits: (total) => total <= limit.max });
    }
    if (pending.some(({ key, amount, fits }) => amount === null || !fits((this.#totals.get(key) ?? 0) + amount))) return 'deny';
    for (const { key, amount } of pending) this.#totals.set(key, (this.#totals.get(key) ?? 0) + (amount ?? 0));
    return asks ? 'require_approval' : 'allow';
  }

  #rule(rule: OldRule, scope: string, args: unknown, pending: Pending[]): 'deny' | 'ask' | 'pass' {
    if (rule.action === 'deny') return 'deny';
    if (rule.rate_limit !== undefined) {
      const [max = '', window = ''] = rule.rate_limit.split('/');
      pending.push({ key: `${scope}/rate/${window}`, amount: 1, fits: (total) => total <= Number(max) });
      return 'pass';
    }
    const onArguments = (rule.conditions ?? []).filter(({ path }) => path.startsWith('args.'));
    if (rule.action === 'require_approval') return onArguments.every((condition) => holds(condition, args)) ? 'ask' : 'pass';
    if (!onArguments.every((condition) => holds(condition, args))) return 'deny';
    for (const { path, op, value } of rule.conditions ?? []) {
      const name = path.slice(`state.${scope}.`.length);
      if (!path.startsWith('state.')) continue;
      const most = Number(value);
      // A counter whose own rule has no condition on it never counts.
      const amount = rule.state?.counter === name ? amountOf(rule.state, args) : 0;
      pending.push({ key: `${scope}/${name}`, amount, fits: (total) => (op === 'lt' ? total < most : total <= most) });
    }
    return 'pass';
  }
}

/** Fractions were cut off; what is no number could not be counted. */
function amountOf(counted: { readonly increment?: number; readonly increment_from?: string }, args: unknown): number | null {
  if (counted.increment_from === undefined) return counted.increment ?? 1;
  const found = resolve(args, counted.increment_from);
  return typeof found.value === 'number' ? Math.trunc(found.value) : null;
}

function resolve(args: unknown, path: string): { there: boolean; value: unknown } {
  let value = args;
  for (const name of path.split('.').slice(1)) {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return { there: false, value: undefined };
    value = (value as Record<string, unknown>)[name];
  }
  return { there: true, value };
}

function holds({ path, op, value: expected }: OldCondition, args: unknown): boolean {
  const { there, value } = resolve(args, path);
  if (op === 'exists') return (there && value !== null) === expected;
  if (!there) return false;
  const list = Array.isArray(expected) ? expected : [];
  const numbers = typeof value === 'number' && typeof expected === 'number' ? ([value, expected] as const) : null;
  switch (op) {
    case 'eq':
      return equal(value, expected);
    case 'neq':
      return !equal(value, expected);
    case 'in':
      return list.some((item) => equal(value, item));
    case 'not_in':
      return !list.some((item) => equal(value, item));
    case 'lt':
      return numbers !== null && numbers[0] < numbers[1];
    case 'lte':
      return numbers !== null && numbers[0] <= numbers[1];
    case 'gt':
      return numbers !== null && numbers[0] > numbers[1];
    case 'gte':
      return numbers !== null && numbers[0] >= numbers[1];
    case 'regex':
      return typeof value === 'string' && typeof expected === 'string' && new RegExp(expected, 'u').test(value);
    case 'contains':
      if (typeof value === 'string') return typeof expected === 'string' && value.includes(expected);
      return Array.isArray(value) && value.some((item) => equal(item, expected));
    default:
      return false;
  }
}

/** Numbers as numbers, everything else by how it is printed. */
function equal(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  return printed(a) === printed(b);
}

function printed(value: unknown): string {
  if (value === null) return '<nil>';
  return Array.isArray(value) ? `[${value.map(printed).join(' ')}]` : typeof value === 'object' ? JSON.stringify(value) : String(value);
}
