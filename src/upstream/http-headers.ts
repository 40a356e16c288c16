import { encodeHeaderValue } from '../mcp/header-values.ts';
import type { Notification, Request } from '../mcp/message.ts';
import { routingMember } from '../mcp/methods.ts';
import type { HttpSpec } from './types.ts';

/** Headers that the gateway sets itself; a configured one of the same name would contradict it. */
const OWN = new Set(['accept', 'accept-encoding', 'content-type', 'content-length', 'host', 'last-event-id']);

/** The operator's headers for an upstream, as raw pairs. */
export function configuredHeaders(spec: HttpSpec): string[] {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(spec.headers)) {
    const lower = name.toLowerCase();
    if (!OWN.has(lower) && !lower.startsWith('mcp-')) pairs.push(name, value);
  }
  return pairs;
}

/** What a POST of a JSON-RPC message needs in either era. */
export const POST_HEADERS: readonly string[] = ['Content-Type', 'application/json', 'Accept', 'application/json, text/event-stream'];

/** Headers of a legacy session (S25 transports#session-management, #protocol-version-header). */
export function sessionHeaders(session: { readonly id: string | null; readonly version: string | null } | null): string[] {
  const pairs: string[] = [];
  if (session === null) return pairs;
  if (session.id !== null) pairs.push('Mcp-Session-Id', session.id);
  if (session.version !== null) pairs.push('MCP-Protocol-Version', session.version);
  return pairs;
}

/**
 * Headers that mirror a modern message (S26 streamable-http#standard-request-headers). The body stays the truth; they are written from it.
 * @param params `Mcp-Param-*` headers of this call, already encoded
 */
export function modernHeaders(message: Request | Notification, version: string, params: Readonly<Record<string, string>>): string[] {
  const pairs = ['MCP-Protocol-Version', version, 'Mcp-Method', encodeHeaderValue(message.method)];
  const member = routingMember(message.method);
  const name = member === null ? null : (message.params?.get(member)?.text() ?? null);
  if (name !== null) pairs.push('Mcp-Name', encodeHeaderValue(name));
  for (const [header, value] of Object.entries(params)) pairs.push(header, value);
  return pairs;
}

/** An event id as a header: UTF-8 bytes in the one-byte characters that HTTP writes. */
export function lastEventIdHeader(id: string): string[] {
  return ['Last-Event-ID', Buffer.from(id, 'utf8').toString('latin1')];
}

/** A session id that may be sent back: visible ASCII, bounded (S25 transports#session-management). */
export function isSessionId(value: string): boolean {
  return /^[\x21-\x7e]{1,1024}$/.test(value);
}
