import { errorRefusal, toolRefusal, type ApprovalDetail, type RefusalDetail } from '../../mcp/answers.ts';
import { refusalText } from '../../policy/refusal-text.ts';
import type { RefusalCode, Verdict } from '../../policy/types.ts';
import type { LimitRefusal } from '../../state/types.ts';
import type { Conversation } from '../conversation.ts';
import type { InFlight } from '../in-flight.ts';
import { recordRefusal } from '../recorder.ts';
import type { ClientVerdict } from '../verdict.ts';
import { facts, loggedReason } from './facts.ts';
import type { Target } from './target.ts';

/** What a refusal says beyond its code and its rule. */
export interface RefusalExtra {
  readonly limit?: LimitRefusal;
  readonly retryAfterMs?: number;
  readonly approval?: ApprovalDetail;
  /** For the journal, in place of the verdict's reason. */
  readonly note?: string;
}

/** Refuses in the form that the method has for it (protocol.md section 5), and records it before the answer leaves. */
export function refuse(conversation: Conversation, call: InFlight, target: Target, code: RefusalCode, verdict: Verdict, extra: RefusalExtra = {}): ClientVerdict {
  const { limit } = extra;
  const retryAfterMs = limit === undefined ? (extra.retryAfterMs ?? null) : limit.retryAfterMs;
  const decisionId = recordRefusal(conversation, {
    ...facts(call, target), outcome: 'refused', code, rule: verdict.rule, policy: verdict.policyId, reason: extra.note ?? loggedReason(verdict), retryAfterMs,
  });
  call.span?.decided({ outcome: 'refused', kind: target.kind, name: target.name, code, rule: verdict.rule, policy: verdict.policyId, decision: decisionId });
  const detail: RefusalDetail = {
    code, rule: verdict.rule, policy: verdict.policyId, decisionId, retryAfterMs,
    ...(verdict.wouldPass === undefined ? {} : { wouldPass: verdict.wouldPass }),
    approval: extra.approval ?? null,
  };
  const text = refusalText({
    code, kind: target.kind, name: target.name, reason: verdict.reason, rule: verdict.rule, retryAfterMs,
    ...(limit === undefined ? {} : { limit: limit.claim }), approval: detail.approval,
  });
  // A task-augmented call expects a CreateTaskResult, which has no room for a refusal (K1).
  const asTool = call.method === 'tools/call' && (call.era === 'modern' || (call.request.params?.get('task') ?? null) === null);
  const bytes = asTool ? toolRefusal(call.id, call.era, text, detail) : errorRefusal(call.id, text, detail);
  return { do: 'answer', bytes, status: 200 };
}

/** The client took its request back before it was forwarded: nobody is answered, and nothing is executed (N2). */
export function withdrawn(conversation: Conversation, call: InFlight, target: Target): ClientVerdict {
  recordRefusal(conversation, { ...facts(call, target), outcome: 'cancelled', code: null });
  return { do: 'drop', code: 'cancelled', status: 202 };
}
