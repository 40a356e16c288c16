import { META_PREFIX } from '../mcp/keys.ts';
import type { Notification } from '../mcp/message.ts';
import { metaOf, subscriptionKey, tokenKey } from '../mcp/meta.ts';
import { listedQuery } from './call/context.ts';
import type { Conversation } from './conversation.ts';
import type { Arrival } from './conversation-options.ts';
import type { UpstreamVerdict } from './verdict.ts';

/** Judges a notification of the upstream: what it is about must be the client's own, and visible to it (N1, N3, N4, K2, L1). */
export function judgeUpstreamNotification(conversation: Conversation, message: Notification, arrival: Arrival): UpstreamVerdict {
  const { method, params } = message;
  const deliver = (requestKey: string | null): UpstreamVerdict => ({ do: 'deliver', bytes: message.bytes, edited: false, requestKey, final: false });
  const subscription = subscriptionKey(params);
  const own = arrival.on === 'request' ? arrival.requestKey : subscription !== null && conversation.inFlight.has(subscription) ? subscription : null;
  switch (method) {
    case 'notifications/progress': {
      const token = tokenKey(params?.get('progressToken') ?? null);
      const call = token === null ? undefined : conversation.open.byProgressToken(token, arrival.on === 'request' ? arrival.requestKey : null);
      if (call !== undefined) return deliver(call.idKey);
      if (token !== null && conversation.principal.tasks.hasProgressToken(token)) return deliver(arrival.on === 'request' ? arrival.requestKey : null);
      return conversation.dropped('unknown_progress_token', method, 'progress for a token that is not in use');
    }
    case 'notifications/cancelled': {
      const key = tokenKey(params?.get('requestId') ?? null);
      const subscribed = key === null ? undefined : conversation.inFlight.get(key);
      if (subscribed?.type?.type === 'listen') {
        // How a server on stdio ends a subscription: nothing more comes for it.
        conversation.inFlight.delete(subscribed.idKey);
        return { do: 'deliver', bytes: message.bytes, edited: false, requestKey: subscribed.idKey, final: true };
      }
      const waiting = key === null ? undefined : conversation.serverRequests.get(key);
      if (key === null || waiting === undefined) return { do: 'drop', code: 'cancel_ignored' };
      conversation.serverRequests.delete(key);
      return deliver(waiting.requestKey);
    }
    case 'notifications/tools/list_changed':
      conversation.directory.forget();
      return deliver(own);
    case 'notifications/resources/updated': {
      const uri = params?.get('uri')?.text() ?? null;
      if (uri === null || conversation.principal.policies.visibility(listedQuery(conversation, 'resource', uri, null)) === 'hide') return { do: 'drop', code: 'hidden' };
      return deliver(own);
    }
    case 'notifications/tasks':
    case 'notifications/tasks/status': {
      const task = params?.get('taskId')?.text() ?? params?.get('task')?.get('taskId')?.text() ?? null;
      if (task === null || !conversation.principal.tasks.has(task)) return conversation.dropped('foreign_task', method, 'a task that this principal did not start');
      return deliver(own);
    }
    case 'notifications/prompts/list_changed':
    case 'notifications/resources/list_changed':
      return deliver(own);
    default: {
      const task = metaOf(params)?.get(`${META_PREFIX}related-task`)?.get('taskId')?.text() ?? null;
      if (task !== null && !conversation.principal.tasks.has(task)) return conversation.dropped('foreign_task', method, 'a task that this principal did not start');
      return deliver(own ?? (conversation.stateful ? conversation.relatedTo(arrival) : null));
    }
  }
}
