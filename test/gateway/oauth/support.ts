import type { GatewayConfig, GrantConfig, IssuerConfig, OAuthConfig } from '../../../src/gateway/config-types.ts';
import type { Answer, HttpHarness } from '../http-harness.ts';
import type { TestIssuer } from './issuer.ts';

export const CALL = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } } };

/** Rules for an issuer as gateway.yaml would give them. */
export function rulesOf(issuer: TestIssuer, extra: Partial<IssuerConfig> = {}): OAuthConfig {
  const rules: IssuerConfig = { issuer: issuer.url, jwksUri: null, audience: null, algorithms: ['RS256', 'ES256', 'EdDSA', 'PS256'], scopes: [], clockSkewMs: 5_000, maxTokenAgeMs: 86_400_000, ...extra };
  return { publicUrl: null, issuers: new Map([[issuer.url, rules]]) };
}

/** Adds an issuer and grants that it vouches for to a running gateway; every other grant stays. */
export function withIssuer(harness: HttpHarness, oauth: OAuthConfig, grants: readonly { readonly label: string; readonly server: string; readonly claims: Record<string, string>; readonly issuer?: string }[]): Promise<void> {
  const [issuer = ''] = oauth.issuers.keys();
  return harness.reconfigure((config: GatewayConfig) => {
    const policies = config.grants[0]?.policies;
    if (policies === undefined) throw new Error('no grant');
    const added = grants.map((grant): GrantConfig => ({ label: grant.label, server: grant.server, tags: [], policyNames: ['p'], policies, tokenSha256: null, oauth: { issuer: grant.issuer ?? issuer, claims: grant.claims } }));
    return { ...config, oauth, grants: [...config.grants.filter(({ label }) => !added.some((grant) => grant.label === label)), ...added] };
  });
}

/** The canonical URI of a server of the harness. */
export function uriOf(harness: HttpHarness, server: string): string {
  return `http://127.0.0.1:${harness.gateway.address.port}/mcp/${server}`;
}

/** Opens a session with a bearer token of any kind. */
export function open(harness: HttpHarness, server: string, authorization: string | string[] | null, extra: Record<string, string> = {}, query = ''): Promise<Answer> {
  return harness.send({
    path: `/mcp/${server}${query}`, body: JSON.stringify(CALL),
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...(authorization === null ? {} : { authorization }), ...extra },
  });
}
