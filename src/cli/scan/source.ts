import { readUpstreamUrl } from '../../gateway/checks/http-upstream.ts';
import { readHeaders, serverName } from '../run-options.ts';
import { endOnSignal } from '../signals.ts';
import { UsageError } from '../usage-error.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import { readDefinitions } from './definitions.ts';
import type { ServerIdentity } from '../../gateway/scan/list-tools.ts';
import { scanUpstream, type ScanUpstreamOptions } from '../../gateway/scan/scan-upstream.ts';
import { startProgress } from './start-progress.ts';

/** The ways to say whose tools are meant, which the commands that read definitions share. */
export interface SourceOptions {
  readonly upstream?: string;
  readonly definitions?: string;
  readonly header?: readonly string[];
  readonly headerEnv?: readonly string[];
  readonly verbose?: boolean;
}

export type Source = { readonly kind: 'file'; readonly path: string } | ScanUpstreamOptions['upstream'];

export interface Definitions {
  /** Null when they were recorded. */
  readonly server: ServerIdentity | null;
  readonly tools: readonly JsonNode[];
  /** What was read, for a heading. */
  readonly origin: string;
}

/**
 * @param command what stands behind `--`
 * @returns null when the command line names no source
 * @throws UsageError when it names two, or one that cannot be used
 */
export function chooseSource(name: string, command: readonly string[], options: SourceOptions): Source | null {
  const given = [command.length > 0, options.upstream !== undefined, options.definitions !== undefined].filter(Boolean).length;
  if (given > 1) throw new UsageError(`${name} reads one thing at a time`, 'give a command, --upstream or --definitions');
  const headers = [...(options.header ?? []), ...(options.headerEnv ?? [])];
  if (options.upstream === undefined && headers.length > 0) throw new UsageError('a header has an effect with --upstream only');
  if (options.definitions !== undefined) return { kind: 'file', path: options.definitions };
  if (options.upstream !== undefined) {
    const read = readUpstreamUrl(options.upstream);
    if (!read.ok) throw new UsageError(`--upstream ${read.problem}; expected ${read.expected}`, read.help === null ? null : 'use --header-env Authorization=VARIABLE');
    return { kind: 'http', spec: { url: read.url, headers: readHeaders(options.header ?? [], options.headerEnv ?? [], process.env) } };
  }
  const [program, ...rest] = command;
  return program === undefined ? null : { kind: 'command', spec: { command: [program, ...rest], env: {}, cwd: null, inheritEnv: true } };
}

/** Reads the definitions: of a file as they are, of a server by starting (or reaching) it and asking. @throws ScanFailure */
export async function readSource(source: Source, timeoutMs: number, options: Pick<SourceOptions, 'verbose'>): Promise<Definitions> {
  if (source.kind === 'file') return { server: null, tools: readDefinitions(source.path), origin: source.path };
  const progress = startProgress(source.kind === 'command' ? `starting ${source.spec.command.join(' ')}` : `asking ${source.spec.url.href}`);
  try {
    const listing = await scanUpstream({
      upstream: source,
      timeoutMs,
      progress: (tools) => progress.reading(tools),
      stderr: (chunk) => {
        if (options.verbose === true) {
          progress.clear();
          process.stderr.write(chunk);
        } else progress.heard(chunk);
      },
      signal: endOnSignal(() => progress.clear()),
    });
    const origin = source.kind === 'command' ? (listing.server.name ?? serverName(source.spec.command)) : source.spec.url.origin + source.spec.url.pathname;
    return { ...listing, origin };
  } finally {
    progress.end();
  }
}
