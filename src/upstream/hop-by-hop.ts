/** Which headers cross the gateway (protocol.md T4, T5, T6; RFC 9110 section 7.6.1). Raw pairs in, raw pairs out: names as written, order kept. */

/** False for names that cannot be one of those treated here, by their length and first letter alone: most headers of a call. */
function isSpecial(name: string): boolean {
  switch (name.length) {
    case 2: case 4: case 6: case 7: case 10: case 14: case 15: case 16: case 17: return true;
    default: return name.startsWith('p') || name.startsWith('P');
  }
}

/** True for the headers that belong to one connection only. @param name lower case */
function isHopByHop(name: string): boolean {
  switch (name.length) {
    case 2: return name === 'te';
    case 7: return name === 'trailer' || name === 'upgrade';
    case 10: return name === 'connection' || name === 'keep-alive';
    case 17: return name === 'transfer-encoding';
    default: return name.startsWith('proxy-');
  }
}

/**
 * Headers that no `Connection` header may take away: the next hop would judge another request than we did (attack 13).
 * @param name lower case
 */
function isProtected(name: string): boolean {
  return name.startsWith('mcp-') || name.startsWith('content-') || name === 'authorization' || name === 'host' || name === 'accept';
}

/** Names listed by the `Connection` headers, in lower case; null when there is none. */
function connectionOptions(raw: readonly string[]): Set<string> | null {
  let options: Set<string> | null = null;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    const value = raw[index + 1] ?? '';
    if (value === 'keep-alive' || value === 'close') continue;
    options ??= new Set();
    for (const option of value.split(',')) options.add(option.trim().toLowerCase());
  }
  return options;
}

/** The first protected header that a request's `Connection` header tries to take away, or null. Such a request is refused with 400. */
export function stolenHeader(raw: readonly string[]): string | null {
  for (const option of connectionOptions(raw) ?? []) if (isProtected(option)) return option;
  return null;
}

/**
 * Headers of a request to an upstream: end-to-end ones, our own `accept-encoding`, no framing (the body's length is known), and no
 * `host` unless the upstream is to see the client's.
 */
export function outgoingHeaders(raw: readonly string[], keepHost: boolean): string[] {
  const named = connectionOptions(raw);
  const kept = ['accept-encoding', 'identity'];
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (named === null && !isSpecial(name)) {
      kept.push(name, raw[index + 1] ?? '');
      continue;
    }
    const lower = name.toLowerCase();
    if (isHopByHop(lower) || lower === 'content-length' || lower === 'accept-encoding' || lower === 'expect') continue;
    if (lower === 'host' && !keepHost) continue;
    if (named !== null && named.has(lower) && !isProtected(lower)) continue;
    kept.push(name, raw[index + 1] ?? '');
  }
  return kept;
}

export interface IncomingHeaders {
  /** End-to-end headers as raw pairs. */
  readonly headers: string[];
  /** Seconds of `Keep-Alive: timeout=`; null without a hint. */
  readonly keepAliveSeconds: number | null;
  /** A content coding that we did not ask for, or null. */
  readonly coding: string | null;
}

const TIMEOUT = /(?:^|[,;\s])timeout=(\d{1,9})(?!\d)/i;

/** Headers of an upstream's answer, as undici hands them over. */
export function incomingHeaders(buffers: readonly Buffer[]): IncomingHeaders {
  const raw: string[] = [];
  for (const buffer of buffers) raw.push(buffer.toString('latin1'));
  const named = connectionOptions(raw);
  const headers: string[] = [];
  let keepAliveSeconds: number | null = null;
  let coding: string | null = null;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    if (named === null && !isSpecial(name)) {
      headers.push(name, value);
      continue;
    }
    const lower = name.toLowerCase();
    if (lower === 'content-encoding') {
      const codings = value.trim().toLowerCase();
      if (codings !== '' && codings !== 'identity') coding = codings;
    }
    if (isHopByHop(lower)) {
      const seconds = lower === 'keep-alive' ? TIMEOUT.exec(value)?.[1] : undefined;
      if (seconds !== undefined) keepAliveSeconds = Number(seconds);
      continue;
    }
    if (named !== null && named.has(lower) && !isProtected(lower)) continue;
    headers.push(name, value);
  }
  return { headers, keepAliveSeconds, coding };
}
