import { hash, timingSafeEqual } from 'node:crypto';
import type { Principal } from '../principal.ts';
import type { Head } from './head.ts';

/** Why a request is refused before its body is read. */
export interface GuardProblem {
  readonly status: number;
  readonly code: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Which names this listener answers to (X1). */
export interface ExposureRules {
  readonly port: number;
  /** True for a loopback bind: only loopback names are right. */
  readonly loopback: boolean;
  readonly hosts: ReadonlySet<string>;
  readonly origins: ReadonlySet<string>;
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Builds the rules of a listener from its address and configuration. */
export function exposureRules(host: string, port: number, hosts: readonly string[], origins: readonly string[]): ExposureRules {
  const loopback = host === 'localhost' || host === '::1' || host.startsWith('127.');
  const own = LOOPBACK.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
  const named = loopback ? [] : [host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`];
  return {
    port,
    loopback,
    hosts: new Set([...own, ...named, ...hosts.map((name) => name.toLowerCase())]),
    origins: new Set([...LOOPBACK.map((name) => (port === 80 ? `http://${name}` : `http://${name}:${port}`)), ...origins.map((origin) => origin.toLowerCase())]),
  };
}

/**
 * Host and Origin, before anything else (H1, X1): a page that rebinds its name to our address sends its own name as Host, and a page of
 * another site sends its Origin.
 * @param ownPage true for the forms of our own pages: they come from wherever the page itself was read, so the Origin of that very Host is
 *   right. Which Hosts are right is said by the rules, so a name that was rebound stays out. MCP is not for browsers that were not named.
 */
export function checkExposure(head: Pick<Head, 'get'>, rules: ExposureRules, ownPage = false): GuardProblem | null {
  const host = head.get('host')?.toLowerCase() ?? null;
  const bare = host === null ? null : host.replace(/:\d+$/, '');
  if (host === null || (!rules.hosts.has(host) && !(bare !== null && rules.hosts.has(bare)))) {
    return { status: 403, code: 'forbidden_host', text: 'this Host is not served here; add it to allow_hosts if it is right' };
  }
  const origin = head.get('origin')?.toLowerCase() ?? null;
  // TLS ends before us where there is any, so both schemes are ours.
  const own = ownPage && (origin === `http://${host}` || origin === `https://${host}`);
  if (origin !== null && !own && !rules.origins.has(origin)) {
    return { status: 403, code: 'forbidden_origin', text: 'requests from this Origin are refused; add it to allow_origins if it is right' };
  }
  return null;
}

/** A token of a grant. */
export interface TokenEntry {
  readonly hash: Buffer;
  readonly principal: Principal;
  /** A token before a rotation works until then; milliseconds since 1970. */
  readonly untilMs?: number;
}

/** Grants by the SHA-256 of their token. */
export class TokenTable {
  readonly #byHash: ReadonlyMap<string, TokenEntry>;

  constructor(entries: Iterable<TokenEntry>) {
    this.#byHash = new Map([...entries].map((entry) => [entry.hash.toString('latin1'), entry]));
  }

  /**
   * The principal of a bearer token for this server; null when there is none. Tokens are compared by hash in constant time, and a token for
   * another server is like one that does not exist.
   */
  find(digest: Buffer, server: string): Principal | null {
    const entry = this.#byHash.get(digest.toString('latin1'));
    const known = timingSafeEqual(digest, entry?.hash ?? Buffer.alloc(32));
    const late = entry?.untilMs !== undefined && Date.now() >= entry.untilMs;
    return known && !late && entry?.principal.server === server && !entry.principal.revoked ? entry.principal : null;
  }
}

/** The bearer token of a request, and its SHA-256; or why there is none. */
export function bearerToken(head: Head): { readonly token: string; readonly digest: Buffer } | GuardProblem {
  // Tokens in addresses end up in the logs of everything in between, so one there is refused even beside a good one (O1).
  if (head.query !== '' && new URLSearchParams(head.query).has('access_token')) {
    return { status: 400, code: 'token_in_query', text: 'a token must not stand in the query; send it as `Authorization: Bearer`', headers: challenge(', error="invalid_request"') };
  }
  const authorization = head.get('authorization');
  if (authorization === null) return unauthorized('missing_token', 'a bearer token is required', '');
  const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization)?.[1];
  if (token === undefined) return unauthorized('malformed_token', 'the Authorization header must be `Bearer <token>`', ', error="invalid_request"');
  return { token, digest: hash('sha256', token, 'buffer') };
}

/** The refusal of a token that is nobody's here. */
export function unknownToken(): GuardProblem {
  return unauthorized('invalid_token', 'the token is not valid for this server', ', error="invalid_token"');
}

function unauthorized(code: string, text: string, detail: string): GuardProblem {
  return { status: 401, code, text, headers: challenge(detail) };
}

function challenge(detail: string): Readonly<Record<string, string>> {
  return { 'www-authenticate': `Bearer realm="policylayer"${detail}` };
}
