import { INTERNAL_ERROR, INVALID_PARAMS } from '../mcp/error-codes.ts';
import { errorAnswer, errorRefusal, toolRefusal, unknownPrompt, unknownResource, unknownTool, type RefusalDetail } from '../mcp/answers.ts';
import { confusableKey } from '../mcp/keys.ts';
import type { JsonNode } from '../wire/json-node.ts';
import type { Decision, RefusalCode, TargetKind, Verdict } from '../policy/types.ts';
import { refusalText } from '../policy/refusal-text.ts';
import type { CounterScope, LimitRefusal, ReserveResult } from '../state/types.ts';
import type { Conversation } from './conversation.ts';
import type { InFlight } from './in-flight.ts';
import { journalRow, randomId, recordRefusal, type RowFacts } from './recorder.ts';
import { andThen, type ClientVerdict } from './verdict.ts';

/**
 * The one path of every governed call (architecture, "One call"):
 * parse -> identify -> find the tool -> decide -> reserve -> forward -> settle -> record.
 *
 * Parsing is done when a call arrives here, forwarding and settling follow in the conversation; nothing reaches an upstream
 * under a governed method except by an `{ do: 'forward' }` that this function returned.
 */
export function govern(conversation: Conversation, call: InFlight): ClientVerdict | Promise<ClientVerdict> {
  const opening = conversation.gateway.ready();
  return opening === null ? governNow(conversation, call) : opening.then(() => governNow(conversation, call));
}

function governNow(conversation: Conversation, call: InFlight): ClientVerdict | Promise<ClientVerdict> {
  const identified = identify(call);
  if ('do' in identified) {
    recordRefusal(conversation, { ...facts(call, null), outcome: 'rejected', code: 'invalid_params' });
    return identified;
  }
  call.name = identified.name;
  return andThen(find(conversation, call, identified), (absent) => {
    if (absent !== null) return absent;
    if (call.cancelled) return withdrawn(conversation, call, identified);
    return decideAndReserve(conversation, call, identified);
  });
}

interface Target {
  readonly kind: TargetKind;
  readonly name: string;
  /** `arguments`, where the method has them. */
  readonly args: JsonNode | null;
  /** False for `resources/unsubscribe`, which a limit does not count. */
  readonly counts: boolean;
}

function invalidParams(call: InFlight, text: string): ClientVerdict {
  return { do: 'answer', bytes: errorAnswer(call.id, INVALID_PARAMS, text), status: 200 };
}

/** Reads what the call is about. No coercion: a name that is not a string matches nothing (attack 6). */
function identify(call: InFlight): Target | ClientVerdict {
  const params = call.request.params;
  if (call.type?.type === 'complete') {
    const ref = params?.get('ref') ?? null;
    const type = ref?.get('type')?.text() ?? null;
    const kind: TargetKind | null = type === 'ref/prompt' ? 'prompt' : type === 'ref/resource' ? 'resource' : null;
    const name = ref?.get(kind === 'resource' ? 'uri' : 'name')?.text() ?? null;
    if (kind === null || name === null) return invalidParams(call, 'Invalid params: ref must name a prompt or a resource');
    return { kind, name, args: null, counts: false };
  }
  if (call.type?.type !== 'governed') return invalidParams(call, 'Invalid params');
  const { kind, key, counts } = call.type;
  const name = params?.get(key)?.text() ?? null;
  if (name === null) return invalidParams(call, `Invalid params: ${key} must be a string`);
  const args = params?.get('arguments') ?? null;
  if (args !== null && args.kind !== 'object') return invalidParams(call, 'Invalid params: arguments must be an object');
  return { kind, name, args, counts };
}

/**
 * A tool that the upstream does not list does not exist, whatever the policy would say of its name (policy.md, "Selectors"). The
 * upstream is asked for its list when the name has not been seen yet.
 * @returns the answer to give, or null when the target is there
 */
