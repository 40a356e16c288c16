import type { ServerConfig } from '../../gateway/config-types.ts';
import type { ConfiguredValue, ScanDefinition, Stored, UpstreamAuthDefinition } from '../../state/registry/types.ts';
import type { Caller } from '../api/caller.ts';
import type { ControlServices } from '../api/services.ts';
import { allRecords } from '../config/save.ts';
import { serverHealth } from '../live/server-health.ts';
import type { ServerReply } from './schemas.ts';

/** What is told of a server beside its own record. */
interface Around {
  readonly services: ControlServices;
  readonly caller: Caller;
  readonly statuses: ReadonlyMap<string, { readonly status: ServerReply['status']; readonly problem: string | null }>;
  readonly held: ReadonlyMap<string, number>;
  readonly grants: ReadonlyMap<string, number>;
  readonly scans: ReadonlyMap<string, ScanDefinition>;
  readonly auth: ReadonlyMap<string, UpstreamAuthDefinition>;
  readonly secrets: ReadonlySet<string>;
}

async function around(services: ControlServices, caller: Caller): Promise<Around> {
  const { registry, state, effective } = services;
  const { problems, config } = effective();
  const statuses = new Map<string, { status: ServerReply['status']; problem: string | null }>((await serverHealth(services)).map(({ name, status, problem }) => [name, { status, problem }]));
  for (const { kind, name, text } of problems) {
    // A record that the file covers does not make the file's server sick.
    if (kind === 'server') statuses.set(name, { status: config.servers.has(name) ? (statuses.get(name)?.status ?? 'unknown') : 'failing', problem: text });
  }
  const grants = new Map<string, number>();
  for (const server of [...config.grants.filter(({ label }) => effective().file.config.grants.some((own) => own.label === label)).map((grant) => grant.server), ...(await allRecords(registry, 'grant')).map(({ value }) => value.server)]) {
    grants.set(server, (grants.get(server) ?? 0) + 1);
  }
  const held = new Map<string, number>();
  for (const { server } of state.pins.list({ held: true, limit: 10_000 })) held.set(server, (held.get(server) ?? 0) + 1);
  return {
    services, caller, statuses, held, grants,
    scans: new Map((await allRecords(registry, 'scan')).map(({ name, value }) => [name, value])),
    auth: new Map((await allRecords(registry, 'upstream_auth')).map(({ name, value }) => [name, value])),
    secrets: new Set((await registry.secretNames('server/')).map(({ name }) => name)),
  };
}

/** Every server that the caller may see, by name: those of gateway.yaml, and those of the registry that the file does not cover. @throws StateUnavailable */
export async function shownServers(services: ControlServices, caller: Caller, only?: string): Promise<ServerReply[]> {
  const context = await around(services, caller);
  const visible = caller.servers('read');
  const file = services.effective().file.config.servers;
  const stored = (only === undefined ? await allRecords(services.registry, 'server') : [await services.registry.get('server', only)]).filter((one) => one !== null);
  const all = [...[...file.values()].map((server) => ofFile(server, context)), ...stored.filter(({ name }) => !file.has(name)).map((one) => ofRegistry(one, context))];
  return all.filter(({ name }) => (only === undefined || name === only) && (visible === 'all' || visible.has(name))).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function ofFile({ name, upstream, isolation, bridge, trustedAnnotations, drift }: ServerConfig, context: Around): ServerReply {
  // What the file says was put together from variables: any word of it may be a secret, so only names are told.
  const secret = (values: Readonly<Record<string, string>>) => Object.fromEntries(Object.keys(values).map((key) => [key, { kind: 'secret' as const, set: true }]));
  const target = upstream.kind === 'command'
    ? { kind: 'command' as const, command: shortened(upstream.spec.command), cwd: null, env: secret(upstream.spec.env) }
    : { kind: 'http' as const, url: `${upstream.spec.url.origin}${upstream.spec.url.pathname}`, headers: secret(upstream.spec.headers), auth: 'none' as const };
  return { name, description: null, ...target, isolation, bridge, trustedAnnotations, drift, enabled: true, source: 'file', version: 0, createdAt: null, updatedAt: null, ...shared(name, context), oauth: null };
}

function ofRegistry({ name, value, version, createdAt, updatedAt }: Stored<'server'>, context: Around): ServerReply {
  const { description, isolation, bridge, trustedAnnotations, drift, enabled } = value;
  const writer = context.caller.can('servers.write', name);
  const shown = (place: 'env' | 'header', values: Readonly<Record<string, ConfiguredValue>>) => Object.fromEntries(Object.entries(values).map(([key, one]) => [
    key, one.kind === 'plain' && writer ? one : { kind: 'secret' as const, set: one.kind === 'plain' || context.secrets.has(`server/${name}/${place}/${place === 'header' ? key.toLowerCase() : key}`) },
  ]));
  const target = value.kind === 'command'
    ? { kind: 'command' as const, command: writer ? [...value.command] : shortened(value.command), cwd: writer ? value.cwd : null, env: shown('env', value.env) }
    : { kind: 'http' as const, url: writer ? value.url : bareUrl(value.url), headers: shown('header', value.headers), auth: value.auth };
  const auth = context.auth.get(name);
  const oauth = auth === undefined || value.kind !== 'http' || value.auth !== 'oauth' ? null : { status: auth.status, issuer: auth.issuer, expiresAt: auth.expiresAt, problem: auth.problem };
  return { name, description, ...target, isolation, bridge, trustedAnnotations, drift, enabled, source: 'registry', version, createdAt, updatedAt, ...shared(name, context), oauth };
}

function shared(name: string, { services, statuses, scans, grants, held }: Around): Pick<ServerReply, 'proxyUrl' | 'status' | 'problem' | 'lastSeenAt' | 'toolCount' | 'contextTokens' | 'grants' | 'held'> {
  const { status, problem } = statuses.get(name) ?? { status: 'unknown' as const, problem: null };
  const seen = services.health(name)?.lastSeenAt ?? null;
  const scan = scans.get(name);
  const counts = scan?.result as { readonly toolCount?: unknown; readonly contextTokens?: unknown } | null | undefined;
  const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);
  return {
    proxyUrl: `${services.publicUrl()}/mcp/${name}`, status, problem, lastSeenAt: seen === null ? null : new Date(seen).toISOString(),
    toolCount: number(counts?.toolCount), contextTokens: number(counts?.contextTokens), grants: grants.get(name) ?? 0, held: held.get(name) ?? 0,
  };
}

function shortened([program = '', ...rest]: readonly string[]): string[] {
  return rest.length === 0 ? [program] : [program, '…'];
}

function bareUrl(url: string): string {
  return URL.canParse(url) ? `${new URL(url).origin}${new URL(url).pathname}` : '';
}
