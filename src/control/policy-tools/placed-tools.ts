import { classOf } from '../../policy/class-selector.ts';
import type { Variable } from '../../policy/cel/types.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import type { EngineRule } from '../../policy/engine-rule.ts';
import { appliesTo, type Applies } from '../../policy/judge.ts';
import { callInput } from '../../policy/policy-set.ts';
import { STRICTNESS, type Action } from '../../policy/document.ts';
import type { RuleLines } from './rule-lines.ts';
import type { KnownTools } from './known-tools.ts';

export const COLUMNS = ['allow', 'rate_limit', 'require_approval', 'deny', 'hide'] as const;
export type Column = (typeof COLUMNS)[number];

/** What a rule asks of a call besides its action, by the word of the language. */
export type GuardKind = 'when' | 'arguments' | 'require' | 'deny_if' | 'rate_limit' | 'budget' | 'approval';

/** Where one tool stands on the board, and why. */
export interface PlacedTool {
  readonly name: string;
  readonly column: Column;
  /** JSON Pointer of the rule that decides the action, `/default` where none does. */
  readonly rule: string;
  readonly line: number | null;
  /** Of every rule that is about the tool: guards add up. */
  readonly guards: readonly { readonly kind: GuardKind; readonly rule: string }[];
  /** What holds is less than what is written: the document, or the rule that would decide, only observes. */
  readonly observes: boolean;
  readonly class: { readonly category: string; readonly risk: string } | null;
}

/** On the board nothing is known of a call yet. */
const NOT_KNOWN: ReadonlySet<Variable> = new Set<Variable>(['args', 'user', 'client', 'grant', 'session', 'now']);

/**
 * The column of one tool: the action of the rule that decides, with a column of its own for what is let through so many times. A `when` that
 * depends on the call counts as if it held, and is among the guards.
 */
export function placedTool(policy: CompiledPolicy, name: string, tools: KnownTools | null, server: string, lines: RuleLines): PlacedTool {
  const known = tools?.get(name) ?? null;
  const facts = known === null || tools === null ? null : tools.factsOf(known, server);
  const input = { ...callInput({ kind: 'tool', name, tool: facts }), unknown: NOT_KNOWN };
  const plan = policy.plan('tool', name, classOf(facts));
  const [{ ranks }] = plan.readings;
  const deciding: { readonly rule: EngineRule; readonly applies: Applies }[] = [];
  const about: EngineRule[] = [];
  let observes = plan.observes;
  for (const rank of ranks) {
    const candidates: { readonly rule: EngineRule; readonly applies: Applies }[] = [];
    for (const { rules } of rank) {
      const reached = rules.map((rule) => ({ rule, applies: appliesTo(rule, input) })).filter(({ applies }) => applies !== 'no' && applies !== 'absent');
      // Of a list of rules each may be the one for some call, up to the first that surely applies.
      const last = reached.findIndex(({ applies }) => applies === 'yes');
      const possible = last < 0 ? reached : reached.slice(0, last + 1);
      about.push(...possible.map(({ rule }) => rule));
      const first = possible.find(({ rule }) => plan.observes || !rule.observe);
      if (first !== undefined) candidates.push(first);
    }
    if (deciding.length === 0) deciding.push(...candidates);
  }
  const [first, ...rest] = deciding;
  const decided = first === undefined ? null : rest.reduce((best, next) => (severity(next) > severity(best) ? next : best), first);
  const effect: Action = decided === null ? plan.fallback.effect : decided.applies === 'yes' || decided.applies === 'unknown' ? decided.rule.effect : 'deny';
  observes ||= about.some((rule) => rule.observe);
  const rule = decided?.rule.at ?? plan.fallback.rule;
  const limited = about.some(({ rates }) => rates.some((rate) => rate.enforce || plan.observes));
  const { category, risk } = facts ?? { category: null, risk: null };
  return {
    name,
    column: effect === 'allow' && limited ? 'rate_limit' : effect,
    rule,
    line: lines.lineOf(rule),
    guards: about.flatMap(guardsOf),
    observes,
    class: category === null || risk === null ? null : { category, risk },
  };
}

function severity({ rule, applies }: { readonly rule: EngineRule; readonly applies: Applies }): number {
  return STRICTNESS[typeof applies === 'string' ? rule.effect : 'deny'];
}

function guardsOf(rule: EngineRule): { readonly kind: GuardKind; readonly rule: string }[] {
  const kinds: readonly (readonly [GuardKind, boolean])[] = [
    ['when', rule.when !== null],
    ['arguments', rule.argumentGuards.length > 0],
    ['require', rule.conditionGuards.some(({ kind }) => kind === 'require')],
    ['deny_if', rule.conditionGuards.some(({ kind }) => kind === 'deny_if')],
    ['rate_limit', rule.rates.length > 0],
    ['budget', rule.budgets.length > 0],
    ['approval', rule.approval !== null],
  ];
  return kinds.filter(([, there]) => there).map(([kind]) => ({ kind, rule: rule.at }));
}
