import type { Registry, Role } from '../../state/registry/types.ts';

/** Sign-in by OpenID Connect, as it is kept. The client's secret is a sealed secret. */
export interface OidcSettings {
  readonly enabled: boolean;
  /** What the button says. */
  readonly label: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Whoever has an e-mail address in one of these domains may come in without an invitation; empty: only members and the invited. */
  readonly allowedDomains: readonly string[];
  /** What somebody may do who comes in by his domain; null: nothing until an admin says. */
  readonly defaultRole: Role | null;
  /** A claim of the ID token whose values give roles at each sign-in; null: roles are given here only. */
  readonly roleClaim: string | null;
  readonly roleMap: Readonly<Record<string, Role>>;
}

export const OIDC_SECRET = 'setting/oidc/clientSecret';
export const ORGANISATION_NAME = 'organisationName';
export const OIDC = 'oidc';

export async function oidcSettings(registry: Registry): Promise<OidcSettings | null> {
  const stored = await registry.get('setting', OIDC);
  return stored === null ? null : (stored.value as OidcSettings | null);
}

export async function organisationName(registry: Registry): Promise<string> {
  const stored = await registry.get('setting', ORGANISATION_NAME);
  return typeof stored?.value === 'string' ? stored.value : 'PolicyLayer';
}