function find(conversation: Conversation, call: InFlight, target: Target): ClientVerdict | null | Promise<ClientVerdict | null> {
  if (target.kind !== 'tool') return null;
  const { directory } = conversation;
  if (directory.get(target.name) !== null) return null;
  return andThen(conversation.learnTools(call.request, target.name), (learned) => {
    if (call.cancelled) return withdrawn(conversation, call, target);
    if (learned !== 'ok') {
      recordRefusal(conversation, { ...facts(call, target), outcome: 'refused', code: 'policy_error', reason: `the tool list could not be read: ${learned}` });
      return { do: 'answer', bytes: errorAnswer(call.id, INTERNAL_ERROR, `Refused: the upstream's tool list could not be read (${learned})`), status: 200 };
    }
    if (directory.get(target.name) !== null) return null;
    recordRefusal(conversation, { ...facts(call, target), outcome: 'refused', code: 'unknown_tool' });
    return absentAnswer(call, target);
  });
}

/** The bytes that something hidden and something that does not exist have in common. */
function absentAnswer(call: InFlight, target: Target): ClientVerdict {
  const bytes = target.kind === 'tool' ? unknownTool(call.id, target.name)
    : target.kind === 'prompt' ? unknownPrompt(call.id, target.name)
    : unknownResource(call.id, call.era, target.name);
  return { do: 'answer', bytes, status: 200 };
}

function decideAndReserve(conversation: Conversation, call: InFlight, target: Target): ClientVerdict | Promise<ClientVerdict> {
  const decision = call.policies.decide({ kind: target.kind, name: target.name });
  if (decision.effect === 'hide') {
    recordRefusal(conversation, { ...facts(call, target), ...origin(decision), outcome: 'refused', code: 'hidden' });
    return absentAnswer(call, target);
  }
  if (decision.effect === 'deny') return refuse(conversation, call, target, decision.code ?? 'denied', decision, null);

  if (target.kind === 'tool' && target.args !== null) {
    const known = conversation.directory.get(target.name)?.arguments ?? null;
    const lookalike = known === null ? undefined : target.args.members().find((member) => confusableKey(member.key, known));
    if (lookalike !== undefined) {
      const reason = `an argument differs from the declared one only by case or invisible characters: ${JSON.stringify(lookalike.key)}`;
      return refuse(conversation, call, target, 'invalid_arguments', { ...decision, reason }, null);
    }
  }
  if (!target.counts && target.kind !== 'tool') return forward(call, null);
  return reserve(conversation, call, target, decision);
}

/** Takes everything that the call needs in one round trip, together with the journal row that proves it was let through. */
function reserve(conversation: Conversation, call: InFlight, target: Target, decision: Decision): ClientVerdict | Promise<ClientVerdict> {
  const entry = randomId();
  const row = journalRow(conversation, { ...facts(call, target), ...origin(decision), id: entry, outcome: 'forwarded', code: null, observed: observation(decision.wouldBe) });
  const scope: CounterScope = {
    server: conversation.principal.server,
    grant: conversation.principal.grant,
    session: conversation.counterSession,
    name: target.name,
  };
  const unavailable = (error: unknown): ClientVerdict => {
    conversation.gateway.log(`state: ${error instanceof Error ? error.message : 'unavailable'}`);
    const tolerant = decision.limits.length > 0 && decision.limits.every((limit) => limit.onStateError === 'allow');
    if (tolerant) {
      try {
        const written = conversation.gateway.state.append(row);
        if (!(written instanceof Promise)) return forward(call, entry);
      } catch {
        // The journal is out of reach as well. A call without its row is never let through.
      }
    }
    return refuse(conversation, call, target, 'state_unavailable', { ...decision, reason: 'the limits and the journal cannot be reached' }, null);
  };
  const admitted = (result: ReserveResult): ClientVerdict => {
    if (!result.ok && result.refusal === 'approval') return refuse(conversation, call, target, 'approval_expired', decision, null);
    if (!result.ok) return refuse(conversation, call, target, 'rate_limited', fromLimit(result.refusal), result.refusal);
    if (result.observed.length > 0) noteObserved(conversation, call, target, result.observed);
    if (call.cancelled) {
      conversation.gateway.state.settle(entry, { outcome: 'cancelled', upstreamStatus: null, latencyMs: performance.now() - call.startedAt, undo: 'all' });
      return { do: 'drop', code: 'cancelled', status: 202 };
    }
    return forward(call, entry);
  };
  let result: ReserveResult | Promise<ReserveResult>;
  try {
    result = conversation.gateway.state.admit(decision.limits, scope, row);
  } catch (error) {
    return unavailable(error);
  }
  return result instanceof Promise ? result.then(admitted, unavailable) : admitted(result);
}

