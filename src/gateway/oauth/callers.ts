import type { JsonNode } from '../../wire/json-node.ts';
import type { IssuerConfig, OAuthConfig, OAuthIdentity } from '../config-types.ts';
import type { GuardProblem } from '../http/guard.ts';
import type { Principal } from '../principal.ts';
import { canonicalUri, metadataUri, resourceMetadata, type ResourceMetadata } from './resource.ts';
import { MAX_TOKEN, type TokenFacts, type TokenRefusal, type TokenVerifier } from './token-verifier.ts';

/** A grant that an issuer's tokens may stand for. */
export interface OAuthGrant {
  readonly principal: Principal;
  readonly identity: OAuthIdentity;
}

/** Who sent a request: the grant, and who of those behind it. */
export interface OAuthCaller {
  readonly principal: Principal;
  readonly caller: string;
  readonly user: JsonNode;
}

interface ProtectedServer {
  /** By issuer: its rules, the audience of its tokens here, and the grants that it vouches for. */
  readonly issuers: ReadonlyMap<string, { readonly config: IssuerConfig; readonly audience: string; readonly grants: readonly OAuthGrant[] }>;
  readonly metadata: ResourceMetadata;
  readonly challenge: string;
  /** The rules as text: a token that was verified under other rules is verified again. */
  readonly rules: string;
}

/** The grants of one configuration that callers prove with access tokens of an issuer, server by server. Immutable. */
export class OAuthCallers {
  readonly #servers: ReadonlyMap<string, ProtectedServer>;
  readonly #verifier: TokenVerifier;
  /** The grant of a token whose facts are known, which is the same as long as this table is. */
  readonly #matches = new WeakMap<TokenFacts, Principal | GuardProblem>();

  /** @param base of the canonical URIs, without a trailing slash */
  constructor(grants: Iterable<OAuthGrant>, config: OAuthConfig, base: string, verifier: TokenVerifier) {
    this.#verifier = verifier;
    const byServer = groupBy(grants, (grant) => grant.principal.server);
    this.#servers = new Map([...byServer].flatMap(([server, own]) => {
      const found = protect(server, own, config, base);
      return found === null ? [] : [[server, found] as const];
    }));
  }

  /** True when some grant of the server has an issuer. */
  protects(server: string): boolean {
    return this.#servers.has(server);
  }

  /** @param server `''` for the root, which is unambiguous only where there is one such server (O3) */
  metadata(server: string): ResourceMetadata | null {
    if (server !== '') return this.#servers.get(server)?.metadata ?? null;
    const [only, second] = this.#servers.values();
    return only === undefined || second !== undefined ? null : only.metadata;
  }

  /** A refusal with what a client needs to find the issuer, where the server has one. */
  challenged(server: string, problem: GuardProblem): GuardProblem {
    const found = this.#servers.get(server);
    const given = problem.headers?.['www-authenticate'];
    return found === undefined || given === undefined ? problem : { ...problem, headers: { ...problem.headers, 'www-authenticate': given + found.challenge } };
  }

  /**
   * Who sent a token that is no grant's own: at once where it was verified before, else after its verification. Null when it cannot be an
   * access token, or the server has no issuer.
   * @param digest SHA-256 of the token
   */
  authenticate(server: string, token: string, digest: Buffer): OAuthCaller | GuardProblem | null | Promise<OAuthCaller | GuardProblem> {
    const found = this.#servers.get(server);
    if (found === undefined || !isJwt(token)) return null;
    if (token.length > MAX_TOKEN) return this.challenged(server, refused(401, 'invalid_token', `the token is longer than ${MAX_TOKEN} characters`));
    const name = digest.toString('latin1');
    const known = this.#verifier.remembered(name, found.rules);
    if (known !== null) return this.#callerOf(server, found, known);
    return this.#verifier.verify(token, name, found.rules, found.issuers).then((result) => ('claims' in result ? this.#callerOf(server, found, result) : this.challenged(server, refusalOf(result))));
  }

  #callerOf(server: string, found: ProtectedServer, facts: TokenFacts): OAuthCaller | GuardProblem {
    let match = this.#matches.get(facts);
    // A grant can end while its token holds.
    if (match === undefined || (!('status' in match) && match.revoked)) {
      match = matching(found, facts);
      if ('status' in match) match = this.challenged(server, match);
      this.#matches.set(facts, match);
    }
    return 'status' in match ? match : { principal: match, caller: facts.caller, user: facts.user };
  }
}

function protect(server: string, grants: readonly OAuthGrant[], config: OAuthConfig, base: string): ProtectedServer | null {
  const resource = canonicalUri(base, server);
  const issuers = new Map([...groupBy(grants, (grant) => grant.identity.issuer)].flatMap(([issuer, own]) => {
    const known = config.issuers.get(issuer);
    return known === undefined ? [] : [[issuer, { config: known, audience: known.audience?.replaceAll('{server}', server) ?? resource, grants: own }] as const];
  }));
  if (issuers.size === 0) return null;
  const scopes = [...new Set([...issuers.values()].flatMap((issuer) => issuer.config.scopes))];
  const scope = scopes.length === 0 ? '' : `, scope="${scopes.join(' ')}"`;
  return {
    issuers,
    metadata: resourceMetadata(resource, [...issuers.keys()], scopes),
    challenge: `, resource_metadata="${metadataUri(base, server)}"${scope}`,
    rules: JSON.stringify([...issuers.values()].map(({ config, audience }) => [config, audience])),
  };
}

/** The one grant that a token stands for. None and several are the same refusal: a caller who is two grants would choose his rules. */
function matching(server: ProtectedServer, { issuer, claims, scopes }: TokenFacts): Principal | GuardProblem {
  const of = server.issuers.get(issuer);
  const [first, second] = (of?.grants ?? []).filter(({ principal, identity }) => !principal.revoked && holds(identity.claims, claims));
  if (of === undefined || first === undefined) return refused(401, 'no_grant', 'the token is for nobody who has a grant for this server');
  if (second !== undefined) return refused(401, 'ambiguous_grant', 'the token stands for more than one grant of this server');
  if (of.config.scopes.every((scope) => scopes.has(scope))) return first.principal;
  return refused(403, 'insufficient_scope', `the token needs the scopes ${of.config.scopes.join(' ')}`, 'insufficient_scope');
}

function groupBy<Item>(items: Iterable<Item>, keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function holds(wanted: Readonly<Record<string, string>>, claims: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(wanted);
  return names.length > 0 && names.every((name) => Object.hasOwn(claims, name) && claims[name] === wanted[name]);
}

/** Three parts of base64url: a plain token of somebody who guesses is not worth a verification. */
function isJwt(token: string): boolean {
  return /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/.test(token);
}

function refusalOf(refusal: TokenRefusal): GuardProblem {
  if (refusal.why === 'unavailable' || refusal.why === 'busy') return { status: 503, code: 'token_not_verified', text: 'the token cannot be verified now', headers: { 'retry-after': '15' } };
  return refused(401, refusal.why === 'expired' ? 'expired_token' : refusal.why === 'audience' ? 'wrong_audience' : 'invalid_token', refusal.text);
}

function refused(status: number, code: string, text: string, error = 'invalid_token'): GuardProblem {
  return { status, code, text, headers: { 'www-authenticate': `Bearer realm="policylayer", error="${error}"` } };
}
