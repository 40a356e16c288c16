import * as oauth from 'oauth4webapi';
import type { NewAuditEntry, Registry, UpstreamAuthDefinition } from '../../state/registry/types.ts';
import type { AddressGuard } from '../../upstream/address-guard.ts';
import type { DocumentOptions } from '../../upstream/oauth/json-document.ts';
import { TokenAuthorizer } from '../../upstream/oauth/token-authorizer.ts';
import type { UpstreamAuthorizer } from '../../upstream/types.ts';
import type { SecretBox } from '../api/services.ts';
import { callerOf } from '../auth/member-caller.ts';
import { callbackUri, metadataDocument } from './client-metadata.ts';
import { type Flow, FLOW_SECONDS, openFlow, sealFlow } from './flow-cookie.ts';
import type { AuthorizationRequests } from './grants.ts';
import { Issuers } from './issuers.ts';
import type { KeptClient, KeptTokens } from './kept.ts';
import { OAuthProblem } from './problem.ts';
import { ServerAccess } from './server-access.ts';
import { TokenStore } from './token-store.ts';

export interface UpstreamOAuthOptions {
  readonly registry: Registry;
  readonly secrets: SecretBox;
  /** The guard for what servers of the registry name, with the allow list that holds now. */
  readonly guard: () => AddressGuard;
  /** Address of the gateway as browsers reach it, without a trailing slash. */
  readonly publicUrl: () => string;
  readonly log: (line: string) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Options of `tls.connect` for authorization servers, e.g. `ca`. */
  readonly tls?: DocumentOptions['tls'];
  /** Told when a server's access changes, also when it ends by itself. */
  readonly changed?: (server: string, record: UpstreamAuthDefinition) => void;
}

/** Who does it, for the audit. */
export interface Actor {
  readonly id: string;
  readonly name: string;
  readonly via: 'session' | 'token';
  readonly requestId: string | null;
  readonly address: string | null;
}

/** What an administrator says of a client that was registered by hand. */
export interface GivenClient {
  readonly clientId: string;
  /** Undefined keeps what is there, as long as the client id stays. */
  readonly clientSecret?: string | null | undefined;
  readonly scopes?: readonly string[] | null | undefined;
  readonly grant?: 'authorization_code' | 'client_credentials' | undefined;
}

export type Started = { readonly authorizationUrl: string; readonly state: string; readonly cookie: string } | { readonly authorizationUrl: null };

/**
 * The gateway as an OAuth 2.1 client of the MCP servers in its registry (S26 authorization, protocol.md O6): discovery, registration, consent with
 * PKCE, tokens for one resource each, renewal. Tokens and client secrets are kept sealed, and keyed by their issuer: another issuer sees none.
 */
export class UpstreamOAuth {
  readonly #options: UpstreamOAuthOptions;
  readonly #store: TokenStore;
  readonly #now: () => number;
  readonly #authorizers = new Map<string, { readonly key: string; readonly authorizer: TokenAuthorizer }>();
  readonly #issuers: Issuers;

  constructor(options: UpstreamOAuthOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#store = new TokenStore(options.registry, options.secrets, this.#now);
    this.#issuers = new Issuers(() => ({ guard: options.guard(), ...(options.tls === undefined ? {} : { tls: options.tls }) }), this.#now);
  }

