import type { JsonNode } from '../../wire/json-node.ts';
import { editObject } from '../../wire/splice.ts';
import type { Notification } from '../message.ts';
import { metaOf } from '../meta.ts';
import { edited, editedText, toNotification } from './build.ts';
import { offers } from './capabilities.ts';
import { SUBSCRIPTION_KEY } from './meta-keys.ts';

/** Which changes a `subscriptions/listen` asks for (S26 subscriptions). */
export interface ListenFilter {
  readonly tools: boolean;
  readonly prompts: boolean;
  readonly resources: boolean;
  readonly uris: readonly string[];
}

/** More subscriptions than this on one stream are cut off; the acknowledgement says so. */
export const MAX_URIS = 1_000;

/** Reads `params.notifications`; null when it is missing or malformed. */
export function readFilter(node: JsonNode | null): ListenFilter | null {
  if (node === null || node.kind !== 'object') return null;
  const uris = (node.get('resourceSubscriptions')?.elements() ?? []).map((uri) => uri.text());
  if (uris.includes(null)) return null;
  return {
    tools: node.get('toolsListChanged')?.kind === 'true',
    prompts: node.get('promptsListChanged')?.kind === 'true',
    resources: node.get('resourcesListChanged')?.kind === 'true',
    uris: [...new Set(uris as string[])].slice(0, MAX_URIS),
  };
}

/** The part of a filter that a server with these capabilities can serve. */
export function honoured(filter: ListenFilter, capabilities: JsonNode | null): ListenFilter {
  return {
    tools: filter.tools && offers(capabilities, 'tools', 'listChanged'),
    prompts: filter.prompts && offers(capabilities, 'prompts', 'listChanged'),
    resources: filter.resources && offers(capabilities, 'resources', 'listChanged'),
    uris: offers(capabilities, 'resources', 'subscribe') ? filter.uris : [],
  };
}

/** A filter as the text of `params.notifications`. */
export function filterText(filter: ListenFilter): string {
  return JSON.stringify({
    ...(filter.tools ? { toolsListChanged: true } : {}),
    ...(filter.prompts ? { promptsListChanged: true } : {}),
    ...(filter.resources ? { resourcesListChanged: true } : {}),
    ...(filter.uris.length > 0 ? { resourceSubscriptions: filter.uris } : {}),
  });
}

/** True when a filter asks for nothing at all. */
export function isIdle(filter: ListenFilter): boolean {
  return !filter.tools && !filter.prompts && !filter.resources && filter.uris.length === 0;
}

/** The notification that opens a stream. @param id JSON text of the id of the listen request */
export function acknowledged(filter: ListenFilter, id: string): Notification {
  return toNotification('notifications/subscriptions/acknowledged', `{"notifications":${filterText(filter)},"_meta":{${JSON.stringify(SUBSCRIPTION_KEY)}:${id}}}`);
}

/** Whether a change that a legacy server announced belongs on a stream with this filter. */
export function wants(filter: ListenFilter, message: Notification): boolean {
  switch (message.method) {
    case 'notifications/tools/list_changed': return filter.tools;
    case 'notifications/prompts/list_changed': return filter.prompts;
    case 'notifications/resources/list_changed': return filter.resources;
    case 'notifications/resources/updated': {
      const uri = message.params?.get('uri')?.text() ?? null;
      // S25: the URI may be that of a part of what was subscribed to.
      return uri !== null && filter.uris.some((wanted) => uri === wanted || uri.startsWith(wanted.endsWith('/') ? wanted : `${wanted}/`));
    }
    default: return false;
  }
}

/** True for the notifications that a modern server sends on listen streams only. */
export function isChange(method: string): boolean {
  return method === 'notifications/resources/updated' || method === 'notifications/tools/list_changed'
    || method === 'notifications/prompts/list_changed' || method === 'notifications/resources/list_changed';
}

/** A change as it goes out on the listen stream of this id (JSON text). */
export function stamped(message: Notification, id: string): Notification {
  const { root, params } = message;
  const stamp = new Map([[SUBSCRIPTION_KEY, id]]);
  const meta = metaOf(params);
  if (meta !== null) return edited(message, editObject(meta, stamp));
  const json = `{${JSON.stringify(SUBSCRIPTION_KEY)}:${id}}`;
  if (params !== null) return edited(message, editObject(params, new Map([['_meta', json]])));
  return edited(message, editObject(root, new Map([['params', `{"_meta":${json}}`]])));
}

/** A change without the stamp of the stream that it came on. */
export function unstamped(message: Notification): Notification {
  const { params } = message;
  const meta = metaOf(params);
  if (params === null || meta === null || meta.get(SUBSCRIPTION_KEY) === null) return message;
  const rest = editedText(meta, editObject(meta, new Map([[SUBSCRIPTION_KEY, null]])));
  return edited(message, editObject(params, new Map([['_meta', meta.members().length === 1 ? null : rest]])));
}
