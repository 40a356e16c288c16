import type { Role } from '../../api/types.ts';

export interface Oidc {
  readonly enabled: boolean;
  readonly label: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly allowedDomains: readonly string[];
  readonly defaultRole: Role | null;
  readonly roleClaim: string | null;
  readonly roleMap: Readonly<Record<string, Role>>;
  readonly clientSecretSet: boolean;
  readonly redirectUri: string;
}

export interface Settings {
  readonly organisationName: string;
  readonly publicUrl: string | null;
  readonly publicUrlSource: 'file' | 'registry';
  readonly privateTargets: readonly string[];
  readonly retainDays: number | null;
  readonly journalArguments: 'keys' | 'values';
  readonly oidc: Oidc | null;
  readonly keys: { readonly newest: number; readonly count: number; readonly source: 'environment' | 'file' | 'generated' };
}

export interface Ops {
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly journalRows: number;
  readonly memoryBytes: number;
  readonly uptimeSeconds: number;
  readonly node: string;
  readonly version: string;
}

/** Bytes in words. */
export function bytes(count: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
