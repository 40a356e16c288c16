import { confusableKey, knownKeys } from '../../mcp/keys.ts';
import { CLIENT_LIMITS } from '../../wire/limits.ts';
import { scan } from '../../wire/scan.ts';
import { isUtf8Charset, mediaType, type Head } from './head.ts';

/**
 * What passes beside the MCP endpoint of an edge listener: discovery documents, the usual OAuth endpoints, and what discovery has named.
 * Everything else is refused, because a server may answer MCP under a second spelling of its path, or under every path, and no rule
 * would see it.
 */
const DOCUMENTS = /^\/\.well-known\/[A-Za-z0-9._~\-/]*$/;
const OAUTH = /^\/(?:authorize|token|register|revoke|introspect|userinfo|jwks)$/;
/** A proxy behind us may resolve such a segment, and reach another path. */
const DOTS = /(?:^|\/)\.{1,2}(?:\/|$)/;

/**
 * True when requests with this method and path are relayed without being judged as MCP.
 * @param announced discovery has named the path
 */
export function passesBeside(head: Head, announced: boolean): boolean {
  if (DOTS.test(head.path)) return false;
  if (announced || OAUTH.test(head.path)) return head.method === 'GET' || head.method === 'POST' || head.method === 'OPTIONS';
  return DOCUMENTS.test(head.path) && (head.method === 'GET' || head.method === 'OPTIONS');
}

/** What an encoded form is made of: no server takes it for JSON, whatever the content type says. */
const FORM = /^[A-Za-z0-9%&=+._~*\-!'(),:;@/?$]*$/;
const MESSAGE_KEYS = knownKeys(['jsonrpc', 'method']);

/** True for the body of an OAuth request: an encoded form, or a JSON object that cannot be read as a JSON-RPC message. */
export function isOAuthBody(head: Head, body: Buffer): boolean {
  const coding = head.get('content-encoding');
  if (coding !== null && coding.trim().toLowerCase() !== 'identity') return false;
  if (body.length === 0) return true;
  const type = head.get('content-type');
  if (type === null || !isUtf8Charset(type)) return false;
  if (mediaType(type) === 'application/x-www-form-urlencoded') return FORM.test(body.toString('latin1'));
  if (mediaType(type) !== 'application/json') return false;
  const scanned = scan(body, CLIENT_LIMITS);
  if (!scanned.ok || scanned.root.kind !== 'object') return false;
  return !scanned.root.members().some(({ key }) => MESSAGE_KEYS.exact.has(key) || confusableKey(key, MESSAGE_KEYS));
}

/** Headers of a request that passes: without those that would make it part of an MCP session. */
export function passingHeaders(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const lower = (raw[index] ?? '').toLowerCase();
    if ((lower.startsWith('mcp-') && lower !== 'mcp-protocol-version') || lower === 'last-event-id') continue;
    kept.push(raw[index] ?? '', raw[index + 1] ?? '');
  }
  return kept;
}
