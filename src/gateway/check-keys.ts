import type { JsonNode } from '../wire/json-node.ts';
import { confusableKey, LISTEN_KEYS, META_KEYS, PARAMS_KEYS, REF_KEYS, TASK_KEYS, type KnownKeys } from '../mcp/keys.ts';

function firstConfusable(node: JsonNode | null, known: KnownKeys): string | null {
  for (const member of node?.members() ?? []) if (confusableKey(member.key, known)) return member.key;
  return null;
}

/**
 * Looks for keys in the protocol-level objects of a known method that a lax parser would read as another key (J4).
 * @returns a text that says where, or null when there is none
 */
export function checkKeys(method: string, params: JsonNode | null): string | null {
  if (params === null) return null;
  if (firstConfusable(params, PARAMS_KEYS) !== null) return 'a member of params differs from a protocol member only by case or invisible characters';
  if (firstConfusable(params.get('_meta'), META_KEYS) !== null) return 'a member of params._meta differs from a reserved one only by case or invisible characters';
  if (method === 'completion/complete' && firstConfusable(params.get('ref'), REF_KEYS) !== null) return 'a member of params.ref differs from a protocol member only by case or invisible characters';
  if (method === 'tools/call' && firstConfusable(params.get('task'), TASK_KEYS) !== null) return 'a member of params.task differs from a protocol member only by case or invisible characters';
  if (method === 'subscriptions/listen' && firstConfusable(params.get('notifications'), LISTEN_KEYS) !== null) return 'a member of params.notifications differs from a protocol member only by case or invisible characters';
  return null;
}
