import type { ControlServices } from '../api/services.ts';

export interface ServerHealth {
  readonly name: string;
  readonly status: 'ready' | 'failing' | 'disabled' | 'unknown';
  /** For people; null where there is none. */
  readonly problem: string | null;
}

const MAX_SERVERS = 1_000;

/**
 * How the servers do, by what is known without asking them: a sign-in at the upstream that is over, what the last call met, what the last scan
 * met. A server that nobody has used or scanned is `unknown`. @throws StateUnavailable
 */
export async function serverHealth({ registry, config, health }: ControlServices): Promise<ServerHealth[]> {
  const names = new Set(config().servers.keys());
  const disabled = new Set<string>();
  for (const server of await registry.list('server', { limit: MAX_SERVERS })) {
    names.add(server.name);
    if (!server.value.enabled) disabled.add(server.name);
  }
  const auth = new Map((await registry.list('upstream_auth', { limit: MAX_SERVERS })).map(({ name, value }) => [name, value]));
  const scans = new Map((await registry.list('scan', { limit: MAX_SERVERS })).map(({ name, value }) => [name, value]));
  return [...names].sort().map((name): ServerHealth => {
    if (disabled.has(name)) return { name, status: 'disabled', problem: null };
    const signIn = auth.get(name);
    if (signIn?.status === 'dead') return { name, status: 'failing', problem: signIn.problem ?? 'the sign-in at this server has ended' };
    if (signIn?.status === 'needs_consent') return { name, status: 'failing', problem: signIn.problem ?? 'nobody has signed in at this server yet' };
    const seen = health(name);
    if (seen !== null && seen.status !== 'unknown') return { name, status: seen.status, problem: seen.problem };
    const scan = scans.get(name);
    if (scan === undefined) return { name, status: 'unknown', problem: null };
    return scan.problem === null ? { name, status: 'ready', problem: null } : { name, status: 'failing', problem: scan.problem };
  });
}
