import type { CallContext, Query, TargetKind, ToolFacts } from '../../policy/types.ts';
import { identityOf } from '../client-identity.ts';
import type { Conversation } from '../conversation.ts';
import type { InFlight } from '../in-flight.ts';

/** Whose call it is, for the policy's conditions. */
export function callContext(conversation: Conversation, call: InFlight): CallContext {
  const { name, version } = identityOf(call.request, call.era, conversation.identity);
  return contextWith(conversation, { name, version }, conversation.session, conversation.user);
}

/**
 * What a listing asks of the policy about one item. The visible set must not vary by session, time or what the client says of itself
 * (protocol.md L4), so none of them is told.
 */
export function listedQuery(conversation: Conversation, kind: TargetKind, name: string, tool: ToolFacts | null): Query {
  return { kind, name, tool, context: contextWith(conversation, { name: null, version: null }, null, null) };
}

function contextWith(conversation: Conversation, client: CallContext['client'], session: string | null, user: CallContext['user']): CallContext {
  const { principal, gateway } = conversation;
  return { server: principal.server, grant: { label: principal.grant, tags: principal.tags }, user, client, session, now: gateway.now() };
}
