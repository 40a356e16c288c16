import * as oauth from 'oauth4webapi';
import { type FetchOptions, guardedFetch, type GuardedFetch } from '../../upstream/guarded-fetch.ts';
import type { IssuerDocument } from '../../upstream/oauth/authorization-server.ts';
import { scopesOf } from '../../upstream/oauth/challenge.ts';
import type { DocumentOptions } from '../../upstream/oauth/json-document.ts';
import type { KeptClient, KeptTokens } from './kept.ts';
import { clientMetadata, documentClientId } from './client-metadata.ts';
import { OAuthProblem, problemOf } from './problem.ts';
import { readRegistration } from './registration.ts';

/** A token answer holds a token or three, no documents. */
const MAX_BYTES = 64 * 1024;

/** What an authorization server gave for a grant. */
export type Granted = Pick<KeptTokens, 'accessToken' | 'refreshToken' | 'obtainedAt' | 'expiresAt' | 'scopes'>;

/** The requests of the gateway to one authorization server. */
export class AuthorizationRequests {
  readonly #server: oauth.AuthorizationServer;
  readonly #fetch: GuardedFetch;
  readonly #now: () => number;

  constructor(document: IssuerDocument, options: DocumentOptions, now: () => number) {
    this.#server = document as unknown as oauth.AuthorizationServer;
    this.#fetch = guardedFetch({ ...options, maxBytes: MAX_BYTES });
    this.#now = now;
  }

  get issuer(): string {
    return this.#server.issuer;
  }

  /** Whether it can give tokens to people (RFC 8414: the code grant is the default). */
  get asksPeople(): boolean {
    return this.#server.authorization_endpoint !== undefined && (this.#server.grant_types_supported ?? ['authorization_code']).includes('authorization_code');
  }

