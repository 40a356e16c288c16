import * as oauth from 'oauth4webapi';
import type { AddressGuard } from '../../../upstream/address-guard.ts';
import { guardedFetch, type GuardedFetch } from '../../../upstream/guarded-fetch.ts';
import type { ControlServices } from '../../api/services.ts';
import { OIDC_SECRET, type OidcSettings } from '../settings.ts';

const KEEP_MS = 600_000;
/** Identity providers' clocks are not ours. */
const CLOCK_TOLERANCE_S = 30;

/** An identity provider, ready to be talked to. */
export interface Provider {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
  /** For every request to it. */
  readonly http: { readonly [oauth.customFetch]: GuardedFetch; readonly [oauth.allowInsecureRequests]?: true };
}

type Known = Map<string, { readonly at: number; readonly server: Promise<oauth.AuthorizationServer> }>;

/** For each guard its own: what one may not reach, another has not reached for it. */
const metadata = new WeakMap<AddressGuard, Known>();

/**
 * Finds out how the configured identity provider is talked to (OpenID Connect Discovery 1.0). Its metadata are kept for ten minutes; a failure is not.
 * @throws when it does not answer, or says that it is another issuer
 */
export async function openProvider(settings: OidcSettings, { guard, registry, secrets, now }: ControlServices): Promise<Provider> {
  const http = { [oauth.customFetch]: guardedFetch({ guard }), ...(settings.issuer.startsWith('http:') ? { [oauth.allowInsecureRequests]: true as const } : {}) };
  const issuer = new URL(settings.issuer);
  const known: Known = metadata.get(guard) ?? new Map();
  metadata.set(guard, known);
  let entry = known.get(settings.issuer);
  if (entry === undefined || now() - entry.at > KEEP_MS) {
    const server = oauth.discoveryRequest(issuer, { algorithm: 'oidc', ...http }).then((response) => oauth.processDiscoveryResponse(issuer, response));
    entry = { at: now(), server };
    // One provider at a time: what was configured before is not needed any more.
    known.clear();
    known.set(settings.issuer, entry);
    server.catch(() => known.delete(settings.issuer));
  }
  const server = await entry.server;
  const sealed = await registry.secret(OIDC_SECRET);
  return { server, client: { client_id: settings.clientId, [oauth.clockTolerance]: CLOCK_TOLERANCE_S }, authentication: authenticationOf(server, sealed === null ? null : secrets.open(sealed)), http };
}

function authenticationOf(server: oauth.AuthorizationServer, secret: string | null): oauth.ClientAuth {
  if (secret === null) return oauth.None();
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  return !methods.includes('client_secret_basic') && methods.includes('client_secret_post') ? oauth.ClientSecretPost(secret) : oauth.ClientSecretBasic(secret);
}