  /**
   * The hook for `HttpSpec.authorize` of a server with `auth: oauth`: one object for a server as long as its address stays, so that nothing is
   * opened anew when the configuration is built anew. That happens with every change of what is kept, also by another process, so a token that is
   * not kept any more is dropped here.
   * @param since when the server was registered: one that was removed and came back starts without a token
   */
  authorizer(server: string, url: URL, since = ''): UpstreamAuthorizer {
    const key = `${since} ${url.href}`;
    const known = this.#authorizers.get(server);
    if (known?.key === key) {
      void this.#dropStale(server, known.authorizer);
      return known.authorizer;
    }
    const { log } = this.#options;
    const access = new ServerAccess(server, url.href, {
      store: this.#store, now: this.#now, log,
      requests: (issuer) => this.#issuers.requests(issuer, url),
      changed: (name, record) => this.#options.changed?.(name, record),
    });
    const authorizer = new TokenAuthorizer(access, this.#now);
    this.#authorizers.set(server, { key, authorizer });
    return authorizer;
  }

  /** Drops what is in memory about a server: another process may have changed it, or it is gone. */
  forget(server: string): void {
    this.#authorizers.get(server)?.authorizer.forget();
  }

  /** The client-id metadata document, where authorization servers can fetch it; null elsewhere. */
  metadataDocument(): Record<string, string | string[]> | null {
    return metadataDocument(this.#options.publicUrl());
  }

  /**
   * Begins a consent, or gets a token at once where the client needs no person.
   * @param back path of the dashboard to return to
   * @throws OAuthProblem with what is in the way; StateUnavailable
   */
  async start(server: string, actor: Actor, back: string): Promise<Started> {
    const url = await this.#addressOf(server);
    const [record, kept] = await Promise.all([this.#store.record(server), this.#store.client(server)]);
    const { resource, requests } = await this.#issuers.discover(url, kept);
    const client = await this.#client(server, requests, kept);
    const sameIssuer = record?.value.issuer === requests.issuer;
    const scopes = client.scopes ?? [...new Set([...resource.scopes, ...(sameIssuer ? record.value.scopes : [])])];
    const base = { issuer: requests.issuer, resource: resource.resource, clientId: client.clientId, scopes } as const;
    if (client.grant === 'client_credentials') {
      const granted = await requests.clientCredentials(client, resource.resource, scopes);
      const tokens: KeptTokens = { issuer: requests.issuer, resource: resource.resource, server: url.href, clientId: client.clientId, ...granted };
      await this.#connected(server, client, tokens, actor);
      return { authorizationUrl: null };
    }
    const flow: Flow = {
      state: oauth.generateRandomState(), verifier: oauth.generateRandomCodeVerifier(), server, url: url.href, issuer: requests.issuer, clientId: client.clientId,
      redirectUri: callbackUri(this.#options.publicUrl()), resource: resource.resource, scopes, back,
      member: { id: actor.id, name: actor.name, via: actor.via }, endsAt: this.#now() + FLOW_SECONDS * 1_000,
    };
    const authorizationUrl = await requests.authorizationUrl(client, flow);
    const stays = record !== null && sameIssuer && record.value.status !== 'dead' ? record.value : null;
    const next: UpstreamAuthDefinition = stays ?? { ...base, status: record?.value.status === 'dead' ? 'dead' : 'needs_consent', expiresAt: null, problem: record?.value.problem ?? null };
    await this.#store.save(server, { record: { ...next, clientId: client.clientId, issuer: requests.issuer }, client });
    return { authorizationUrl, state: flow.state, cookie: sealFlow(this.#options.secrets, flow) };
  }

  /**
   * Ends a consent when the browser comes back.
   * @param cookie value of the flow's cookie, which only the browser that began it has
   * @returns the server and where to go on @throws OAuthProblem for everything that does not fit; StateUnavailable
   */
  async finish(answer: URLSearchParams, cookie: string | null, requestId: string | null, address: string | null): Promise<{ readonly server: string; readonly back: string }> {
    const flow = cookie === null ? null : openFlow(this.#options.secrets, cookie, this.#now());
    if (flow === null || answer.get('state') !== flow.state) throw new OAuthProblem('this consent was not begun in this browser, or more than 15 minutes ago: begin it again', true);
    const url = await this.#addressOf(flow.server);
    const client = await this.#store.client(flow.server);
    if (url.href !== flow.url || client === null || client.clientId !== flow.clientId || client.issuer !== flow.issuer) throw new OAuthProblem('the server was changed while consent was given: begin it again', true);
    await this.#checkMember(flow);
    const requests = await this.#issuers.requests(flow.issuer, url);
    const granted = await requests.redeem(client, answer, flow);
    const tokens: KeptTokens = { issuer: flow.issuer, resource: flow.resource, server: flow.url, clientId: flow.clientId, ...granted };
    await this.#connected(flow.server, client, tokens, { ...flow.member, requestId, address });
    return { server: flow.server, back: flow.back };
  }

  /** Sets a client that was registered by hand. Tokens of another client are forgotten. @throws OAuthProblem, StateUnavailable */
  async setClient(server: string, given: GivenClient, actor: Actor): Promise<void> {
    await this.#addressOf(server);
    const kept = await this.#store.client(server);
    const same = kept?.origin === 'given' && kept.clientId === given.clientId;
    const clientSecret = given.clientSecret === undefined ? (same ? kept.clientSecret : null) : given.clientSecret;
    const grant = given.grant ?? 'authorization_code';
    if (grant === 'client_credentials' && clientSecret === null) throw new OAuthProblem('the client_credentials grant needs a client secret', true);
    const client: KeptClient = {
      issuer: same ? kept.issuer : null, clientId: given.clientId, clientSecret, authMethod: null, origin: 'given', redirectUri: null, secretExpiresAt: 0,
      scopes: given.scopes === undefined || given.scopes === null ? null : [...given.scopes], grant,
    };
    const record = await this.#store.record(server);
    const stays = same && record !== null && kept.grant === grant;
    const next: UpstreamAuthDefinition = stays ? record.value : { status: 'needs_consent', issuer: null, resource: null, clientId: given.clientId, scopes: [], expiresAt: null, problem: null };
    await this.#store.save(server, {
      record: next, client, ...(stays ? {} : { tokens: null }),
      audit: [entry(actor, 'server.oauth_client', server, `Set the OAuth client ${given.clientId}`, { clientId: given.clientId, secret: clientSecret !== null, scopes: client.scopes, grant })],
    });
    this.forget(server);
  }

  /** Gives the access up: tokens are revoked where that is possible, and forgotten in any case. @throws StateUnavailable */
  async disconnect(server: string, actor: Actor): Promise<void> {
    const [tokens, client, record] = await Promise.all([this.#store.tokens(server), this.#store.client(server), this.#store.record(server)]);
    const audit = entry(actor, 'server.oauth_disconnect', server, 'Gave up the access by OAuth', null);
    if (client?.origin === 'given' && record !== null) {
      await this.#store.save(server, { record: { ...record.value, status: 'needs_consent', scopes: [], expiresAt: null, problem: null }, tokens: null, release: true, audit: [audit] });
    } else {
      await this.#store.remove(server, record === null && tokens === null ? [] : [audit]);
    }
    this.forget(server);
    if (tokens === null || client === null || client.issuer !== tokens.issuer) return;
    const requests = await this.#issuers.requests(tokens.issuer).catch(() => null);
    await requests?.revoke(client, tokens.refreshToken ?? tokens.accessToken);
  }

  async #connected(server: string, client: KeptClient, tokens: KeptTokens, actor: Actor): Promise<void> {
    const record: UpstreamAuthDefinition = {
      status: 'ready', issuer: tokens.issuer, resource: tokens.resource, clientId: client.clientId, scopes: tokens.scopes,
      expiresAt: tokens.expiresAt === null ? null : new Date(tokens.expiresAt).toISOString(), problem: null,
    };
    const audit = entry(actor, 'server.oauth_connect', server, `Gave access by OAuth (${tokens.issuer})`, { issuer: tokens.issuer, scopes: tokens.scopes });
    await this.#store.save(server, { record, client, tokens, release: true, audit: [audit] });
    this.forget(server);
    this.#options.changed?.(server, record);
  }

  async #dropStale(server: string, authorizer: TokenAuthorizer): Promise<void> {
    try {
      const tokens = await this.#store.tokens(server);
      authorizer.keepOnly(tokens?.accessToken ?? null);
    } catch {
      // What cannot be read now is read when the token is renewed, and then it says so.
    }
  }

  async #addressOf(server: string): Promise<URL> {
    const stored = await this.#options.registry.get('server', server);
    if (stored === null || stored.value.kind !== 'http' || stored.value.auth !== 'oauth') throw new OAuthProblem('the server is not one that is reached by URL with `auth: oauth`', true);
    return new URL(stored.value.url);
  }

  /** A member who lost his place while he was away gives no consent any more. */
  async #checkMember(flow: Flow): Promise<void> {
    const member = await this.#options.registry.get('member', flow.member.id);
    if (member === null || member.value.disabled) throw new OAuthProblem('the member who began this consent cannot sign in any more', true);
    // Else his own account at the authorization server would become that of everybody here.
    if (!callerOf(member).can('servers.write', flow.server)) throw new OAuthProblem('the member who began this consent may not change this server any more', true);
  }

  async #client(server: string, requests: AuthorizationRequests, kept: KeptClient | null): Promise<KeptClient> {
    if (kept?.origin === 'given') {
      if (kept.issuer !== null && kept.issuer !== requests.issuer) throw new OAuthProblem(`the server now trusts another authorization server than the one its client is for: enter a client for ${requests.issuer}`, true);
      return { ...kept, issuer: requests.issuer };
    }
    const redirectUri = callbackUri(this.#options.publicUrl());
    const usable = kept !== null && kept.issuer === requests.issuer && (kept.redirectUri === null || kept.redirectUri === redirectUri) && (kept.secretExpiresAt === 0 || kept.secretExpiresAt * 1_000 > this.#now());
    if (usable) return kept;
    this.#options.log(`server ${server}: the gateway registers as an OAuth client of ${requests.issuer}`);
    return requests.register(this.#options.publicUrl());
  }
}

function entry(actor: Actor, action: string, name: string, summary: string, after: unknown): NewAuditEntry {
  return { actor: actor.id, actorName: actor.name, via: actor.via, action, kind: 'server', name, summary, before: null, after, requestId: actor.requestId, address: actor.address };
}
