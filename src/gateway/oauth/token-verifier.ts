import { createHash } from 'node:crypto';
import { scan } from '../../wire/scan.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type * as AccessToken from '../../upstream/access-token.ts';
import type { TokenRules, VerifiedToken } from '../../upstream/access-token.ts';
import type { IssuerKeys } from '../../upstream/jwks.ts';
import type { IssuerConfig } from '../config-types.ts';

/** Longer ones are refused before anything is decoded. */
export const MAX_TOKEN = 8_192;
const CLAIM_LIMITS = { maxBytes: MAX_TOKEN, maxDepth: 16, maxKeys: 512 };
/** A key that its issuer withdraws must not live on in verified tokens: they are looked at again after this. */
const VERIFIED_MS = 5 * 60_000;
const MAX_VERIFIED = 10_000;
/** Verifications that run at the same time; a flood of tokens must end before memory does. */
const MAX_RUNNING = 256;

/** A token that holds now, for one audience. */
export interface TokenFacts {
  readonly issuer: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The same, for conditions. */
  readonly user: JsonNode;
  /** SHA-256 (hex) of who the token is about: tells the callers behind one grant apart. */
  readonly caller: string;
  readonly scopes: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

export interface TokenRefusal {
  readonly why: 'invalid' | 'expired' | 'audience' | 'unavailable' | 'busy';
  readonly text: string;
}

/** The JWT library is loaded with the first token: a gateway without OAuth never pays for it. */
type Jwt = typeof AccessToken & { readonly IssuerKeys: typeof IssuerKeys };

/**
 * Verifies access tokens and remembers those that hold by the SHA-256 of their text (O1). Keys and what is remembered outlive a change of the
 * configuration; entries are for one issuer's rules as they were, so a change of these makes new ones.
 */
export class TokenVerifier {
  readonly #now: () => number;
  readonly #log: (line: string) => void;
  readonly #keys = new Map<string, IssuerKeys>();
  readonly #verified = new Map<string, TokenFacts>();
  readonly #running = new Map<string, Promise<TokenFacts | TokenRefusal>>();
  #jwt: Promise<Jwt> | null = null;

  constructor(now: () => number, log: (line: string) => void) {
    this.#now = now;
    this.#log = log;
  }

  /** What is remembered of a token, without any waiting; null when it has to be verified. @param digest SHA-256 of the token, latin1 */
  remembered(digest: string, issuers: string): TokenFacts | null {
    const key = `${digest} ${issuers}`;
    const facts = this.#verified.get(key);
    if (facts === undefined) return null;
    if (this.#now() < facts.until) return facts;
    this.#verified.delete(key);
    return null;
  }

  /**
   * Verifies a token for one server.
   * @param scope which rules these are, as text: part of the key under which the result is remembered
   * @param issuers those whose tokens the server takes, with the audience that a token must have
   */
  verify(token: string, digest: string, scope: string, issuers: ReadonlyMap<string, { readonly config: IssuerConfig; readonly audience: string }>): Promise<TokenFacts | TokenRefusal> {
    const key = `${digest} ${scope}`;
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    if (this.#running.size >= MAX_RUNNING) return Promise.resolve({ why: 'busy', text: 'too many tokens are being verified' });
    const result = this.#verify(token, issuers).then((facts) => {
      if ('claims' in facts) this.#remember(key, facts);
      return facts;
    }).finally(() => this.#running.delete(key));
    this.#running.set(key, result);
    return result;
  }

  async #verify(token: string, issuers: ReadonlyMap<string, { readonly config: IssuerConfig; readonly audience: string }>): Promise<TokenFacts | TokenRefusal> {
    const jwt = await (this.#jwt ??= loadJwt());
    const named = jwt.claimedIssuer(token);
    const issuer = named === null ? undefined : issuers.get(named);
    if (issuer === undefined) return { why: 'invalid', text: 'the token is of no issuer of this server' };
    const { config } = issuer;
    const rules: TokenRules = { issuer: config.issuer, audience: issuer.audience, algorithms: config.algorithms, clockSkewMs: config.clockSkewMs, maxTokenAgeMs: config.maxTokenAgeMs };
    const now = this.#now();
    const verified = await jwt.verifyAccessToken(token, rules, this.#keysOf(jwt, config), now);
    return verified.ok ? factsOf(token, verified, config.issuer, now) : { why: verified.why, text: verified.text };
  }

  #keysOf(jwt: Jwt, { issuer, jwksUri }: IssuerConfig): IssuerKeys {
    const name = `${issuer} ${jwksUri ?? ''}`;
    let keys = this.#keys.get(name);
    if (keys === undefined) {
      keys = new jwt.IssuerKeys({ issuer, jwksUri, now: this.#now, failed: (text) => this.#log(`oauth: the keys of ${issuer} cannot be had: ${text}`) });
      this.#keys.set(name, keys);
    }
    return keys;
  }

  #remember(key: string, facts: TokenFacts): void {
    if (this.#verified.size >= MAX_VERIFIED) {
      const oldest = this.#verified.keys().next();
      if (oldest.done !== true) this.#verified.delete(oldest.value);
    }
    this.#verified.set(key, facts);
  }
}

async function loadJwt(): Promise<Jwt> {
  const [token, keys] = await Promise.all([import('../../upstream/access-token.ts'), import('../../upstream/jwks.ts')]);
  return { ...token, IssuerKeys: keys.IssuerKeys };
}

function factsOf(token: string, { claims, expiresAt }: VerifiedToken & { readonly ok: true }, issuer: string, now: number): TokenFacts | TokenRefusal {
  // The same strict reader as for every other text: one that names a claim twice would mean two things to two parsers.
  const scanned = scan(Buffer.from(token.split('.')[1] ?? '', 'base64url'), CLAIM_LIMITS);
  if (!scanned.ok || scanned.root.kind !== 'object') return { why: 'invalid', text: 'the claims of the token are no strict JSON' };
  // A token of a client of its own has no `sub` at some issuers (RFC 9068 asks for one).
  const subject = claims.sub ?? claims['client_id'];
  if (typeof subject !== 'string' || subject === '') return { why: 'invalid', text: 'the token does not say whom it is about' };
  const caller = createHash('sha256').update(JSON.stringify([issuer, subject])).digest('hex');
  return { issuer, claims, user: scanned.root, caller, scopes: scopesOf(claims), until: Math.min(expiresAt, now + VERIFIED_MS) };
}

/** `scope` of RFC 9068; some issuers write `scp`, as a text or a list. */
function scopesOf(claims: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const words = (value: unknown): string[] => (typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []);
  return new Set([...words(claims['scope']), ...words(claims['scp'])].filter((word) => word !== ''));
}
