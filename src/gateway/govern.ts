import { allowsInputRequired } from '../mcp/methods.ts';
import type { Decision } from '../policy/types.ts';
import type { Conversation } from './conversation.ts';
import { decide, lookalikeArgument } from './call/decide.ts';
import { facts, origin } from './call/facts.ts';
import { absentAnswer, find } from './call/find.ts';
import { refuse, withdrawn } from './call/refuse.ts';
import { reserve } from './call/reserve.ts';
import { identify, type Target } from './call/target.ts';
import type { InFlight } from './in-flight.ts';
import type { DriftRefusal } from './pins/pin-notes.ts';
import { recordRefusal } from './recorder.ts';
import { andThen, type ClientVerdict } from './verdict.ts';

/**
 * The one path of every governed call (architecture, "One call"):
 * parse -> identify -> find the tool -> decide -> (approve) -> reserve -> forward -> settle -> record.
 *
 * Parsing is done when a call arrives here, forwarding and settling follow in the conversation; nothing reaches an upstream
 * under a governed method except by an `{ do: 'forward' }` that this function returned.
 */
export function govern(conversation: Conversation, call: InFlight): ClientVerdict | Promise<ClientVerdict> {
  const opening = conversation.gateway.ready();
  return opening === null ? governNow(conversation, call) : opening.then(() => governNow(conversation, call));
}

function governNow(conversation: Conversation, call: InFlight): ClientVerdict | Promise<ClientVerdict> {
  const target = identify(call);
  if ('do' in target) {
    recordRefusal(conversation, { ...facts(call, null), outcome: 'rejected', code: 'invalid_params' });
    return target;
  }
  call.name = target.name;
  return judgeTarget(conversation, call, target, bringsInput(call) ? takeBack : null);
}

type Step = (conversation: Conversation, call: InFlight, target: Target) => void | Promise<void>;

/** @param first what is done once the target is known, before it is decided */
function judgeTarget(conversation: Conversation, call: InFlight, target: Target, first: Step | null): ClientVerdict | Promise<ClientVerdict> {
  // Before the tool is looked for: from there on to the decision nothing is waited for, so its class is that of its definition of now.
  const classes = target.kind === 'tool' ? conversation.gateway.classifier.readyFor(call.policies) : null;
  if (classes !== null) return classes.then(() => judgeTarget(conversation, call, target, first));
  const pins = target.kind === 'tool' ? conversation.gateway.pins.ready() : null;
  if (pins !== null) return pins.then(() => judgeTarget(conversation, call, target, first));
  return andThen(find(conversation, call, target), (absent) => {
    if (absent !== null) return absent;
    return andThen(first === null ? undefined : first(conversation, call, target), () => {
      if (call.cancelled) return withdrawn(conversation, call, target);
      return decideAndReserve(conversation, call, target);
    });
  });
}

/** A retry after an `InputRequiredResult`, of the upstream or of ours. It is judged like a first call (M6). */
function bringsInput(call: InFlight): boolean {
  if (call.era !== 'modern' || !allowsInputRequired(call.method)) return false;
  const { params } = call.request;
  return (params?.get('requestState') ?? params?.get('inputResponses') ?? null) !== null;
}

async function takeBack(conversation: Conversation, call: InFlight, target: Target): Promise<void> {
  const module = await import('./approvals/input-required.ts');
  module.takeBack(conversation, call, target);
}

function decideAndReserve(conversation: Conversation, call: InFlight, target: Target): ClientVerdict | Promise<ClientVerdict> {
  const decision = decide(conversation, call, target);
  if (decision.effect === 'hide') {
    const id = recordRefusal(conversation, { ...facts(call, target), ...origin(decision), outcome: 'refused', code: 'hidden' });
    call.span?.decided({ outcome: 'refused', kind: target.kind, name: target.name, code: 'hidden', rule: decision.rule, policy: decision.policyId, decision: id });
    return absentAnswer(call, target);
  }
  if (decision.effect === 'deny') return refuse(conversation, call, target, decision.code ?? 'denied', decision);
  const drift = driftOf(conversation, target);
  // Before anybody is asked for an approval: what nobody may see yet, nobody should be asked about.
  if (drift !== null) return refuse(conversation, call, target, drift.code, { effect: 'deny', code: null, rule: '/drift', policyId: decision.policyId, reason: drift.reason });
  const lookalike = lookalikeArgument(conversation, target);
  if (lookalike !== null) return refuse(conversation, call, target, 'invalid_arguments', { effect: 'deny', code: 'invalid_arguments', rule: decision.rule, policyId: decision.policyId, reason: lookalike });
  if (target.use === 'undo') return reserve(conversation, call, target, decision, []);
  if (target.use === 'complete') {
    // A completion is no act that somebody could approve, and it must not tell what the act itself would.
    if (decision.effect === 'require_approval') return refuse(conversation, call, target, 'denied', decision);
    return reserve(conversation, call, target, decision, []);
  }
  // The retry of a call that was let through once, after its upstream had asked for input, is still that call: it is counted once.
  if (call.approval?.continues === true) return reserve(conversation, call, target, decision, []);
  if (decision.effect === 'require_approval') return askFirst(conversation, call, target, decision);
  return reserve(conversation, call, target, decision, decision.limits);
}

/** Why the definition that is listed now is kept back (L7, attack 47); null when it is not. */
function driftOf(conversation: Conversation, target: Target): DriftRefusal | null {
  const tool = target.kind === 'tool' ? conversation.directory.get(target.name) : null;
  return tool === null ? null : conversation.gateway.pins.refusal(conversation, tool);
}

/** Loaded with the first call that needs it: most policies ask for no approval. */
async function askFirst(conversation: Conversation, call: InFlight, target: Target, decision: Decision): Promise<ClientVerdict> {
  const { approve } = await import('./approvals/approve.ts');
  if (call.cancelled) return withdrawn(conversation, call, target);
  return approve(conversation, call, target, decision, () => judgeTarget(conversation, call, target, null));
}
