import { StdioLink } from '../../upstream/stdio-link.ts';
import type { CommandSpec, HttpSpec, UpstreamLink } from '../../upstream/types.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { StderrTail } from '../../upstream/stderr-tail.ts';
import { explainFailure } from './exchange-failure.ts';
import { Exchange } from './exchange.ts';
import { listTools, type ToolListing } from './list-tools.ts';
import { ScanFailure } from './scan-failure.ts';

/** Nothing that a server does for a scan is worth a long goodbye. */
const GRACE = { stdinGraceMs: 500, termGraceMs: 1_000 };

export interface ScanUpstreamOptions {
  readonly upstream: { readonly kind: 'command'; readonly spec: CommandSpec } | { readonly kind: 'http'; readonly spec: HttpSpec };
  /** How long each answer may take. */
  readonly timeoutMs: number;
  readonly progress: (tools: number) => void;
  /** Gets what a command writes to stderr. */
  readonly stderr: (chunk: Buffer) => void;
  /** Ends the scan early, and the server with it. */
  readonly signal: AbortSignal;
}

/**
 * Starts (or reaches) a server, reads its whole tool list, and ends it: whatever happens, its process group is gone afterwards.
 * @throws ScanFailure
 */
export async function scanUpstream(options: ScanUpstreamOptions): Promise<ToolListing> {
  const exchange = new Exchange(options.timeoutMs);
  const written = new StderrTail([]);
  const link = await open(options, exchange, (chunk) => {
    written.push(chunk);
    options.stderr(chunk);
  });
  exchange.attach(link);
  const abort = (): void => void link.close();
  options.signal.addEventListener('abort', abort, { once: true });
  try {
    if (options.signal.aborted) abort();
    return await listTools(exchange, options.progress);
  } catch (error) {
    if (!(error instanceof ScanFailure)) throw error;
    if (options.signal.aborted) throw new ScanFailure('interrupted', 'the scan was interrupted', error.partial);
    throw explainFailure(error, written.text());
  } finally {
    options.signal.removeEventListener('abort', abort);
    await link.close();
  }
}

async function open(options: ScanUpstreamOptions, exchange: Exchange, stderr: (chunk: Buffer) => void): Promise<UpstreamLink> {
  const { upstream } = options;
  if (upstream.kind === 'command') return new StdioLink(upstream.spec, exchange, { limits: UPSTREAM_LIMITS, stderr, ...GRACE });
  const { openHttpLink } = await import('../open-http-link.ts');
  return openHttpLink(upstream.spec, exchange, { limits: UPSTREAM_LIMITS, headersOf: () => null });
}
