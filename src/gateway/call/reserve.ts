import { countedName } from '../../policy/resource-uri.ts';
import type { Decision, LimitClaim } from '../../policy/types.ts';
import type { CounterScope, LimitRefusal, ReserveResult } from '../../state/types.ts';
import type { Conversation } from '../conversation.ts';
import type { InFlight } from '../in-flight.ts';
import { journalRow, randomId, recordRefusal } from '../recorder.ts';
import type { ClientVerdict } from '../verdict.ts';
import { facts, origin } from './facts.ts';
import { refuse, withdrawn } from './refuse.ts';
import type { Target } from './target.ts';

/** The approval that a call uses up when it is let through. */
export interface Use {
  readonly id: string;
  readonly digest: string;
  /** What happens when it turns out to be used, withdrawn or expired. */
  readonly lost: () => ClientVerdict | Promise<ClientVerdict>;
}

/** Takes everything that the call needs in one round trip, together with the journal row that proves it was let through. */
export function reserve(conversation: Conversation, call: InFlight, target: Target, decision: Decision, limits: readonly LimitClaim[], use: Use | null = null): ClientVerdict | Promise<ClientVerdict> {
  const entry = randomId();
  const reason = use !== null ? `approval ${use.id}` : call.approval?.continues === true ? 'goes on with the approval that it has used' : null;
  const row = journalRow(conversation, { ...facts(call, target), ...origin(decision), reason, id: entry, outcome: 'forwarded', code: null });
  const scope: CounterScope = {
    server: conversation.principal.server,
    grant: conversation.principal.grant,
    session: conversation.counterSession,
    name: countedName(target.kind, target.name),
  };
  const unavailable = (error: unknown): ClientVerdict => {
    conversation.gateway.log(`state: ${error instanceof Error ? error.message : 'unavailable'}`);
    if (call.cancelled) return withdrawn(conversation, call, target);
    const tolerant = use === null && limits.length > 0 && limits.every((limit) => limit.onStateError === 'allow');
    if (tolerant) {
      try {
        const written = conversation.gateway.state.append(row);
        if (!(written instanceof Promise)) return forward(call, entry);
      } catch {
        // The journal is out of reach as well. A call without its row is never let through.
      }
    }
    return refuse(conversation, call, target, 'state_unavailable', { ...decision, reason: 'the limits and the journal cannot be reached' });
  };
  const admitted = (result: ReserveResult): ClientVerdict | Promise<ClientVerdict> => {
    if (!result.ok) {
      if (call.cancelled) return withdrawn(conversation, call, target);
      if (result.refusal === 'approval') return use === null ? refuse(conversation, call, target, 'approval_expired', decision) : use.lost();
      return refuseLimit(conversation, call, target, result.refusal);
    }
    noteObserved(conversation, call, target, result.observed);
    call.span?.decided({ outcome: 'forwarded', kind: target.kind, name: target.name, code: null, rule: row.rule, policy: row.policy, decision: entry });
    if (call.cancelled) {
      conversation.gateway.state.settle(entry, { outcome: 'cancelled', upstreamStatus: null, latencyMs: performance.now() - call.startedAt, undo: 'all' });
      return { do: 'drop', code: 'cancelled', status: 202 };
    }
    return forward(call, entry);
  };
  let result: ReserveResult | Promise<ReserveResult>;
  try {
    result = conversation.gateway.state.admit(limits, scope, row, ...(use === null ? [] : [{ id: use.id, digest: use.digest }]));
  } catch (error) {
    return unavailable(error);
  }
  return result instanceof Promise ? result.then(admitted, unavailable) : admitted(result);
}

/**
 * Lets a request through that no rule counts, with the row that says so: a method on a task that this principal started. Without its row it
 * is not let through either.
 */
export function forwardRecorded(conversation: Conversation, call: InFlight): ClientVerdict | Promise<ClientVerdict> {
  const target: Target = { kind: 'tool', name: call.name ?? '', args: undefined, use: 'undo' };
  const decision: Decision = { effect: 'allow', code: null, rule: '/default', policyId: call.policies.id, reason: null, limits: [], approval: null, wouldBe: null };
  return reserve(conversation, call, target, decision, []);
}

/** The only place where a governed call gets its verdict to go on. */
function forward(call: InFlight, entry: string): ClientVerdict {
  call.entry = entry;
  call.state = 'forwarded';
  return { do: 'forward', message: call.request };
}

function refuseLimit(conversation: Conversation, call: InFlight, target: Target, limit: LimitRefusal): ClientVerdict {
  const { claim } = limit;
  const code = claim.type === 'budget' ? 'budget_exceeded' : 'rate_limited';
  return refuse(conversation, call, target, code, { effect: 'deny', code: null, rule: claim.rule, policyId: claim.policyId, reason: claim.reason }, { limit });
}

/** A second row for a limit under observation that a let-through call did not fit into. */
function noteObserved(conversation: Conversation, call: InFlight, target: Target, observed: readonly LimitRefusal[]): void {
  for (const { claim, retryAfterMs } of observed) {
    recordRefusal(conversation, {
      method: call.method, name: target.name, requestId: call.id, outcome: 'forwarded', code: null,
      rule: claim.rule, policy: claim.policyId, retryAfterMs, observed: claim.type === 'budget' ? 'would_exceed_budget' : 'would_rate_limit',
    });
  }
}
