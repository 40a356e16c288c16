import { approximateTokens } from '../../catalogue/server-record.ts';
import type { ServerConfig } from '../../gateway/config-types.ts';
import type { ToolListing } from '../../gateway/scan/list-tools.ts';
import { ScanFailure } from '../../gateway/scan/scan-failure.ts';
import { scanUpstream } from '../../gateway/scan/scan-upstream.ts';
import type { ScanDefinition } from '../../state/registry/types.ts';

/** How long each answer of a server may take. */
const TIMEOUT_MS = 30_000;
/** Definitions that are kept of one server; more than any client could use. */
const MAX_TOOLS = 5_000;
const MAX_BYTES = 8 * 1024 * 1024;

/** What a scan keeps: the definitions as the server wrote them. Classes are found when somebody looks, by the classifier of that day. */
export interface ScanResult {
  readonly server: { readonly name: string | null; readonly version: string | null; readonly protocol: string | null };
  /** Of the whole list, also where not all of it is kept. */
  readonly toolCount: number;
  readonly contextTokens: number;
  readonly definitions: readonly string[];
}

/**
 * Starts (or reaches) a server, lists its tools, and ends it. No tool is called.
 * @returns what to keep; a failure is a result too @throws nothing of the server's
 */
export async function scanServer({ upstream }: ServerConfig, signal: AbortSignal, now: () => number): Promise<ScanDefinition> {
  const at = new Date(now()).toISOString();
  try {
    const listing = await scanUpstream({ upstream, timeoutMs: TIMEOUT_MS, progress: () => undefined, stderr: () => undefined, signal });
    return { at, status: 'ok', ...kept(listing) };
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error;
    const problem = error.status === 'credentials_needed' ? 'the server wants credentials: set them as its headers or variables, or let it use OAuth' : error.message;
    return { at, status: error.status, problem, result: error.partial === null ? null : kept(error.partial).result };
  }
}

function kept({ server, tools }: ToolListing): { readonly problem: string | null; readonly result: ScanResult } {
  const definitions: string[] = [];
  let bytes = 0;
  let total = 0;
  for (const tool of tools) {
    const size = tool.end - tool.start;
    total += size;
    if (definitions.length >= MAX_TOOLS || bytes + size > MAX_BYTES) continue;
    bytes += size;
    definitions.push(tool.lexeme());
  }
  const problem = definitions.length < tools.length ? `the server lists ${tools.length} tools, of which ${definitions.length} are shown` : null;
  return { problem, result: { server, toolCount: tools.length, contextTokens: approximateTokens(total), definitions } };
}
