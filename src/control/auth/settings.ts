import type { Registry } from '../../state/registry/types.ts';

/** Sign-in by OpenID Connect, as it is kept. The client's secret is a sealed secret. */
export interface OidcSettings {
  readonly enabled: boolean;
  /** What the button says. */
  readonly label: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Whose e-mail address ends so may come in without an invitation; empty: only members and the invited. */
  readonly allowedDomains: readonly string[];
  /** What somebody who comes in by his domain may do; null: nothing until an admin says. */
  readonly defaultRole: 'viewer' | 'approver' | 'policy_manager' | null;
  /** A claim whose values give roles; null: roles are given here only. */
  readonly roleClaim: string | null;
  readonly roleMap: Readonly<Record<string, 'viewer' | 'approver' | 'policy_manager' | 'admin'>>;
}

export const OIDC_SECRET = 'setting/oidc/clientSecret';

export async function oidcSettings(registry: Registry): Promise<OidcSettings | null> {
  const stored = await registry.get('setting', 'oidc');
  return stored === null ? null : (stored.value as OidcSettings | null);
}

export async function organisationName(registry: Registry): Promise<string> {
  const stored = await registry.get('setting', 'organisationName');
  return typeof stored?.value === 'string' ? stored.value : 'PolicyLayer';
}
