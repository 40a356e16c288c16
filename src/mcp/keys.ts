/**
 * Keys that some parser would take for another key (protocol.md J4): Go's encoding/json folds case, U+017F and U+212A; C strings
 * end at NUL; people cannot see zero-width characters. We match exactly, and refuse what only nearly matches.
 */

import { nfkc } from '../wire/nfkc.ts';

/** A set of names together with what they fold to. */
export interface KnownKeys {
  readonly exact: ReadonlySet<string>;
  readonly folded: ReadonlySet<string>;
}

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zs}]/gu;

/**
 * NFKC, then case folding in both directions (so that U+0131 and U+017F fold too), without control, format and space characters. Linear
 * in the length of the key, which is that of a message.
 */
export function foldKey(key: string): string {
  // Before: what is not seen must not keep marks apart. After: compatibility forms of other characters hold spaces.
  return nfkc(key.replace(INVISIBLE, '')).replace(INVISIBLE, '').toUpperCase().toLowerCase();
}

/** Prepares a set of names for `confusableKey`. */
export function knownKeys(names: Iterable<string>): KnownKeys {
  const exact = new Set(names);
  return { exact, folded: new Set([...exact].map(foldKey)) };
}

/** True when `key` is none of the names, but some lax parser could read it as one of them. */
export function confusableKey(key: string, known: KnownKeys): boolean {
  return !known.exact.has(key) && known.folded.has(foldKey(key));
}

export const ENVELOPE_KEYS: KnownKeys = knownKeys(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);

/** Members of `params` that a known method gives a meaning, all revisions together. */
export const PARAMS_KEYS: KnownKeys = knownKeys([
  '_meta', 'name', 'arguments', 'task', 'uri', 'cursor', 'ref', 'argument', 'context', 'taskId', 'inputResponses', 'requestState',
  'notifications', 'protocolVersion', 'capabilities', 'clientInfo', 'level', 'progressToken', 'progress', 'total', 'message',
  'requestId', 'reason', 'messages', 'requestedSchema', 'mode', 'url', 'elicitationId', 'tools', 'toolChoice',
]);

export const META_PREFIX = 'io.modelcontextprotocol/';

/** Reserved members of `params._meta`. */
export const META_KEYS: KnownKeys = knownKeys([
  'progressToken',
  ...['protocolVersion', 'clientCapabilities', 'clientInfo', 'logLevel', 'related-task', 'subscriptionId', 'serverInfo'].map((name) => META_PREFIX + name),
]);

export const REF_KEYS: KnownKeys = knownKeys(['type', 'name', 'uri']);
export const TASK_KEYS: KnownKeys = knownKeys(['ttl', 'taskId']);
export const LISTEN_KEYS: KnownKeys = knownKeys([
  'toolsListChanged', 'promptsListChanged', 'resourcesListChanged', 'resourceSubscriptions', 'taskIds',
]);
