/** Which headers of a client reach an HTTP upstream, and which of its answer come back, beyond the hop-by-hop rules of the pool. */

/** Never sent on: the client's credentials are for us (O2), and its origin has been judged here. */
const OURS = new Set(['authorization', 'cookie', 'origin', 'proxy-authorization']);

/**
 * Headers for the upstream as raw pairs: the client's, without what is ours, and with the operator's own for this upstream.
 * @param legacy legacy requests lose the mirror headers, so that nothing behind us can route on them (H8, attack 16)
 * @param edge the gateway is part of the upstream's own resource: credentials pass (O5)
 */
export function upstreamHeaders(raw: readonly string[], own: Readonly<Record<string, string>>, legacy: boolean, edge: boolean): string[] {
  const kept: string[] = [];
  const replaced = new Set(Object.keys(own).map((name) => name.toLowerCase()));
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const lower = name.toLowerCase();
    if (!edge && OURS.has(lower)) continue;
    if (legacy && (lower === 'mcp-method' || lower === 'mcp-name' || lower.startsWith('mcp-param-'))) continue;
    if (replaced.has(lower)) continue;
    kept.push(name, raw[index + 1] ?? '');
  }
  for (const [name, value] of Object.entries(own)) kept.push(name, value);
  return kept;
}

/**
 * Headers for the client as raw pairs. `content-length` goes with `length`: it is set again when the body is known whole.
 */
export function clientHeaders(raw: readonly string[], length: number | null, edge: boolean): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const lower = name.toLowerCase();
    if (lower === 'content-length') continue;
    if (!edge && (lower === 'set-cookie' || lower === 'www-authenticate')) continue;
    kept.push(name, raw[index + 1] ?? '');
  }
  if (length !== null) kept.push('content-length', String(length));
  return kept;
}

/** The reason phrase of an answer, which says nothing to a client; empty when HTTP does not let it be repeated. */
export function reasonPhrase(text: string): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text : '';
}

/** The pairs without every header of this lower-case name. */
export function withoutHeader(raw: readonly string[], lower: string): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (raw[index]?.toLowerCase() !== lower) kept.push(raw[index] ?? '', raw[index + 1] ?? '');
  }
  return kept;
}

/** The value of the first header of this lower-case name, or null. */
export function headerOf(raw: readonly string[], lower: string): string | null {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    if (raw[index]?.length === lower.length && raw[index]?.toLowerCase() === lower) return raw[index + 1] ?? '';
  }
  return null;
}

/** Headers for a message of our own: those of a request of the client, without what describes that request's body or place. */
export function jsonHeaders(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const lower = (raw[index] ?? '').toLowerCase();
    if (lower === 'last-event-id' || lower === 'content-type' || lower === 'accept') continue;
    kept.push(raw[index] ?? '', raw[index + 1] ?? '');
  }
  kept.push('content-type', 'application/json', 'accept', 'application/json, text/event-stream');
  return kept;
}
