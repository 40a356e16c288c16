import type { JsonNode } from '../wire/json-node.ts';
import { META_PREFIX } from './keys.ts';

/** `params._meta`, or null. */
export function metaOf(params: JsonNode | null): JsonNode | null {
  const meta = params?.get('_meta') ?? null;
  return meta?.kind === 'object' ? meta : null;
}

/** What `declaredVersion` returns for a value that is no string: no version has this text. */
export const INVALID_VERSION = 'invalid';

/** The declared protocol version of a modern request (S26 basic#meta); null on legacy traffic. `INVALID_VERSION` when it is not a string. */
export function declaredVersion(params: JsonNode | null): string | null {
  const node = metaOf(params)?.get(`${META_PREFIX}protocolVersion`) ?? null;
  return node === null ? null : (node.text() ?? INVALID_VERSION);
}

/** The progress token as a key that keeps strings and integers apart; null when there is none. */
export function progressTokenKey(params: JsonNode | null): string | null {
  return tokenKey(metaOf(params)?.get('progressToken') ?? null);
}

/** A token (progress token, subscription id) as a key; null when it is neither string nor integer. */
export function tokenKey(node: JsonNode | null): string | null {
  if (node === null) return null;
  const text = node.text();
  if (text !== null) return `s:${text}`;
  const number = node.integer();
  return number === null ? null : `n:${number}`;
}

/** The `clientCapabilities` of a modern request. */
export function clientCapabilities(params: JsonNode | null): JsonNode | null {
  return metaOf(params)?.get(`${META_PREFIX}clientCapabilities`) ?? null;
}

/** Which request's subscription a modern notification belongs to. */
export function subscriptionKey(params: JsonNode | null): string | null {
  return tokenKey(metaOf(params)?.get(`${META_PREFIX}subscriptionId`) ?? null);
}
