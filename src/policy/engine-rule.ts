import type { BudgetClaim, RateClaim, TargetKind, Verdict } from './types.ts';
import type { Amount, Condition } from './cel/types.ts';
import type { Action, ApprovalModel, ArgumentsModel, RuleModel } from './document.ts';
import { spansNames } from './class-selector.ts';
import type { CompiledSources } from './compile-sources.ts';
import type { Guard } from './guard.ts';
import { closedGuard, conditionGuard, constraintGuard, upstreamGuard } from './guard.ts';
import type { GovernedNames } from './argument-places.ts';
import { pathOfCondition } from './argument-places.ts';
import { closedSchema } from './argument-schemas.ts';

/** A budget whose amount is known only when a call is there. */
export interface BudgetRule {
  readonly amount: Amount;
  readonly claim: Omit<BudgetClaim, 'amount'>;
  readonly reason: string | null;
}

/** One rule, ready to be used: everything that does not depend on the call is built once, at load. */
export interface EngineRule {
  readonly at: string;
  readonly observe: boolean;
  readonly reason: string | null;
  readonly when: Condition | null;
  readonly effect: Action;
  readonly verdict: Verdict;
  /** Asked first, so that conditions meet arguments of the shape that the policy allows. */
  readonly argumentGuards: readonly Guard[];
  readonly conditionGuards: readonly Guard[];
  readonly rates: readonly RateClaim[];
  readonly budgets: readonly BudgetRule[];
  readonly approval: ApprovalModel | null;
  /** What the rule demands of the arguments, for `narrow`. */
  readonly arguments: ArgumentsModel;
  /** The arguments that it looks at. */
  readonly governs: readonly GovernedPath[];
  /** Whether the rule says the same of every call. */
  readonly fixed: boolean;
  /** It is of a class selector, and it cannot be told whether the tool is of that class: then the rule can only refuse. */
  readonly unclassified: boolean;
}

/** A place in the arguments, and the names that a schema has something to say of from there on. */
interface GovernedPath {
  readonly path: readonly string[];
  readonly below: GovernedNames | null;
}

/** Where a rule stands, for the identity of its counters. */
export interface RulePlace {
  readonly kind: TargetKind;
  readonly policy: string;
  readonly policyId: string;
  /** The selector as counters know it: resource URIs in their one spelling. */
  readonly selector: string;
  /** False when the whole document only observes. */
  readonly enforced: boolean;
}

export function engineRule(rule: RuleModel, place: RulePlace, sources: CompiledSources): EngineRule {
  const effect = rule.action ?? 'allow';
  const { constraints, additional, upstream } = rule.arguments;
  const expressions = [...(rule.when === null ? [] : [rule.when]), ...rule.require, ...rule.denyIf].map((model) => sources.condition(model.source));
  const argumentGuards = [
    ...(additional ? [] : [closedGuard(rule, sources.schema(closedSchema(rule.arguments)))]),
    ...constraints.map((model) => constraintGuard(model, rule, sources.schema(model.schema))),
    ...(upstream ? [upstreamGuard(rule, sources.upstreamSchema)] : []),
  ];
  const conditionGuards = [
    ...rule.require.map((model) => conditionGuard('require', model, rule, sources.condition(model.source))),
    ...rule.denyIf.map((model) => conditionGuard('deny_if', model, rule, sources.condition(model.source))),
  ];
  const when = rule.when === null ? null : sources.condition(rule.when.source);
  const { rates, budgets } = claimsOf(rule, place, sources);
  return {
    at: rule.at,
    observe: rule.observe,
    reason: rule.reason,
    when,
    effect,
    verdict: { effect, code: effect === 'deny' || effect === 'hide' ? 'denied' : null, rule: rule.at, policyId: place.policyId, reason: rule.reason },
    argumentGuards,
    conditionGuards,
    rates,
    budgets,
    approval: effect === 'require_approval' ? rule.approval : null,
    arguments: rule.arguments,
    governs: [
      ...constraints.map(({ path, schema }) => ({ path, below: sources.schema(schema).names })),
      ...[...expressions, ...budgets.map(({ amount }) => amount)].flatMap((facts) => facts.argumentPaths.map((path) => ({ path: pathOfCondition(path), below: null }))),
    ],
    fixed: when === null && argumentGuards.length === 0 && conditionGuards.length === 0 && budgets.length === 0,
    unclassified: false,
  };
}

/** The rule where it is not known whether the tool is of its class. */
export function unclassified(rule: EngineRule): EngineRule {
  return { ...rule, unclassified: true, fixed: true };
}

/** Whether the rule is nothing but an action: it says nothing of a name for which a more specific rule has decided. */
export function isBare(rule: EngineRule): boolean {
  return rule.when === null && rule.argumentGuards.length === 0 && rule.conditionGuards.length === 0 && rule.rates.length === 0 && rule.budgets.length === 0 && rule.approval === null;
}

/** Whether the rule could refuse, hide, ask or count anything. */
export function restricts(rule: EngineRule): boolean {
  return rule.effect !== 'allow' || rule.argumentGuards.length > 0 || rule.conditionGuards.length > 0 || rule.rates.length > 0 || rule.budgets.length > 0;
}

function claimsOf(rule: RuleModel, place: RulePlace, sources: CompiledSources): { rates: readonly RateClaim[]; budgets: readonly BudgetRule[] } {
  const when = rule.when?.source ?? '';
  const shared = {
    policy: place.policy,
    policyId: place.policyId,
    kind: place.kind,
    selector: place.selector,
    spansTools: spansNames(place.selector),
    reason: rule.reason,
    enforce: place.enforced && !rule.observe,
  };
  const rates = rule.limits.map((limit, index): RateClaim => ({
    type: 'rate',
    ...shared,
    rule: `${rule.at}/rate_limit${rule.limitsListed ? `/${index}` : ''}`,
    counter: when,
    max: limit.max,
    windowMs: limit.windowSeconds * 1000,
    per: limit.per,
    onStateError: limit.onStateError,
  }));
  const budgets = rule.budgets.map((budget, index): BudgetRule => ({
    amount: sources.amount(budget.sum.source),
    reason: rule.reason,
    claim: {
      type: 'budget',
      ...shared,
      rule: `${rule.at}/budget${rule.budgetsListed ? `/${index}` : ''}`,
      // A list keeps two texts apart that would be the same once joined.
      counter: JSON.stringify([when, budget.sum.source]),
      max: budget.max,
      windowMs: budget.windowSeconds * 1000,
      per: budget.per,
      onStateError: budget.onStateError,
    },
  }));
  return { rates, budgets };
}
