import type { ClientVerdict, Verdict } from './types.ts';
import { STRICTNESS } from './document.ts';
import { pointer } from './pointer.ts';

type Allowed = Verdict & { readonly effect: 'allow' };

const OBSERVATION = pointer('mode');

/** The verdict of an observed document: it lets through what it would have refused or held, because of its `mode`. */
export function observed<V extends Verdict>(full: V): V | Allowed {
  return full.effect === 'allow' ? full : { effect: 'allow', code: null, rule: OBSERVATION, policyId: full.policyId, reason: null };
}

/** The strictest verdict; of equals the first, but one that a rule gave before one that only observation gave. Never empty. */
export function strictest<V extends Verdict>(verdicts: readonly [V, ...V[]]): V {
  return verdicts.reduce((best, next) => {
    const difference = STRICTNESS[next.effect] - STRICTNESS[best.effect];
    return difference > 0 || (difference === 0 && best.rule === OBSERVATION && next.rule !== OBSERVATION) ? next : best;
  });
}

/** Null when observation changed nothing that anybody could notice: who allowed does not matter, who refused or asked does. */
export function difference<V extends Verdict>(verdict: V, full: V): V | null {
  if (verdict.effect !== full.effect) return full;
  return verdict.effect === 'allow' || (verdict.rule === full.rule && verdict.policyId === full.policyId) ? null : full;
}

/** A verdict on what the upstream asks of the client. */
export type ClientAnswer = Omit<ClientVerdict, 'wouldBe'>;
