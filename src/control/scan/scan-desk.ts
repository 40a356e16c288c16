import type { ServerConfig } from '../../gateway/config-types.ts';
import type { ScanDefinition } from '../../state/registry/types.ts';
import { tooMany } from '../api/problem.ts';
import { scanServer } from './scan-server.ts';

/** Each scan is a process or a connection of its own. */
const MOST_AT_ONCE = 4;
const WHOLE_SCAN_MS = 120_000;

const running = new Map<string, Promise<ScanDefinition>>();

/** Scans a server; who asks while it is being scanned gets the same answer. @throws ApiProblem when too many are being scanned */
export async function scanOnce(server: ServerConfig, now: () => number): Promise<ScanDefinition> {
  const key = JSON.stringify([server.name, server.upstream.kind === 'command' ? server.upstream.spec.command : server.upstream.spec.url.href]);
  const known = running.get(key);
  if (known !== undefined) return known;
  if (running.size >= MOST_AT_ONCE) throw tooMany(`${MOST_AT_ONCE} servers are being scanned; try again when one of them is done`, 5);
  // Not ended with the request: another one may wait for it, and its answer is kept.
  const scan = scanServer(server, AbortSignal.timeout(WHOLE_SCAN_MS), now).finally(() => running.delete(key));
  running.set(key, scan);
  return scan;
}
