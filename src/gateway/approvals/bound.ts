import type { Conversation } from '../conversation.ts';
import type { Target } from '../call/target.ts';
import type { InFlight } from '../in-flight.ts';
import { callDigest, type Bound } from './digest.ts';

/** The digest of a call as it stands now: under its policies, for the definition that the upstream lists now. */
export function digestNow(conversation: Conversation, call: InFlight, target: Target, input: 'with-input' | 'without-input'): string | null {
  const bound: Bound = {
    server: conversation.principal.server,
    kind: target.kind,
    name: target.name,
    definition: target.kind === 'tool' ? (conversation.directory.get(target.name)?.definitionHash ?? null) : null,
    policies: call.policies.digest,
    principal: conversation.principal.grant,
    caller: call.caller,
    upstream: conversation.gateway.upstream,
  };
  return callDigest(call.request, bound, input);
}
