import type { Conversation } from './conversation.ts';
import { decide, lookalikeArgument } from './call/decide.ts';
import { facts, origin } from './call/facts.ts';
import { absentAnswer, find } from './call/find.ts';
import { refuse, withdrawn } from './call/refuse.ts';
import { reserve } from './call/reserve.ts';
import { identify, type Target } from './call/target.ts';
import type { InFlight } from './in-flight.ts';
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
  return andThen(find(conversation, call, target), (absent) => {
    if (absent !== null) return absent;
    if (call.cancelled) return withdrawn(conversation, call, target);
    return decideAndReserve(conversation, call, target);
  });
}

function decideAndReserve(conversation: Conversation, call: InFlight, target: Target): ClientVerdict | Promise<ClientVerdict> {
  const decision = decide(conversation, call, target);
  if (decision.effect === 'hide') {
    recordRefusal(conversation, { ...facts(call, target), ...origin(decision), outcome: 'refused', code: 'hidden' });
    return absentAnswer(call, target);
  }
  if (decision.effect === 'deny') return refuse(conversation, call, target, decision.code ?? 'denied', decision);
  const lookalike = lookalikeArgument(conversation, target);
  if (lookalike !== null) return refuse(conversation, call, target, 'invalid_arguments', { effect: 'deny', code: 'invalid_arguments', rule: decision.rule, policyId: decision.policyId, reason: lookalike });
  if (target.use === 'undo') return reserve(conversation, call, target, decision, []);
  if (target.use === 'complete') {
    // A completion is no act that somebody could approve, and it must not tell what the act itself would.
    if (decision.effect === 'require_approval') return refuse(conversation, call, target, 'denied', decision);
    return reserve(conversation, call, target, decision, []);
  }
  if (decision.effect === 'require_approval') return refuse(conversation, call, target, 'policy_error', decision);
  return reserve(conversation, call, target, decision, decision.limits);
}
