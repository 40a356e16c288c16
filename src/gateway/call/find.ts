import { errorAnswer, unknownPrompt, unknownResource, unknownTool } from '../../mcp/answers.ts';
import { INTERNAL_ERROR } from '../../mcp/error-codes.ts';
import type { Conversation } from '../conversation.ts';
import type { InFlight } from '../in-flight.ts';
import { recordRefusal } from '../recorder.ts';
import { andThen, type ClientVerdict } from '../verdict.ts';
import { facts } from './facts.ts';
import { withdrawn } from './refuse.ts';
import type { Target } from './target.ts';

/**
 * A tool that the upstream does not list does not exist, whatever the policy would say of its name (policy.md, "Selectors"). The
 * upstream is asked for its list when the name has not been seen yet.
 * @returns the answer to give, or null when the target is there
 */
export function find(conversation: Conversation, call: InFlight, target: Target): ClientVerdict | null | Promise<ClientVerdict | null> {
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
export function absentAnswer(call: InFlight, target: Target): ClientVerdict {
  const bytes = target.kind === 'tool' ? unknownTool(call.id, target.name)
    : target.kind === 'prompt' ? unknownPrompt(call.id, target.name)
    : unknownResource(call.id, call.era, target.name);
  return { do: 'answer', bytes, status: 200 };
}