  /** Makes the gateway known. @throws OAuthProblem when there is no way to */
  async register(publicUrl: string): Promise<KeptClient> {
    const common = { issuer: this.issuer, scopes: null, grant: 'authorization_code', secretExpiresAt: 0 } as const;
    const document = documentClientId(publicUrl);
    if (this.#server['client_id_metadata_document_supported'] === true && document !== null) {
      return { ...common, clientId: document, clientSecret: null, authMethod: 'none', origin: 'document', redirectUri: null };
    }
    if (this.#server.registration_endpoint === undefined) {
      throw new OAuthProblem('the authorization server registers no clients by itself: register PolicyLayer there and enter its client id', true);
    }
    const metadata = clientMetadata(publicUrl, this.#methods().find((method) => KNOWN_METHODS.has(method)) ?? 'client_secret_basic');
    try {
      const response = await oauth.dynamicClientRegistrationRequest(this.#server, metadata, this.#options<'POST', string>());
      const made = await readRegistration(response);
      return { ...common, ...made, authMethod: made.authMethod ?? String(metadata['token_endpoint_auth_method']), origin: 'dynamic', redirectUri: String(metadata['redirect_uris']) };
    } catch (error) {
      throw problemOf(error, 'the gateway could not be registered');
    }
  }

  /** The address at which people consent. @throws OAuthProblem when the server cannot do what is safe */
  async authorizationUrl(client: KeptClient, flow: { readonly state: string; readonly verifier: string; readonly redirectUri: string; readonly resource: string; readonly scopes: readonly string[] }): Promise<string> {
    const endpoint = this.#server.authorization_endpoint;
    if (endpoint === undefined || !this.asksPeople) throw new OAuthProblem('the authorization server has no authorization endpoint: use a client with a secret and the client_credentials grant', true);
    if (this.#server.code_challenge_methods_supported?.includes('S256') !== true) throw new OAuthProblem('the authorization server does not say that it supports PKCE with S256, without which a code could be stolen', true);
    const url = new URL(endpoint);
    const scopes = this.#withOffline(flow.scopes);
    const parameters: Record<string, string> = {
      response_type: 'code', client_id: client.clientId, redirect_uri: flow.redirectUri, state: flow.state, resource: flow.resource,
      code_challenge: await oauth.calculatePKCECodeChallenge(flow.verifier), code_challenge_method: 'S256',
      ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
      // OpenID Connect gives a refresh token only where people were asked for it.
      ...(scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /** Turns the answer of the authorization server into tokens: state, issuer (RFC 9207), PKCE, resource. @throws OAuthProblem */
  async redeem(client: KeptClient, answer: URLSearchParams, flow: { readonly state: string; readonly verifier: string; readonly redirectUri: string; readonly resource: string; readonly scopes: readonly string[] }): Promise<Granted> {
    try {
      const parameters = oauth.validateAuthResponse(this.#server, this.#client(client), answer, flow.state);
      const response = await oauth.authorizationCodeGrantRequest(this.#server, this.#client(client), this.#authentication(client), parameters, flow.redirectUri, flow.verifier, this.#tokenOptions(flow.resource));
      return this.#granted(await oauth.processAuthorizationCodeResponse(this.#server, this.#client(client), response), flow.scopes, null);
    } catch (error) {
      throw problemOf(error, 'consent was not completed');
    }
  }

  /** @throws OAuthProblem; `final` when the refresh token is dead */
  async refresh(client: KeptClient, tokens: KeptTokens, refreshToken: string): Promise<Granted> {
    try {
      const response = await oauth.refreshTokenGrantRequest(this.#server, this.#client(client), this.#authentication(client), refreshToken, this.#tokenOptions(tokens.resource));
      return this.#granted(await oauth.processRefreshTokenResponse(this.#server, this.#client(client), response), tokens.scopes, refreshToken);
    } catch (error) {
      throw problemOf(error, 'the access token could not be renewed');
    }
  }

  /** A token for the gateway itself, without any person. @throws OAuthProblem */
  async clientCredentials(client: KeptClient, resource: string, scopes: readonly string[]): Promise<Granted> {
    try {
      const parameters = { resource, ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }) };
      const response = await oauth.clientCredentialsGrantRequest(this.#server, this.#client(client), this.#authentication(client), parameters, this.#options<'POST', URLSearchParams>());
      return this.#granted(await oauth.processClientCredentialsResponse(this.#server, this.#client(client), response), scopes, null);
    } catch (error) {
      throw problemOf(error, 'the authorization server gave no access token');
    }
  }

  /** Takes the tokens back, as far as the server offers that. Never throws: ours are gone in any case. */
  async revoke(client: KeptClient, token: string): Promise<void> {
    if (this.#server.revocation_endpoint === undefined) return;
    try {
      await oauth.processRevocationResponse(await oauth.revocationRequest(this.#server, this.#client(client), this.#authentication(client), token, this.#options<'POST', URLSearchParams>()));
    } catch {
      // An authorization server that is away keeps a token that nobody holds any more.
    }
  }

  #granted(answer: oauth.TokenEndpointResponse, wanted: readonly string[], refreshToken: string | null): Granted {
    if (answer.token_type !== 'bearer') throw new OAuthProblem('the authorization server gave a token that is no bearer token', true);
    if (!/^[\x21-\x7e]{1,16384}$/.test(answer.access_token)) throw new OAuthProblem('the authorization server gave a token that cannot be sent in a header', true);
    const obtainedAt = this.#now();
    const expiresAt = answer.expires_in === undefined ? null : obtainedAt + Math.min(answer.expires_in, 10 * 365 * 86_400) * 1_000;
    return { accessToken: answer.access_token, refreshToken: answer.refresh_token ?? refreshToken, obtainedAt, expiresAt, scopes: answer.scope === undefined ? [...wanted] : scopesOf(answer.scope) };
  }

  /** `offline_access` is asked for only where the server knows it (S26 authorization#refresh-tokens), and never instead of nothing. */
  #withOffline(scopes: readonly string[]): readonly string[] {
    const supported = this.#server.scopes_supported ?? [];
    return !supported.includes('offline_access') || scopes.includes('offline_access') ? scopes : [...scopes, 'offline_access'];
  }

  #methods(): readonly string[] {
    return this.#server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  }

  #authentication(client: KeptClient): oauth.ClientAuth {
    if (client.clientSecret === null) return oauth.None();
    const method = client.authMethod ?? this.#methods().find((candidate) => candidate === 'client_secret_basic' || candidate === 'client_secret_post') ?? 'client_secret_basic';
    if (method === 'none') return oauth.None();
    return method === 'client_secret_post' ? oauth.ClientSecretPost(client.clientSecret) : basic(client.clientSecret);
  }

  #client(client: KeptClient): oauth.Client {
    return { client_id: client.clientId, [oauth.clockTolerance]: 60 };
  }

  #options<Method, Body>(): oauth.HttpRequestOptions<Method, Body> {
    // Whether http is allowed is for the guarded fetch to say: for loopback only.
    return { [oauth.customFetch]: (url: string, options: unknown) => this.#fetch(url, options as FetchOptions), [oauth.allowInsecureRequests]: true };
  }

  #tokenOptions(resource: string): oauth.TokenEndpointRequestOptions {
    return { ...this.#options<'POST', URLSearchParams>(), additionalParameters: { resource } };
  }
}

/**
 * HTTP Basic with the encoding of forms (RFC 6749 section 2.3.1), which leaves `-`, `.` and `_` alone: servers that do not decode are many, and ids and
 * secrets are mostly made of those.
 */
function basic(secret: string): oauth.ClientAuth {
  const encode = (text: string): string => encodeURIComponent(text).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`).replaceAll('%20', '+');
  return (_server, client, _body, headers) => headers.set('authorization', `Basic ${Buffer.from(`${encode(client.client_id)}:${encode(secret)}`).toString('base64')}`);
}

const KNOWN_METHODS: ReadonlySet<string> = new Set(['client_secret_basic', 'client_secret_post', 'none']);
