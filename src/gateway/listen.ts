import { parseMessage, type Notification, type Request } from '../mcp/message.ts';
import { subscriptionKey } from '../mcp/meta.ts';
import { CLIENT_LIMITS } from '../wire/limits.ts';
import { removeElements, splice, type Edit } from '../wire/splice.ts';
import { callContext } from './call/context.ts';
import type { Conversation } from './conversation.ts';
import type { InFlight } from './in-flight.ts';
import { recordRefusal } from './recorder.ts';
import type { ClientVerdict } from './verdict.ts';

/** The member of a subscription's filter that asks for a notification. */
const FILTERS: ReadonlyMap<string, string> = new Map([
  ['notifications/tools/list_changed', 'toolsListChanged'],
  ['notifications/prompts/list_changed', 'promptsListChanged'],
  ['notifications/resources/list_changed', 'resourcesListChanged'],
  ['notifications/resources/updated', 'resourceSubscriptions'],
]);

/** False for a notification that only a subscription may carry, on the stream of a request that has not asked for it (M3). */
export function hasPlace(message: Notification, request: Request): boolean {
  const member = FILTERS.get(message.method);
  if (member === undefined) return true;
  if (request.method !== 'subscriptions/listen' || subscriptionKey(message.params) !== request.idKey) return false;
  const wanted = request.params?.get('notifications')?.get(member) ?? null;
  return wanted !== null && wanted.kind !== 'false' && wanted.kind !== 'null';
}

/**
 * `subscriptions/listen`: targets that the principal may not read and tasks that are not its own are taken out of the filter, and the
 * upstream's acknowledgement then says what is left (M3, L1, K2).
 */
export function judgeListen(conversation: Conversation, call: InFlight): ClientVerdict {
  const filter = call.request.params?.get('notifications') ?? null;
  const edits: Edit[] = [];
  const uris = filter?.get('resourceSubscriptions') ?? null;
  if (uris !== null) {
    const items = uris.elements();
    edits.push(...removeElements(uris, (index) => {
      const uri = items[index]?.text() ?? null;
      const refused = uri === null || call.policies.decide({ kind: 'resource', name: uri, args: null, context: callContext(conversation, call) }).effect !== 'allow';
      if (refused) recordRefusal(conversation, { method: call.method, name: uri, requestId: call.id, outcome: 'refused', code: 'denied', reason: 'subscription to a resource that may not be read' });
      return refused;
    }));
  }
  const tasks = filter?.get('taskIds') ?? null;
  if (tasks !== null) {
    const items = tasks.elements();
    edits.push(...removeElements(tasks, (index) => !conversation.principal.tasks.has(items[index]?.text() ?? '')));
  }
  if (edits.length === 0) return { do: 'forward', message: call.request };
  const bytes = splice(call.request.bytes, edits);
  const parsed = parseMessage(bytes, { ...CLIENT_LIMITS, maxBytes: bytes.length });
  if (parsed.ok) return { do: 'forward', message: parsed.message };
  return { do: 'drop', code: parsed.code, status: 400 };
}
