import { setTimeout as pause } from 'node:timers/promises';
import type { NewAuditEntry, Stored, UpstreamAuthDefinition } from '../../state/registry/types.ts';
import type { BearerChallenge } from '../../upstream/oauth/challenge.ts';
import type { AccessToken, TokenSource } from '../../upstream/oauth/token-authorizer.ts';
import type { UpstreamFailure } from '../../upstream/types.ts';
import type { AuthorizationRequests, Granted } from './grants.ts';
import type { KeptClient, KeptTokens } from './kept.ts';
import { OAuthProblem } from './problem.ts';
import type { TokenStore } from './token-store.ts';

/** A token with less than this to live is not worth sending. */
const LEAST_MS = 2_000;
/** Another process renews: how often and how long its outcome is waited for. */
const WAITS = 40;
const WAIT_MS = 250;

export interface AccessHost {
  readonly store: TokenStore;
  readonly now: () => number;
  readonly log: (line: string) => void;
  /** @throws OAuthProblem */
  requests(issuer: string): Promise<AuthorizationRequests>;
  /** Told when a status has changed. */
  changed(server: string, record: UpstreamAuthDefinition): void;
}

/** The tokens of one server: from the store while they last, renewed when they end, and declared dead when they cannot be. */
export class ServerAccess implements TokenSource {
  readonly #server: string;
  readonly #url: string;
  readonly #host: AccessHost;

  /** @param url address of the server; tokens of another address are not sent to it */
  constructor(server: string, url: string, host: AccessHost) {
    this.#server = server;
    this.#url = url;
    this.#host = host;
  }

  async obtain(old: string | null, refused: boolean): Promise<AccessToken | UpstreamFailure> {
    try {
      return await this.#obtain(old, refused);
    } catch (error) {
      // The database, or a key that is missing: the caller is told that much, the operator what it is.
      this.#host.log(`server ${this.#server}: no access token: ${error instanceof Error ? error.message : 'unknown error'}`);
      throw error;
    }
  }

