import type { ClientFeature, ClientVerdict, Decision, PolicySet, Query, TargetKind, Verdict, Visibility } from './types.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { strictest } from './compiled-policy.ts';
import { DecisionCache } from './decision-cache.ts';

/** What a grant without a policy answers: it can call nothing (product.md, "gateway.yaml"). */
const NO_POLICY: Verdict & { readonly effect: 'deny' } = Object.freeze({
  effect: 'deny',
  code: 'default_denied',
  rule: '/default',
  policyId: '',
  reason: 'no policy is attached to this grant',
});

/**
 * Puts the policies of one grant together: the strictest action wins and limits add up (policy.md, "Selectors, and which rule
 * decides"). The same document given twice counts once. Without policies everything is refused.
 */
export function combine(policies: readonly CompiledPolicy[]): PolicySet {
  return new CombinedPolicies(policies);
}

class CombinedPolicies implements PolicySet {
  readonly id: string;
  readonly forwardsUnknown: boolean;
  readonly #policies: readonly CompiledPolicy[];
  readonly #cache = new DecisionCache();

  constructor(policies: readonly CompiledPolicy[]) {
    this.#policies = [...new Map(policies.map((policy) => [policy.id, policy])).values()];
    this.id = this.#policies.map((policy) => policy.id).join('+');
    this.forwardsUnknown = this.#policies.length > 0 && !this.#policies.some((policy) => policy.restrictsAnything);
  }

  decide(query: Query): Decision {
    return this.#cache.get(query, this.#decide);
  }

  visibility(query: Query): Visibility {
    return this.decide(query).effect;
  }

  narrow(_query: Query): string | null {
    return null;
  }

  get mayNarrow(): boolean {
    return false;
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

  readonly #decide = (query: Query): Decision => {
    const judgements = this.#policies.map((policy) => policy.judge(query));
    const [first, ...rest] = judgements;
    if (first === undefined) return Object.freeze({ ...NO_POLICY, limits: [], approval: null, wouldBe: null });
    const verdict = strictest([first.enforced, ...rest.map((judgement) => judgement.enforced)]);
    const full = strictest([first.full, ...rest.map((judgement) => judgement.full)]);
    const limits = verdict.effect === 'allow' ? judgements.flatMap((judgement) => judgement.limits) : [];
    return Object.freeze({ ...verdict, limits, approval: null, wouldBe: difference(verdict, full) });
  };
}

/** Null when observation changed nothing that anybody could notice: who allowed does not matter, who refused does. */
function difference<V extends Verdict>(verdict: V, full: V): V | null {
  if (verdict.effect !== full.effect) return full;
  return verdict.effect === 'allow' || (verdict.rule === full.rule && verdict.policyId === full.policyId) ? null : full;
}
