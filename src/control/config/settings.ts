import type { GatewayConfig } from '../../gateway/config-types.ts';
import type { Stored } from '../../state/registry/types.ts';

/** Names of settings that the gateway's configuration depends on. */
export const PRIVATE_TARGETS = 'privateTargets';
export const PUBLIC_URL = 'publicUrl';

function settingOf(settings: readonly Stored<'setting'>[], name: string): unknown {
  return settings.find((setting) => setting.name === name)?.value;
}

/** Ranges and host names that upstreams may have although they are not public. */
export function privateTargets(settings: readonly Stored<'setting'>[]): readonly string[] {
  const value = settingOf(settings, PRIVATE_TARGETS);
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** What the dashboard's settings say where gateway.yaml says nothing. */
export function withSettings(config: GatewayConfig, settings: readonly Stored<'setting'>[]): GatewayConfig {
  const publicUrl = settingOf(settings, PUBLIC_URL);
  if (config.approvals.publicUrl !== null || typeof publicUrl !== 'string' || !URL.canParse(publicUrl)) return config;
  const url = new URL(publicUrl);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return config;
  return {
    ...config,
    approvals: { ...config.approvals, publicUrl: `${url.origin}${url.pathname.replace(/\/+$/, '')}` },
    // Where people reach us is a name of ours, and the pages there send it as their origin.
    allowHosts: config.allowHosts.includes(url.hostname) ? config.allowHosts : [...config.allowHosts, url.hostname],
    allowOrigins: config.allowOrigins.includes(url.origin) ? config.allowOrigins : [...config.allowOrigins, url.origin],
  };
}