  async #obtain(old: string | null, refused: boolean): Promise<AccessToken | UpstreamFailure> {
    const { store } = this.#host;
    for (let waits = 0; waits < WAITS; waits += 1) {
      const [record, tokens, client] = await Promise.all([store.record(this.#server), store.tokens(this.#server), store.client(this.#server)]);
      if (record === null || client === null || (tokens !== null && tokens.server !== this.#url)) return refusal('an operator must give consent first');
      if (tokens !== null && tokens.accessToken !== old && !this.#ended(tokens)) return access(tokens);
      const renewable = client.grant === 'client_credentials' ? client.issuer !== null : (tokens?.refreshToken ?? null) !== null;
      if (!renewable) return this.#over(record, tokens, refused);
      if (await store.lease(this.#server, record)) return this.#renew(client, tokens, refused);
      await pause(WAIT_MS);
    }
    return refusal('another process of the gateway renews its access token and does not come to an end');
  }

  async needsMore(challenge: BearerChallenge): Promise<UpstreamFailure> {
    const { store } = this.#host;
    const [record, tokens] = await Promise.all([store.record(this.#server), store.tokens(this.#server)]);
    const missing = challenge.scopes.filter((scope) => tokens?.scopes.includes(scope) !== true);
    const names = missing.length === 0 ? '' : ` (${missing.join(' ')})`;
    const news = missing.some((scope) => record?.value.scopes.includes(scope) === false);
    if (record !== null && (news || record.value.status === 'ready')) {
      const scopes = [...new Set([...record.value.scopes, ...challenge.scopes])];
      await this.#note(record, { ...record.value, status: 'needs_consent', scopes, problem: `the server asks for more rights${names}: consent again to give them` }, 'server.oauth_more', `Asks for more rights${names}`);
    }
    return { kind: 'http_status', status: 403, reached: true, text: `the upstream asks for more rights than the gateway was given${names}: an operator must consent again` };
  }

  #ended(tokens: KeptTokens): boolean {
    return tokens.expiresAt !== null && this.#host.now() > tokens.expiresAt - LEAST_MS;
  }

  /** Nothing can renew the token. It is used until its end, unless the server itself refuses it. */
  async #over(record: Stored<'upstream_auth'>, tokens: KeptTokens | null, refused: boolean): Promise<AccessToken | UpstreamFailure> {
    if (tokens !== null && !refused && !this.#ended(tokens)) return access(tokens);
    if (record.value.status === 'dead') {
      // Why it died has been said; only the last token is left to forget.
      if (tokens !== null) await this.#host.store.save(this.#server, { record: { ...record.value, expiresAt: null }, expect: record.version, tokens: null });
    } else if (tokens !== null || record.value.status === 'ready') {
      const why = refused ? 'the server does not accept the access token any more' : 'the access token ended, and there is nothing to renew it with';
      await this.#note(record, { ...record.value, status: 'dead', expiresAt: null, problem: `${why}: consent again` }, 'server.oauth_dead', `Access has ended: ${why}`, null);
    }
    return refusal(record.value.status === 'needs_consent' && tokens === null ? 'an operator must give consent first' : 'it has ended: an operator must consent again');
  }

  async #renew(client: KeptClient, tokens: KeptTokens | null, refused: boolean): Promise<AccessToken | UpstreamFailure> {
    const { store } = this.#host;
    try {
      const granted = await this.#request(client, tokens);
      const record = await store.record(this.#server);
      if (record === null) return refusal('an operator must give consent first');
      const kept = this.#kept(client, tokens, record.value, granted);
      const next: UpstreamAuthDefinition = { ...record.value, status: record.value.status === 'dead' ? 'ready' : record.value.status, expiresAt: iso(kept.expiresAt), problem: record.value.status === 'needs_consent' ? record.value.problem : null };
      // The new refresh token is on the disk before the token that came with it is used: a kill in between costs no consent.
      if (!(await store.save(this.#server, { record: next, expect: record.version, tokens: kept, release: true }))) {
        await store.release(this.#server);
        return refusal('its consent is being changed; try again');
      }
      return access(kept);
    } catch (error) {
      if (!(error instanceof OAuthProblem)) throw error;
      return this.#failed(error, tokens, refused);
    }
  }

  #request(client: KeptClient, tokens: KeptTokens | null): Promise<Granted> {
    const host = this.#host;
    if (client.grant === 'client_credentials') {
      if (client.issuer === null) throw new OAuthProblem('the authorization server of this client is not known yet: connect it', true);
      return Promise.all([host.requests(client.issuer), host.store.record(this.#server)]).then(([to, record]) => to.clientCredentials(client, record?.value.resource ?? this.#url, client.scopes ?? record?.value.scopes ?? []));
    }
    const refreshToken = tokens?.refreshToken ?? null;
    // Tokens, client and issuer belong together: what one issuer gave is shown to no other.
    if (tokens === null || refreshToken === null || client.issuer !== tokens.issuer || client.clientId !== tokens.clientId) throw new OAuthProblem('the client was changed since consent was given', true);
    return host.requests(tokens.issuer).then((to) => to.refresh(client, tokens, refreshToken));
  }

  #kept(client: KeptClient, tokens: KeptTokens | null, record: UpstreamAuthDefinition, granted: Granted): KeptTokens {
    return { issuer: client.issuer ?? '', resource: tokens?.resource ?? record.resource ?? this.#url, server: this.#url, clientId: client.clientId, ...granted };
  }

  async #failed(problem: OAuthProblem, tokens: KeptTokens | null, refused: boolean): Promise<AccessToken | UpstreamFailure> {
    const { store, log } = this.#host;
    log(`server ${this.#server}: ${problem.message}`);
    const record = await store.record(this.#server);
    if (!problem.final || record === null) {
      await store.release(this.#server);
      return refusal(`${problem.message}; the next call tries again`);
    }
    const lasts = tokens !== null && !refused && !this.#ended(tokens);
    await this.#note(record, { ...record.value, status: 'dead', expiresAt: lasts ? record.value.expiresAt : null, problem: `${problem.message}: consent again` }, 'server.oauth_dead', `Access has ended: ${problem.message}`, lasts ? { ...tokens, refreshToken: null } : null);
    return lasts ? access(tokens) : refusal('it has ended: an operator must consent again');
  }

  async #note(record: Stored<'upstream_auth'>, next: UpstreamAuthDefinition, action: string, summary: string, tokens?: KeptTokens | null): Promise<void> {
    const audit: NewAuditEntry = {
      actor: 'system', actorName: 'PolicyLayer', via: 'system', action, kind: 'server', name: this.#server, summary,
      before: { status: record.value.status }, after: { status: next.status, problem: next.problem }, requestId: null, address: null,
    };
    const saved = await this.#host.store.save(this.#server, { record: next, expect: record.version, release: true, audit: [audit], ...(tokens === undefined ? {} : { tokens }) });
    if (saved) this.#host.changed(this.#server, next);
  }
}

function access(tokens: KeptTokens): AccessToken {
  return { value: tokens.accessToken, obtainedAt: tokens.obtainedAt, expiresAt: tokens.expiresAt };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** Nothing was sent: the call may be given back what it had reserved. */
function refusal(why: string): UpstreamFailure {
  return { kind: 'unreachable', status: null, reached: false, text: `the gateway has no access to this upstream: ${why}` };
}
