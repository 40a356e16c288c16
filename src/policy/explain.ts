import type { ApprovalDemand, Decision, LimitClaim, Query, Verdict } from './types.ts';
import type { CelInput } from './cel/types.ts';
import { classOf } from './class-selector.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Action } from './document.ts';
import { STRICTNESS } from './document.ts';
import type { EngineRule } from './engine-rule.ts';
import type { GuardAnswer } from './guard.ts';
import type { Applies } from './judge.ts';
import { claimsOf } from './judge.ts';
import type { Judgement, Plan } from './plan.ts';
import { judgePlan } from './plan.ts';
import { callInput, decisionOf } from './policy-set.ts';

/** What one guard said of the call. */
export interface GuardExplanation {
  readonly kind: 'arguments' | 'additional' | 'schema' | 'require' | 'deny_if' | 'budget';
  readonly rule: string;
  /** The expression; null for schemas. */
  readonly source: string | null;
  readonly answer: 'passes' | 'refuses' | 'unknown';
  /** Null unless it refuses. */
  readonly code: Verdict['code'];
  readonly reason: string | null;
  readonly wouldPass: string | null;
}

/** What became of one rule whose selector covers the name. */
export interface RuleExplanation {
  /** JSON Pointer. */
  readonly rule: string;
  readonly action: Action;
  readonly observes: boolean;
  readonly when: string | null;
  /**
   * `applies`: its guards count. `does_not_apply`: its `when` is false. `absent`: its `when` needs an argument that is not there, so it
   * does not hold. `refuses`: its `when` could not be evaluated. `unknown`: its `when` depends on something that is not known.
   * `not_reached`: an earlier rule of its list applies.
   */
  readonly state: 'applies' | 'does_not_apply' | 'absent' | 'refuses' | 'unknown' | 'not_reached';
  /** Why the `when` could not be evaluated; else null. */
  readonly problem: string | null;
  /** Whether this rule decides the action of its document. */
  readonly decides: boolean;
  /** In the order in which they are asked. Empty where the action refuses anyway, or the rule does not apply. */
  readonly guards: readonly GuardExplanation[];
  /** What a call that is let through takes from. */
  readonly limits: readonly LimitClaim[];
}

export interface SelectorExplanation {
  readonly selector: string;
  readonly rules: readonly RuleExplanation[];
}

export interface PolicyExplanation {
  readonly name: string;
  readonly policyId: string;
  /** The whole document only observes. */
  readonly observes: boolean;
  /** Every selector that covers the name, the most specific first. A resource may be here under two spellings (`reading`). */
  readonly readings: readonly (readonly SelectorExplanation[])[];
  readonly default: Action;
  readonly defaultDecides: boolean;
  /** Why no rule was asked: the name cannot be read. Null otherwise. */
  readonly unreadable: string | null;
  /** What this document decides, and what it would if nothing in it only observed. */
  readonly verdict: Verdict;
  readonly full: Verdict;
  readonly approval: ApprovalDemand | null;
}

export interface Explanation {
  /** Exactly what `decide` answers. */
  readonly decision: Decision;
  /** One for each document, in the order of the grant. */
  readonly policies: readonly PolicyExplanation[];
}

/**
 * Why a call is decided as it is: every rule that covers its name, in order, and what each of its guards said (policy.md, "Tools for
 * the author"). Runs the code that `decide` runs, with a listener that makes it ask the guards behind a refusal too.
 */
export function explain(policies: readonly CompiledPolicy[], query: Query): Explanation {
  const own = [...new Map(policies.map((policy) => [policy.digest, policy])).values()];
  const input = callInput(query);
  const explained = own.map((policy) => explainPolicy(policy, policy.plan(query.kind, query.name, classOf(query.tool ?? null)), input));
  return { decision: decisionOf(explained.map(({ judgement }) => judgement), input), policies: explained.map(({ explanation }) => explanation) };
}

function explainPolicy(policy: CompiledPolicy, plan: Plan, input: CelInput): { readonly judgement: Judgement; readonly explanation: PolicyExplanation } {
  const seen = new Map<EngineRule, Applies>();
  const guards = new Map<EngineRule, GuardExplanation[]>();
  const judgement = judgePlan(plan, input, {
    rule: (rule, applies) => seen.set(rule, applies),
    guard: (rule, kind, at, source, answer) => {
      const own = guards.get(rule) ?? [];
      // Under its two spellings a resource asks the same rule twice.
      if (!own.some((known) => known.rule === at)) own.push(guardExplanation(kind, at, source, answer));
      guards.set(rule, own);
    },
  });
  const deciding = decidingRules(plan, seen);
  const explainRule = (rule: EngineRule): RuleExplanation => {
    const applies = seen.get(rule) ?? 'not_reached';
    return {
      rule: rule.at,
      action: rule.effect,
      observes: rule.observe,
      when: rule.when?.source ?? null,
      state: STATES[typeof applies === 'string' ? applies : 'refuses'],
      problem: typeof applies === 'string' ? null : applies.reason,
      decides: deciding.has(rule),
      guards: guards.get(rule) ?? [],
      limits: judgement.applied.includes(rule) ? claimsOf(rule, input) : [],
    };
  };
  const explanation: PolicyExplanation = {
    name: policy.name,
    policyId: policy.id,
    observes: plan.observes,
    readings: plan.readings.map(({ ranks }) => ranks.flatMap((rank) => rank.map(({ selector, rules }) => ({ selector, rules: rules.map(explainRule) })))),
    default: plan.fallback.effect,
    defaultDecides: plan.unreadable === null && (judgement.enforced.rule === plan.fallback.rule || judgement.full.rule === plan.fallback.rule),
    unreadable: plan.unreadable === null ? null : plan.unreadable.full.reason,
    verdict: judgement.enforced,
    full: judgement.full,
    approval: judgement.approval,
  };
  return { judgement, explanation };
}

const STATES = {
  yes: 'applies',
  no: 'does_not_apply',
  absent: 'absent',
  unknown: 'unknown',
  refuses: 'refuses',
  not_reached: 'not_reached',
} as const satisfies Record<string, RuleExplanation['state']>;

function guardExplanation(kind: GuardExplanation['kind'], rule: string, source: string | null, answer: GuardAnswer): GuardExplanation {
  if (typeof answer === 'string') return { kind, rule, source, answer, code: null, reason: null, wouldPass: null };
  return { kind, rule, source, answer: 'refuses', code: answer.code, reason: answer.reason, wouldPass: answer.wouldPass };
}

/** Of each reading the rule whose action counts: the strictest of the most specific selectors that have a rule for the call. */
function decidingRules(plan: Plan, seen: ReadonlyMap<EngineRule, Applies>): Set<EngineRule> {
  const deciding = new Set<EngineRule>();
  for (const { ranks } of plan.readings) {
    for (const rank of ranks) {
      const candidates = rank.flatMap(({ rules }) => rules.find((rule) => isReached(seen.get(rule) ?? 'no') && (plan.observes || !rule.observe)) ?? []);
      const [first, ...rest] = candidates;
      if (first === undefined) continue;
      deciding.add(rest.reduce((best, next) => (severity(next, seen) > severity(best, seen) ? next : best), first));
      break;
    }
  }
  return deciding;
}

function isReached(applies: Applies): boolean {
  return applies !== 'no' && applies !== 'absent';
}

function severity(rule: EngineRule, seen: ReadonlyMap<EngineRule, Applies>): number {
  return STRICTNESS[seen.get(rule) === 'yes' ? rule.effect : 'deny'];
}
