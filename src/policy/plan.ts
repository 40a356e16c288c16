import type { LimitClaim, Verdict } from './types.ts';
import type { CelInput } from './cel/types.ts';
import type { ApprovalDemand } from './types.ts';
import { GovernedNames } from './argument-places.ts';
import { approvalDemand } from './approval-demand.ts';
import type { EngineRule } from './engine-rule.ts';
import type { Governed, Listener, Outcome } from './judge.ts';
import { claimsOf, judge } from './judge.ts';
import type { Rank } from './rule-table.ts';
import { observed, strictest } from './verdicts.ts';

/** What one document says of one call, as it stands and as it would stand if nothing in it were observed. */
export interface Judgement {
  readonly enforced: Verdict;
  readonly full: Verdict;
  /** The rules that apply, whose limits count; those that only observe included. */
  readonly applied: readonly EngineRule[];
  /** Set exactly when `enforced` asks for an approval. */
  readonly approval: ApprovalDemand | null;
}

/**
 * What one document has for one name: everything that can be found without knowing the call. A resource has two spellings and so two
 * readings, of which the stricter counts (resource-uri.ts); everything else has one.
 */
export interface Reading {
  readonly ranks: readonly Rank[];
  /** The arguments that enforced rules look at, and those that any rule does. Null: none. */
  readonly enforced: Governed | null;
  readonly all: Governed | null;
  /** Whether some rule only observes, so that there are two answers. */
  readonly hasObserved: boolean;
}

export interface Plan {
  readonly readings: readonly [Reading, ...Reading[]];
  readonly fallback: Verdict;
  /** `mode: observe` of the document. */
  readonly observes: boolean;
  /** A name that cannot be read has a verdict and no rules. */
  readonly unreadable: Judgement | null;
  /** Whether every call of this name gets the same judgement. */
  readonly fixed: boolean;
}

export function makePlan(first: readonly Rank[], others: readonly (readonly Rank[])[], fallback: Verdict, observes: boolean): Plan {
  const readings: Plan['readings'] = [makeReading(first), ...others.map(makeReading)];
  const fixed = readings.every(({ ranks }) => rulesOf(ranks).every((rule) => rule.fixed));
  return { readings, fallback, observes, unreadable: null, fixed };
}

function makeReading(ranks: readonly Rank[]): Reading {
  const rules = rulesOf(ranks);
  return { ranks, enforced: governedBy(rules.filter((rule) => !rule.observe)), all: governedBy(rules), hasObserved: rules.some((rule) => rule.observe) };
}

function rulesOf(ranks: readonly Rank[]): EngineRule[] {
  return ranks.flatMap((rank) => rank.flatMap(({ rules }) => rules));
}

function governedBy(rules: readonly EngineRule[]): Governed | null {
  const [first] = rules.filter((rule) => rule.governs.length > 0);
  if (first === undefined) return null;
  const names = new GovernedNames();
  for (const rule of rules) for (const { path, below } of rule.governs) names.add(path, below);
  return { names, rule: first };
}

export function judgePlan(plan: Plan, input: CelInput, listener: Listener | null = null): Judgement {
  if (plan.unreadable !== null) return plan.unreadable;
  const [first, ...rest] = plan.readings;
  const one = judgeReading(plan, first, input, listener);
  if (rest.length === 0) return one;
  const others = rest.map((reading) => judgeReading(plan, reading, input, listener));
  const enforced = strictest([one.enforced, ...others.map((judgement) => judgement.enforced)]);
  const asking = [one, ...others].flatMap((judgement) => judgement.applied);
  return {
    enforced,
    full: strictest([one.full, ...others.map((judgement) => judgement.full)]),
    applied: [...new Set(asking)],
    approval: demandOf(enforced, asking),
  };
}

function judgeReading(plan: Plan, reading: Reading, input: CelInput, listener: Listener | null): Judgement {
  if (plan.observes) {
    const full = judge(reading.ranks, reading.all, plan.fallback, input, true, listener);
    return { enforced: observed(full.verdict), full: full.verdict, applied: full.applied, approval: null };
  }
  const { ranks, hasObserved } = reading;
  const full = judge(ranks, reading.all, plan.fallback, input, true, listener);
  const really = hasObserved ? judge(ranks, reading.enforced, plan.fallback, input, false, listener) : full;
  return {
    enforced: really.verdict,
    full: full.verdict,
    applied: really === full ? full.applied : together(ranks, really, full),
    approval: demandOf(really.verdict, really.applied),
  };
}

/** In the order of the plan: enforced rules that really apply, and observed ones that would. */
function together(ranks: readonly Rank[], really: Outcome, full: Outcome): EngineRule[] {
  const rules = new Set([...really.applied, ...full.applied.filter((rule) => rule.observe)]);
  return ranks.flatMap((rank) => rank.flatMap((selector) => selector.rules.filter((rule) => rules.has(rule))));
}

function demandOf(verdict: Verdict, applied: readonly EngineRule[]): ApprovalDemand | null {
  if (verdict.effect !== 'require_approval') return null;
  return approvalDemand(applied.flatMap((rule) => (rule.approval === null || rule.observe ? [] : [rule.approval])));
}

/** The limits that a call must fit into. */
export function limitsOf(judgement: Judgement, input: CelInput): readonly LimitClaim[] {
  const { applied } = judgement;
  const [only] = applied;
  return applied.length === 1 && only !== undefined ? claimsOf(only, input) : applied.flatMap((rule) => claimsOf(rule, input));
}
