import { targetProblem } from '../guarded-request.ts';
import { type DocumentOptions, fetchJson } from './json-document.ts';
import type { Discovered } from './resource-metadata.ts';

/** Metadata of an authorization server (RFC 8414), as it published it; `issuer` and the endpoints have been checked. */
export type IssuerDocument = Readonly<Record<string, unknown>> & { readonly issuer: string; readonly token_endpoint: string; readonly authorization_endpoint?: string; readonly registration_endpoint?: string; readonly revocation_endpoint?: string };

const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint', 'pushed_authorization_request_endpoint'] as const;

/**
 * Fetches the metadata of an issuer: RFC 8414 and OpenID Connect discovery, with the path of the issuer where each wants it
 * (S26 authorization-server-discovery). The first document that is there must be the issuer's own: that is what keeps one server from posing as another.
 */
export async function discoverIssuer(issuer: string, options: DocumentOptions): Promise<Discovered<IssuerDocument>> {
  const url = new URL(issuer);
  if (url.search !== '' || url.hash !== '') return { ok: false, problem: 'the issuer is an address with a query or fragment' };
  const refused = targetProblem(url, options);
  if (refused !== null) return { ok: false, problem: `the authorization server may not be called: ${refused}` };
  for (const address of wellKnown(url)) {
    const found = await fetchJson(address, options);
    if ('problem' in found) return { ok: false, problem: `the metadata of the authorization server cannot be used: ${found.problem}` };
    if ('document' in found) return readDocument(found.document, issuer, options);
  }
  return { ok: false, problem: 'the authorization server publishes no metadata' };
}

/**
 * What servers of 2025-03-26 without any metadata are asked at (S0326 authorization#fallbacks): fixed addresses of their own host, which is the
 * host of the MCP server itself, so nobody else can be meant.
 */
export async function fallbackIssuer(server: URL, options: DocumentOptions): Promise<Discovered<IssuerDocument>> {
  const base = server.origin;
  const found = await discoverIssuer(base, options);
  if (found.ok || found.problem !== 'the authorization server publishes no metadata') return found;
  return readDocument({
    issuer: base, authorization_endpoint: `${base}/authorize`, token_endpoint: `${base}/token`, registration_endpoint: `${base}/register`,
    code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
  }, base, options);
}

function wellKnown(issuer: URL): URL[] {
  const path = issuer.pathname.replace(/\/+$/, '');
  const inserted = ['oauth-authorization-server', 'openid-configuration'].map((name) => new URL(`${issuer.origin}/.well-known/${name}${path}`));
  return path === '' ? inserted : [...inserted, new URL(`${issuer.origin}${path}/.well-known/openid-configuration`)];
}

function readDocument(document: Readonly<Record<string, unknown>>, issuer: string, options: DocumentOptions): Discovered<IssuerDocument> {
  if (document['issuer'] !== issuer) return { ok: false, problem: 'the metadata of the authorization server is that of another issuer' };
  for (const name of ENDPOINTS) {
    const endpoint = document[name];
    if (endpoint === undefined) continue;
    const problem = typeof endpoint === 'string' && URL.canParse(endpoint) ? targetProblem(new URL(endpoint), options) : 'it is no address';
    if (problem !== null) return { ok: false, problem: `the ${name} of the authorization server may not be used: ${problem}` };
  }
  if (typeof document['token_endpoint'] !== 'string') return { ok: false, problem: 'the metadata of the authorization server has no token endpoint' };
  for (const name of ['code_challenge_methods_supported', 'grant_types_supported', 'token_endpoint_auth_methods_supported', 'scopes_supported']) {
    const list = document[name];
    if (list !== undefined && !(Array.isArray(list) && list.every((item) => typeof item === 'string'))) return { ok: false, problem: `${name} in the metadata of the authorization server is no list of texts` };
  }
  return { ok: true, facts: document as IssuerDocument };
}
