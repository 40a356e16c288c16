import type { Verdict } from '../../policy/types.ts';
import type { InFlight } from '../in-flight.ts';
import type { RowFacts } from '../recorder.ts';
import type { Target } from './target.ts';

/** The facts that every row about this call shares. */
export function facts(call: InFlight, target: Target | null): Pick<RowFacts, 'method' | 'name' | 'requestId' | 'arguments' | 'observed' | 'latencyMs'> {
  return { method: call.method, name: target?.name ?? call.name, requestId: call.id, arguments: target?.args ?? null, observed: call.observed, latencyMs: null };
}

/** Which rule of which policy a row is about. */
export function origin(verdict: Verdict): Pick<RowFacts, 'rule' | 'policy' | 'reason'> {
  return { rule: verdict.rule, policy: verdict.policyId, reason: verdict.effect === 'allow' ? null : loggedReason(verdict) };
}

/** The reason as the journal may keep it: what is said about arguments is for the agent, and may repeat what it sent. */
export function loggedReason(verdict: Verdict): string | null {
  return verdict.code === 'invalid_arguments' ? null : verdict.reason;
}

/** What a row says when an observed rule would have decided otherwise. */
export function observation(wouldBe: Verdict | null): string | null {
  return wouldBe === null ? null : `would_${wouldBe.effect}`;
}