function forward(call: InFlight, entry: string | null): ClientVerdict {
  call.entry = entry;
  call.state = 'forwarded';
  return { do: 'forward', message: call.request };
}

function withdrawn(conversation: Conversation, call: InFlight, target: Target): ClientVerdict {
  recordRefusal(conversation, { ...facts(call, target), outcome: 'cancelled', code: null });
  return { do: 'drop', code: 'cancelled', status: 202 };
}

/** The facts that every row about this call shares. */
function facts(call: InFlight, target: Target | null): Pick<RowFacts, 'method' | 'name' | 'requestId' | 'arguments' | 'latencyMs'> {
  return { method: call.method, name: target?.name ?? null, requestId: call.id, arguments: target?.args ?? null, latencyMs: null };
}

function origin(verdict: Verdict): Pick<RowFacts, 'rule' | 'policy' | 'reason'> {
  return { rule: verdict.rule, policy: verdict.policyId, reason: verdict.effect === 'allow' ? null : verdict.reason };
}

/** What a row says when an observed rule would have decided otherwise. */
function observation(wouldBe: Verdict | null): string | null {
  if (wouldBe === null) return null;
  return `would_${wouldBe.effect}`;
}

function fromLimit(refusal: LimitRefusal): Verdict {
  return { effect: 'deny', code: null, rule: refusal.claim.rule, policyId: refusal.claim.policyId, reason: refusal.claim.reason };
}

/** A second row for a limit under observation that a let-through call did not fit into. */
function noteObserved(conversation: Conversation, call: InFlight, target: Target, observed: readonly LimitRefusal[]): void {
  for (const { claim, retryAfterMs } of observed) {
    recordRefusal(conversation, {
      method: call.method, name: target.name, requestId: call.id, outcome: 'forwarded', code: null,
      rule: claim.rule, policy: claim.policyId, retryAfterMs, observed: 'would_rate_limit',
    });
  }
}

/** Refuses in the form that the method has for it (protocol.md section 5), and records it before the answer leaves. */
function refuse(conversation: Conversation, call: InFlight, target: Target, code: RefusalCode, verdict: Verdict, limit: LimitRefusal | null): ClientVerdict {
  const retryAfterMs = limit?.retryAfterMs ?? null;
  const decisionId = recordRefusal(conversation, {
    ...facts(call, target), outcome: 'refused', code, rule: verdict.rule, policy: verdict.policyId, reason: verdict.reason, retryAfterMs,
  });
  const detail: RefusalDetail = { code, rule: verdict.rule, policy: verdict.policyId, decisionId, retryAfterMs, approval: null };
  const text = refusalText({
    code, kind: target.kind, name: target.name, reason: verdict.reason, rule: verdict.rule, retryAfterMs,
    ...(limit === null ? {} : { limit: limit.claim }),
  });
  // A task-augmented call expects a CreateTaskResult, which has no room for a refusal (K1).
  const asTool = call.method === 'tools/call' && (call.era === 'modern' || (call.request.params?.get('task') ?? null) === null);
  const bytes = asTool ? toolRefusal(call.id, call.era, text, detail) : errorRefusal(call.id, text, detail);
  return { do: 'answer', bytes, status: 200 };
}
