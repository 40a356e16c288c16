import type { ApprovalDemand, ClientFeature, ClientVerdict, Decision, JournalChoice, PolicySet, Query, TargetKind, Verdict, Visibility } from './types.ts';
import type { CelInput, Variable } from './cel/types.ts';
import { VARYING } from './judge.ts';
import { strictestDemand } from './approval-demand.ts';
import type { ToolClass } from './class-selector.ts';
import { classOf } from './class-selector.ts';
import { combinedSchema } from './argument-schemas.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { journalChoice } from './journal-choice.ts';
import { DecisionCache } from './decision-cache.ts';
import type { Judgement, Plan } from './plan.ts';
import { judgePlan, limitsOf } from './plan.ts';
import { difference, strictest } from './verdicts.ts';
import { certainRules, possibleEffects, stricter, toVisibility } from './visibility.ts';

/** What a grant without a policy answers: it can call nothing (product.md, "gateway.yaml"). */
const NO_POLICY: Verdict & { readonly effect: 'deny' } = Object.freeze({
  effect: 'deny',
  code: 'default_denied',
  rule: '/default',
  policyId: '',
  reason: 'no policy is attached to this grant',
});

/**
 * Puts the policies of one grant together: the strictest action wins and guards add up (policy.md, "Selectors, and which rule
 * decides"). The same document given twice counts once. Without policies everything is refused.
 */
export function combine(policies: readonly CompiledPolicy[]): PolicySet {
  return new CombinedPolicies(policies);
}

/** What is known of a name before a call is there; `decision` when all its calls are decided alike. */
interface Known {
  readonly plans: readonly Plan[];
  readonly decision: Decision | null;
}

class CombinedPolicies implements PolicySet {
  readonly id: string;
  readonly digest: string;
  readonly forwardsUnknown: boolean;
  readonly mayNarrow: boolean;
  readonly needsClasses: boolean;
  readonly journal: JournalChoice;
  readonly #policies: readonly CompiledPolicy[];
  readonly #cache = new DecisionCache<Known>();

  constructor(policies: readonly CompiledPolicy[]) {
    this.#policies = [...new Map(policies.map((policy) => [policy.digest, policy])).values()];
    this.id = this.#policies.map((policy) => policy.id).join('+');
    this.digest = this.#policies.map((policy) => policy.digest).join('+');
    this.forwardsUnknown = this.#policies.length > 0 && !this.#policies.some((policy) => policy.restrictsAnything);
    this.needsClasses = this.#policies.some((policy) => policy.needsClasses);
    this.mayNarrow = this.#policies.some((policy) => policy.mayNarrow);
    this.journal = journalChoice(this.#policies.map(({ document }) => document.journal));
  }

  decide(query: Query): Decision {
    const { plans, decision } = this.#known(query);
    return decision ?? decideBy(plans, callInput(query));
  }

  visibility(query: Query): Visibility {
    const { plans, decision } = this.#known(query);
    if (decision !== null) return decision.effect;
    const input = listingInput(query);
    return toVisibility(plans.map((plan) => possibleEffects(plan, input)).reduce(stricter));
  }

  narrow(query: Query): string | null {
    if (query.kind !== 'tool' || !this.mayNarrow) return null;
    const { plans } = this.#known(query);
    const input = listingInput(query);
    const demands = plans.flatMap((plan) => certainRules(plan, input)).map((rule) => rule.arguments);
    return combinedSchema(demands, (schema) => this.#portable(schema));
  }

  /** Every policy that has the schema gives it the same form. */
  #portable(schema: string): string | null {
    return this.#policies.map((policy) => policy.sources.portable(schema)).find((text) => text !== null) ?? null;
  }

  mayHide(kind: TargetKind): boolean {
    return this.#policies.some((policy) => policy.mayHide(kind));
  }

  isOpen(kind: TargetKind): boolean {
    return this.#policies.length > 0 && !this.#policies.some((policy) => policy.restricts(kind, 'enforced') || policy.restricts(kind, 'full'));
  }

  client(feature: ClientFeature): ClientVerdict {
    const [first, ...rest] = this.#policies.map((policy) => policy.judgeClient(feature));
    if (first === undefined) return { ...NO_POLICY, wouldBe: null };
    const verdict = strictest([first.enforced, ...rest.map((judgement) => judgement.enforced)]);
    return { ...verdict, wouldBe: difference(verdict, strictest([first.full, ...rest.map((judgement) => judgement.full)])) };
  }

  /** With classes in the policies two tools of one name may have different rules: the class is part of what is asked. */
  #known(query: Query): Known {
    const toolClass = this.needsClasses && query.kind === 'tool' ? classOf(query.tool ?? null) : null;
    return this.#cache.get(query.kind, query.name, toolClass, this.#find);
  }

  readonly #find = (kind: TargetKind, name: string, toolClass: ToolClass | null): Known => {
    const plans = this.#policies.map((policy) => policy.plan(kind, name, toolClass));
    return { plans, decision: plans.every((plan) => plan.fixed) ? Object.freeze(decideBy(plans, callInput({ kind, name }))) : null };
  };
}

function decideBy(plans: readonly Plan[], input: CelInput): Decision {
  return decisionOf(plans.map((plan) => judgePlan(plan, input)), input);
}

/** What several documents say of one call, put together. */
export function decisionOf(judgements: readonly Judgement[], input: CelInput): Decision {
  const [first, ...rest] = judgements;
  if (first === undefined) return { ...NO_POLICY, limits: [], approval: null, wouldBe: null };
  const alone = rest.length === 0;
  const verdict = alone ? first.enforced : strictest([first.enforced, ...rest.map((judgement) => judgement.enforced)]);
  const full = alone ? first.full : strictest([first.full, ...rest.map((judgement) => judgement.full)]);
  const passes = verdict.effect === 'allow' || verdict.effect === 'require_approval';
  const limits = !passes ? [] : alone ? limitsOf(first, input) : judgements.flatMap((judgement) => limitsOf(judgement, input));
  const approval = verdict.effect === 'require_approval' ? approvalOf(judgements) : null;
  const { effect, code, rule, policyId, reason, wouldPass } = verdict;
  const decision = { effect, code, rule, policyId, reason, limits, approval, wouldBe: difference(verdict, full) };
  return wouldPass === undefined ? decision : { ...decision, wouldPass };
}

function approvalOf(judgements: readonly Judgement[]): ApprovalDemand | null {
  const [first, ...rest] = judgements.flatMap((judgement) => judgement.approval ?? []);
  return first === undefined ? null : strictestDemand([first, ...rest]);
}

const NOTHING: ReadonlySet<Variable> = new Set();
const NO_CALLER: ReadonlySet<Variable> = new Set([...VARYING, 'server', 'grant', 'user']);

/** Resources are read without arguments; the arguments of everything else may be left out, and are then not known. */
export function callInput(query: Query): CelInput {
  const { name, tool = null, context } = query;
  const args = query.kind === 'resource' ? null : query.args;
  return args === undefined ? { name, tool, context, unknown: NOTHING } : { args, name, tool, context, unknown: NOTHING };
}

/** As `callInput`, with everything unknown that a listing does not know. */
export function listingInput(query: Query): CelInput {
  const base = { name: query.name, tool: query.tool ?? null, context: query.context, unknown: query.context === undefined ? NO_CALLER : VARYING };
  return query.kind === 'resource' ? { ...base, args: null, unknown: new Set([...base.unknown].filter((name) => name !== 'args')) } : base;
}
